//! The stream of a store's keys, fetched page by page as the guest reads it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult, VecBuffer};

use crate::bindings::spin::key_value::key_value::Error;
use crate::key_value::{Key, KeyValue, KeyValueError};

type Page = Pin<Box<dyn Future<Output = Result<Vec<Key>, KeyValueError>> + Send>>;

/// Produces the keys of one label in byte order. Keys set or removed meanwhile may or may not be among them.
pub(super) struct Keys {
    store: Arc<dyn KeyValue>,
    label: Arc<str>,
    ready: VecDeque<String>,
    last: Option<Key>,
    page: Option<Page>,
    /// Told how the stream ended; taken when it did.
    end: Option<oneshot::Sender<Result<(), Error>>>,
}

impl Keys {
    /// The stream, and the future of how it ends.
    pub(super) fn new(
        store: Arc<dyn KeyValue>,
        label: Arc<str>,
    ) -> (Self, impl Future<Output = wasmtime::Result<Result<(), Error>>> + Send + 'static) {
        let (end, ended) = oneshot::channel();
        let keys = Self { store, label, ready: VecDeque::new(), last: None, page: None, end: Some(end) };
        // A guest that stops reading early drops the stream, and with it the sender.
        (keys, async { Ok(ended.await.unwrap_or(Ok(()))) })
    }

    /// Fetches pages until a key is ready or there are no more; `false` at the end.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        while self.ready.is_empty() {
            if self.end.is_none() {
                return Poll::Ready(false);
            }
            let page = self.page.get_or_insert_with(|| {
                let (store, label, last) =
                    (Arc::clone(&self.store), Arc::clone(&self.label), self.last.clone());
                Box::pin(async move { store.keys(&label, last).await })
            });
            let keys = std::task::ready!(page.as_mut().poll(context));
            self.page = None;
            match keys {
                Ok(keys) if keys.is_empty() => self.finish(Ok(())),
                Ok(keys) => {
                    self.last = keys.last().cloned();
                    self.ready.extend(keys.into_iter().map(Key::into_string));
                }
                Err(error) => self.finish(Err(error.into())),
            }
        }
        Poll::Ready(true)
    }

    fn finish(&mut self, result: Result<(), Error>) {
        if let Some(end) = self.end.take() {
            let _ = end.send(result);
        }
    }
}

impl<D> StreamProducer<D> for Keys {
    type Item = String;
    type Buffer = VecBuffer<String>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.poll_ready(context) {
            Poll::Ready(true) => {
                let room = destination.remaining(&mut store).unwrap_or(usize::MAX);
                let n_keys = room.min(self.ready.len());
                let keys: Vec<_> = self.ready.drain(..n_keys).collect();
                destination.set_buffer(keys.into());
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(false) => Poll::Ready(Ok(StreamResult::Dropped)),
            // The guest withdrew its read; the page goes on loading for the next one.
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
