//! What a server may ask of the caller's client: input from the user, an answer of the model, workspace folders.
//!
//! A feature is open where the connection lists it and policy may allow it to this caller. What is not open is taken
//! out of the capabilities that the server is told, so that a server which keeps to the protocol does not ask; one
//! that asks all the same is refused. Every single question is put before policy as well.

use std::collections::BTreeSet;

use portcullis_identity::{Principal, UnixSeconds};
use portcullis_mcp::ambiguity::spelling;
use portcullis_mcp::era::{Call, Era};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::ServerMethod;
use portcullis_policy::{Decision, PolicySet, Question, Session, Target, Visibility};
use portcullis_settings::{ClassName, ClientFeature, ConnectionName};

use crate::active::Active;
use crate::client;
use crate::gateway::Gateway;
use crate::labels;

/// The tasks extension of 2026-07-28 (SEP-2663), the only extension that is inspected and so the only one offered.
pub(crate) const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";
/// Capabilities of clients through which a server could reach the client, or that nobody inspects.
pub(crate) const GOVERNED: [&str; 6] =
    ["elicitation", "experimental", "extensions", "roots", "sampling", "tasks"];

/// The caller and the connection that a question is about.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'g> {
    pub(crate) gateway: &'g Gateway,
    /// What is in force for the request; `None` for frames of its answer, for which the latest counts.
    pub(crate) active: Option<&'g Active>,
    pub(crate) principal: &'g Principal,
    pub(crate) connection: &'g ConnectionName,
    /// In milliseconds since 1970.
    pub(crate) now: u64,
}

/// The feature that a request of a server makes use of; `None` for `ping`, which uses none.
fn feature_of(method: ServerMethod) -> Option<ClientFeature> {
    match method {
        ServerMethod::Elicit => Some(ClientFeature::Elicitation),
        ServerMethod::ListRoots => Some(ClientFeature::Roots),
        ServerMethod::Ping => None,
        ServerMethod::Sample => Some(ClientFeature::Sampling),
    }
}

fn target(feature: ClientFeature) -> Target<'static> {
    match feature {
        ClientFeature::Elicitation => Target::Elicit,
        ClientFeature::Roots => Target::ListRoots,
        ClientFeature::Sampling => Target::Sample,
    }
}

impl Asked<'_> {
    /// Takes out of a call what the server must not know that the client can do.
    pub(crate) fn narrow(self, call: &mut Call<'_>) {
        let modern = call.era == Era::Modern;
        let Some(capabilities) = call.capabilities_mut() else { return };
        let pages = self.connection().is_some_and(|connection| !connection.elicitation_hosts.is_empty());
        let member = |name: &str| capabilities.get(name).and_then(Json::as_object);
        let open: Vec<_> = ClientFeature::ALL
            .into_iter()
            .filter_map(|feature| Some((feature, member(feature.as_str())?)))
            .filter(|(feature, _)| self.is_open(*feature))
            .filter_map(|(feature, found)| {
                Some((feature.as_str(), client::capability(feature, found, pages)?))
            })
            .collect();
        let has_tasks =
            modern && member("extensions").is_some_and(|found| found.get(TASKS_EXTENSION).is_some());
        capabilities.retain(|name| !GOVERNED.contains(&spelling(name).as_str()));
        client::keep_short(capabilities);
        for (name, capability) in open {
            capabilities.insert(name, capability);
        }
        if has_tasks {
            capabilities.insert("extensions", Object::new().with(TASKS_EXTENSION, Object::new()));
        }
    }

    /// Whether the server may ask the client this.
    pub(crate) fn may_ask(self, method: ServerMethod, params: Option<&Object<'_>>) -> bool {
        let Some(feature) = feature_of(method) else { return true };
        let listed = self.connection().is_some_and(|found| found.client_features.contains(&feature));
        if !listed || !self.is_fit(method, params) {
            return false;
        }
        let input = params.cloned().map(Json::Object);
        let latest = self.gateway.active();
        let of = |input| labels::of_value((self.gateway, self.active.unwrap_or(&latest)), input);
        let labels = input.as_ref().map(of).unwrap_or_default();
        let decided = self.question(feature, input.as_ref(), &labels, PolicySet::decide);
        matches!(decided, Decision::Allow(_))
    }

    /// Whether the client's answer may go to the server: policy could have allowed the question with what detection
    /// finds in the answer. The question itself was allowed before it went out.
    pub(crate) fn may_answer(self, method: ServerMethod, labels: &BTreeSet<ClassName>) -> bool {
        let Some(feature) = feature_of(method) else { return true };
        let listed = self.connection().is_some_and(|found| found.client_features.contains(&feature));
        let decided = self.question(feature, None, labels, PolicySet::response_visibility);
        listed && decided == Visibility::Shown
    }

    fn is_open(self, feature: ClientFeature) -> bool {
        let listed = self.connection().is_some_and(|found| found.client_features.contains(&feature));
        let shown = self.question(feature, None, self.gateway.no_labels(), PolicySet::visibility);
        listed && shown == Visibility::Shown
    }

    /// A page that the user is asked to open must be one that the connection lists (MCP 2025-11-25, elicitation).
    fn is_fit(self, method: ServerMethod, params: Option<&Object<'_>>) -> bool {
        let mode = params.and_then(|params| params.get("mode"));
        let form = mode.is_none_or(|mode| mode.as_str() == Some("form"));
        let url = params.and_then(|params| params.get_str("url"));
        match (method, url) {
            (ServerMethod::Elicit, None) => form,
            (ServerMethod::Elicit, Some(url)) => {
                mode.and_then(Json::as_str) == Some("url")
                    && self.connection().is_some_and(|connection| connection.may_ask_to_open(url))
            }
            (ServerMethod::ListRoots | ServerMethod::Ping | ServerMethod::Sample, _) => true,
        }
    }

    fn connection(&self) -> Option<&portcullis_settings::Connection> {
        self.gateway.connection(self.connection)
    }

    fn question<T>(
        self,
        feature: ClientFeature,
        input: Option<&Json<'_>>,
        labels: &BTreeSet<ClassName>,
        ask: impl FnOnce(&PolicySet, &Question<'_>) -> T,
    ) -> T {
        let latest = self.gateway.active();
        let active = self.active.unwrap_or(&latest);
        let target = target(feature);
        let usage = self.gateway.usage(active, (self.principal, self.connection), target, self.now);
        ask(
            active.policies(),
            &Question {
                principal: self.principal,
                connection: self.connection,
                target,
                input,
                types: None,
                session: Session {
                    labels,
                    client: self.principal.client.as_deref(),
                    now: UnixSeconds(self.now / 1000),
                    usage: usage.as_ref(),
                },
            },
        )
    }
}
