//! What the components have in common: the ports of the pipeline over WASI and Spin, loading, and answering.
//!
//! A component is an entry point and a call of the pipeline; this crate only reaches out for both of them.

mod load;
mod respond;
mod world;

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use http::Response;
use portcullis_pipeline::{Answer, Gateway};
use spin_sdk::http::{Error, Request};
use spin_sdk::wasip3::http::types;

pub use crate::world::{Incoming, World};

thread_local! {
    /// What this instance has loaded and learned. An instance serves many requests, one thread at a time.
    static GATEWAY: RefCell<Option<Rc<Gateway>>> = const { RefCell::new(None) };
}

/// Serves a request with what this instance has loaded.
///
/// # Errors
/// The answer cannot be handed to the host.
pub async fn serve(
    request: Request,
    handle: impl AsyncFnOnce(Rc<Gateway>, Rc<World>, http::Request<Incoming>) -> Response<Answer<World>>,
) -> Result<types::Response, Error> {
    let world = Rc::new(World::open().await);
    let gateway = match gateway().await {
        Ok(gateway) => gateway,
        Err(error) => {
            world::log(&format!("cannot serve: {error:#}"));
            return respond::unavailable().await;
        }
    };
    respond::send(handle(gateway, world, request.map(Incoming::Request)).await).await
}

/// An answer that is whole.
pub fn whole(response: Response<Bytes>) -> Response<Answer<World>> {
    response.map(Answer::Full)
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
