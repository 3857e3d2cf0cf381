//! The control plane as a Spin component: what is served at `/api`, and the page of a request for approval.
//!
//! It has the files, variables and stores of the gateway, and reaches nobody but the issuers, whose keys it needs to
//! know who asks. Everything that decides anything is in `portcullis-pipeline`.

use spin_sdk::http::{Error, Request};
use spin_sdk::http_service;
use spin_sdk::wasip3::http::types;

#[http_service]
async fn serve(request: Request) -> Result<types::Response, Error> {
    portcullis_shell::serve(request, async |gateway, world, request| {
        portcullis_pipeline::control(gateway, world, request).await
    })
    .await
}
