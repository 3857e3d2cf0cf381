//! News for whoever listens: a resource changed, or the definition of a tool did.
//!
//! The second is what a hostile or careless update of a server looks like: the tool keeps its name and says
//! something else. Tests cause it with [`super::Billing::redefine`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::{ResourceUpdatedNotificationParam, SubscriptionFilter, Tool};
use rmcp::service::SubscriptionContext;
use rmcp::{Peer, RoleServer};
use tokio::sync::broadcast::{self, error::RecvError};

/// How much news a slow listener may lag behind before it misses some.
const BACKLOG: usize = 64;

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The resource with this URI.
    Resource(String),
    /// The list of tools.
    Tools,
}

/// Where news comes from. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    news: broadcast::Sender<Change>,
    descriptions: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { news: broadcast::Sender::new(BACKLOG), descriptions: Arc::default() }
    }
}

impl Changes {
    /// Tells every listener.
    pub(super) fn announce(&self, change: Change) {
        // No listener is no error.
        let _listeners = self.news.send(change);
    }

    /// Describes a tool differently from now on.
    pub(super) fn redefine(&self, tool: &str, description: &str) {
        lock(&self.descriptions).insert(tool.to_owned(), description.to_owned());
        self.announce(Change::Tools);
    }

    /// The definition as it stands now.
    pub(super) fn current(&self, mut tool: Tool) -> Tool {
        if let Some(description) = lock(&self.descriptions).get(tool.name.as_ref()) {
            tool.description = Some(description.clone().into());
        }
        tool
    }

    /// Passes news on to one session of an older revision, until it ends.
    pub(super) fn watch(
        &self,
        peer: Peer<RoleServer>,
        subscribed: Subscriptions,
    ) -> impl Future<Output = ()> + use<> {
        let mut news = self.listen();
        async move {
            loop {
                let told = match news.recv().await {
                    Ok(Change::Tools) => peer.notify_tool_list_changed().await,
                    Ok(Change::Resource(uri)) if subscribed.contains(&uri) => {
                        peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await
                    }
                    Ok(Change::Resource(_)) | Err(RecvError::Lagged(_)) => Ok(()),
                    Err(RecvError::Closed) => return,
                };
                if told.is_err() {
                    return;
                }
            }
        }
    }

    /// The news from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Change> {
        self.news.subscribe()
    }
}

/// Passes news on to one `subscriptions/listen` request, until its client goes away.
pub(super) async fn stream(mut news: broadcast::Receiver<Change>, subscription: &SubscriptionContext) {
    loop {
        let change = tokio::select! {
            () = subscription.cancelled() => return,
            change = news.recv() => change,
        };
        let told = match change {
            Ok(Change::Tools) => subscription.sink().notify_tool_list_changed().await,
            Ok(Change::Resource(uri)) => subscription.sink().notify_resource_updated(uri).await,
            Err(RecvError::Lagged(_)) => Ok(()),
            Err(RecvError::Closed) => return,
        };
        // The sink refuses what was not subscribed; that is no reason to end the stream.
        let _told_or_filtered = told;
    }
}

/// What of a wish can be granted: changes of tools, and resources of this service.
pub(super) fn grantable(requested: &SubscriptionFilter) -> SubscriptionFilter {
    let uris = requested.resource_subscriptions.iter().flatten().filter(|uri| uri.starts_with("billing://"));
    let granted = SubscriptionFilter::builder().resource_subscriptions(uris.cloned());
    match requested.tools_list_changed {
        Some(true) => granted.tools_list_changed().build(),
        Some(false) | None => granted.build(),
    }
}

/// The resources that one session of an older revision subscribed to.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscriptions(Arc<Mutex<BTreeSet<String>>>);

impl Subscriptions {
    pub(super) fn add(&self, uri: String) {
        lock(&self.0).insert(uri);
    }

    pub(super) fn remove(&self, uri: &str) {
        lock(&self.0).remove(uri);
    }

    fn contains(&self, uri: &str) -> bool {
        lock(&self.0).contains(uri)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Neither map is ever left half changed.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
