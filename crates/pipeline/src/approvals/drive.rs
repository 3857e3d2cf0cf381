//! What the protocols of [`portcullis_approval`] ask for, done with the store.

use futures_util::future::join_all;
use portcullis_approval::{Answer, Ask, Protocol, Write};

use crate::ports::{Ports, StoreError};

/// Does what a protocol asks for until it asks for nothing. What is asked for at the same time is done at the same
/// time, but for counters, for which everything waits.
///
/// What the store does not do is told to the operator here, and to the protocol, which knows what follows from it.
pub async fn drive<P: Ports>(ports: &P, protocol: &mut impl Protocol) {
    loop {
        let asks = protocol.asks();
        if asks.is_empty() {
            return;
        }
        let answers = join_all(asks.into_iter().map(|ask| done(ports, ask))).await;
        protocol.learn(answers);
    }
}

/// Writes what the next one who looks then need not read piece by piece. Nothing hangs on it.
pub async fn settle<P: Ports>(ports: &P, write: Option<Write>) {
    if let Some(write) = write {
        done(ports, write.into()).await;
    }
}

async fn done<P: Ports>(ports: &P, ask: Ask) -> Answer {
    let (key, done) = match ask {
        Ask::Add(key, by) => {
            let count = ports.increment(key.as_str(), by).map(Answer::Count);
            (key, count)
        }
        Ask::Get(key) => {
            let value = ports.get(key.as_str()).await.map(Answer::Value);
            (key, value)
        }
        Ask::Set(key, value) => {
            let written = ports.set(key.as_str(), &value).await.map(|()| Answer::Written);
            (key, written)
        }
    };
    done.unwrap_or_else(|StoreError(reason)| {
        ports.log(&format!("an approval: the store failed at `{key}`: {reason}"));
        Answer::Failed
    })
}
