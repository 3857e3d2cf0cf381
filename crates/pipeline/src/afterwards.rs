//! What is done when an answer is on its way, in a task that outlives it: others are told of what has happened, and the
//! ledger gets a checkpoint now and then.

use std::rc::Rc;

use futures_util::future::join3;

use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::{checkpoints, spans, webhooks};

/// Whether [`deliver`] would do anything now.
pub fn has_work<P: Ports>(gateway: &Gateway, ports: &P) -> bool {
    webhooks::has_work(gateway, ports)
        || spans::has_work(gateway, ports)
        || gateway.checkpoints.is_time(ports.monotonic())
}

/// Does what has to be done now and then, and is nobody's to wait for: sends what is to be sent, and makes a checkpoint of
/// the ledger if none was made lately. It may take seconds, so it is for a task of its own, after the answer of a request.
pub async fn deliver<P: Ports>(gateway: Rc<Gateway>, ports: Rc<P>) {
    let checkpoint = async {
        if gateway.checkpoints.is_time(ports.monotonic()) {
            checkpoints::catch_up(&gateway, &*ports).await;
        }
    };
    join3(webhooks::deliver(&gateway, &*ports), spans::send(&gateway, &*ports), checkpoint).await;
}
