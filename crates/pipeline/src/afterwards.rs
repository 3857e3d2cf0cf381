//! What is done when an answer is on its way, in a task that outlives it: others are told of what has happened.

use std::rc::Rc;

use futures_util::future::join;

use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::{spans, webhooks};

/// Whether [`deliver`] would do anything now.
pub fn has_work<P: Ports>(gateway: &Gateway, ports: &P) -> bool {
    webhooks::has_work(gateway, ports) || spans::has_work(gateway, ports)
}

/// Sends what is to be sent. It may take seconds, so it is for a task of its own, after the answer of a request.
pub async fn deliver<P: Ports>(gateway: Rc<Gateway>, ports: Rc<P>) {
    join(webhooks::deliver(&gateway, &*ports), spans::send(&gateway, &*ports)).await;
}
