//! What the components have in common: the ports of the pipeline over WASI and Spin, loading, and answering.
//!
//! A component is an entry point and a call of the pipeline; this crate only reaches out for both of them.

mod load;
mod respond;
mod world;

use std::cell::RefCell;
use std::rc::Rc;

use http::Response;
use portcullis_pipeline::{Answer, Gateway, deliver, has_work};
use spin_sdk::http::{Error, Request};
use spin_sdk::wasip3::http::types;
use spin_sdk::wasip3::spawn;

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
    let after = After { gateway: Rc::clone(&gateway), world: Rc::clone(&world) };
    respond::send(handle(gateway, world, request.map(Incoming::Request)).await, after).await
}

/// What is done when an answer is on its way: telling others of what has happened. The host keeps the instance for it.
#[derive(Clone)]
pub(crate) struct After {
    gateway: Rc<Gateway>,
    world: Rc<World>,
}

impl After {
    /// Begins in a task of its own, if there is something to do.
    pub(crate) fn begin(&self) {
        if has_work(&self.gateway, &*self.world) {
            spawn(deliver(Rc::clone(&self.gateway), Rc::clone(&self.world)));
        }
    }
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
