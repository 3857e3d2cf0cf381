//! The gateway as a Spin component: WASI types in, WASI types out, and the pipeline in between.
//!
//! Everything that decides anything is in `portcullis-pipeline`, and everything that reaches out for it in
//! `portcullis-shell`.

use spin_sdk::http::{Error, Request};
use spin_sdk::http_service;
use spin_sdk::wasip3::http::types;

#[http_service]
async fn serve(request: Request) -> Result<types::Response, Error> {
    portcullis_shell::serve(request, async |gateway, world, request| {
        portcullis_pipeline::handle(gateway, world, request).await
    })
    .await
}
