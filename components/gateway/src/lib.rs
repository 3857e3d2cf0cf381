//! The gateway as a Spin component: WASI types in, WASI types out, and the pipeline in between.
//!
//! Everything that decides anything is in `portcullis-pipeline`; this crate only reaches out for it.

mod load;
mod respond;
mod world;

use std::cell::RefCell;
use std::rc::Rc;

use portcullis_pipeline::Gateway;
use spin_sdk::http::{Error, Request};
use spin_sdk::http_service;
use spin_sdk::wasip3::http::types;

use crate::world::World;

thread_local! {
    /// What this instance has loaded and learned. An instance serves many requests, one thread at a time.
    static GATEWAY: RefCell<Option<Rc<Gateway>>> = const { RefCell::new(None) };
}

#[http_service]
async fn serve(request: Request) -> Result<types::Response, Error> {
    let world = Rc::new(World::open().await);
    let gateway = match gateway().await {
        Ok(gateway) => gateway,
        Err(error) => {
            world::log(&format!("cannot serve: {error:#}"));
            return respond::unavailable().await;
        }
    };
    let request = request.map(world::Incoming::Request);
    respond::send(portcullis_pipeline::handle(gateway, world, request).await).await
}

/// The gateway of this instance, loaded on its first request. Two first requests may both load; the second
/// result is the one that stays, and both are the same.
async fn gateway() -> anyhow::Result<Rc<Gateway>> {
    if let Some(gateway) = GATEWAY.with_borrow(Clone::clone) {
        return Ok(gateway);
    }
    let gateway = Rc::new(load::gateway().await?);
    GATEWAY.set(Some(Rc::clone(&gateway)));
    Ok(gateway)
}
