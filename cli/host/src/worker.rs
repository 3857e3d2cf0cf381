//! Instances of a component and how long they live.
//!
//! The engine behind this is `wasmtime-wasi-http`'s proxy handler, which Spin uses too. Here are its answers: how an
//! instance is made, how many requests it takes at once and in all, and when it goes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Store, StoreContextMut, StoreLimits, StoreLimitsBuilder, Trap};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyHandler, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};

use crate::guest::{ComponentState, Guest};
use crate::log::LogExt as _;

/// How instances are reused. The defaults are Spin's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reuse {
    /// Requests that one instance takes in all; 0 counts as 1.
    pub total: usize,
    /// Requests that one instance takes at a time; one stops counting when its response's head is sent. 0 counts as 1.
    pub concurrent: usize,
    /// How long an instance without work is kept.
    pub idle: Duration,
    /// How long a request may take until its response's head is sent; `None` for as long as it wants.
    pub request_timeout: Option<Duration>,
}

impl Default for Reuse {
    fn default() -> Self {
        Self { total: 128, concurrent: 16, idle: Duration::from_secs(1), request_timeout: None }
    }
}

impl Reuse {
    /// Whether an instance that has taken `n_total` requests, of which it still has `n_concurrent`, takes another.
    fn accepts(self, n_concurrent: usize, n_total: usize) -> ShouldAccept {
        if n_total >= self.total.max(1) {
            ShouldAccept::Never
        } else if n_concurrent >= self.concurrent.max(1) {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }
}

/// A component that takes requests.
pub(crate) type Handler = ProxyHandler<Workers>;

/// What the instances of one component are made from.
pub(crate) struct Workers {
    pub(crate) engine: Engine,
    pub(crate) pre: ProxyPre<Guest>,
    pub(crate) component: Arc<ComponentState>,
    pub(crate) reuse: Reuse,
    pub(crate) running: Running,
}

/// Counts the instances that run, over all components.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// The number of instances, and whether the host is stopping.
    state: Arc<watch::Sender<State>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    n_instances: usize,
    is_stopping: bool,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())) }
    }

    /// Lets instances go as soon as they have no work.
    pub(crate) fn stop(&self) {
        self.state.send_modify(|state| state.is_stopping = true);
    }

    /// Waits until there is no instance.
    pub(crate) async fn gone(&self) {
        // The sender is here, so this cannot fail.
        let _ = self.state.subscribe().wait_for(|state| state.n_instances == 0).await;
    }

    fn enter(&self) -> Present {
        self.state.send_modify(|state| state.n_instances += 1);
        Present(self.clone())
    }
}

/// One instance is there.
struct Present(Running);

impl Present {
    fn is_stopping(&self) -> bool {
        self.0.state.borrow().is_stopping
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.state.send_modify(|state| state.n_instances = state.n_instances.saturating_sub(1));
    }
}

impl HandlerState for Workers {
    type StoreData = Guest;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest, Expiration, Worker>> {
        let present = self.running.enter();
        let mut store = Store::new(&self.engine, Guest::new(&self.component)?);
        store.limiter(|guest| guest.limits());
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let proxy = self.pre.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy,
            view: |guest| guest.http(),
            expiration: Expiration::new(self.reuse, &self.running),
            state: Worker { component: Arc::clone(&self.component), reuse: self.reuse, present },
        })
    }
}

/// What an instance may take of the machine.
pub(crate) fn limits() -> StoreLimits {
    StoreLimitsBuilder::new().memory_size(crate::engine::MAX_MEMORY_BYTES).build()
}

/// When an instance goes.
pub(crate) struct Expiration {
    reuse: Reuse,
    sleep: Pin<Box<Sleep>>,
    stopping: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    is_stopping: bool,
}

impl Expiration {
    fn new(reuse: Reuse, running: &Running) -> Self {
        let mut state = running.state.subscribe();
        Self {
            reuse,
            sleep: Box::pin(tokio::time::sleep(reuse.idle)),
            stopping: Box::pin(async move {
                let _ = state.wait_for(|state| state.is_stopping).await;
            }),
            is_stopping: false,
        }
    }
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let this = &mut *self;
        this.is_stopping = this.is_stopping || this.stopping.as_mut().poll(context).is_ready();
        let limit = match status {
            WorkerStatus::Idle if this.is_stopping => return Poll::Ready(()),
            WorkerStatus::Idle => Some(this.reuse.idle),
            WorkerStatus::Requests => this.reuse.request_timeout,
            // Streams run here, for as long as they like.
            WorkerStatus::PostReturn => None,
        };
        let Some(deadline) = limit.and_then(|limit| since.checked_add(limit)) else { return Poll::Pending };
        if this.sleep.deadline() != deadline.into() {
            this.sleep.as_mut().reset(deadline.into());
        }
        this.sleep.as_mut().poll(context)
    }
}

/// One running instance.
pub(crate) struct Worker {
    component: Arc<ComponentState>,
    reuse: Reuse,
    present: Present,
}

impl WorkerState for Worker {
    type StoreData = Guest;
    type RequestData = ();

    fn should_accept_request(&self, n_concurrent: usize, n_total: usize) -> ShouldAccept {
        self.reuse.accepts(n_concurrent, n_total)
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Guest>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        match self.reuse.request_timeout {
            Some(limit) => Box::pin(tokio::time::sleep(limit)),
            None => Box::pin(std::future::pending()),
        }
    }

    fn drop(&self, store: Store<Guest>, result: Result<(), wasmtime::Error>) {
        drop(store);
        if let Err(error) = result
            // An instance that is cut off at the end has not failed.
            && (error.is::<Trap>() || !self.present.is_stopping())
        {
            self.component.log.component(&self.component.id, format_args!("the instance failed: {error:#}"));
        }
    }
}

#[cfg(test)]
mod tests;
