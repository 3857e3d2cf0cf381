//! An upstream as a client sees it: which protocol it speaks, and what it lists.
//!
//! A server of revision 2026-07-28 is asked without a handshake; any other by one, with its session. Everything that
//! comes back is bounded: the length of an answer, the pages of a list, and the time for all of it.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http::HeaderValue;
use portcullis_host::Client;
use portcullis_mcp::era::{self, Call, Era};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::{ErrorObject, Notification, Outcome, RequestId};
use portcullis_mcp::method::Method;
use portcullis_mcp::revision::Revision;
use portcullis_pins::{Definition, Kind, escaped};
use portcullis_settings::{Connection, Limits};

use super::exchange::{Answer, Exchange, Refused};

/// For everything that is asked of one upstream.
pub(super) const DEADLINE: Duration = Duration::from_secs(300);
/// Pages of one list.
const MOST_PAGES: usize = 1_000;
/// Definitions of one kind.
const MOST_DEFINITIONS: usize = 20_000;

/// An upstream that has been greeted.
pub(super) struct Upstream<'c> {
    exchange: Exchange<'c>,
    era: Era,
    session: Option<HeaderValue>,
    /// What it says it offers.
    capabilities: Object<'static>,
    n_requests: usize,
}

impl<'c> Upstream<'c> {
    /// Finds out what the upstream speaks.
    pub(super) async fn open(
        client: &'c Client,
        connection: &'c Connection,
        limits: &Limits,
    ) -> anyhow::Result<Self> {
        let exchange = Exchange::new(client, connection, limits);
        let mut upstream =
            Self { exchange, era: Era::Modern, session: None, capabilities: Object::new(), n_requests: 0 };
        match upstream.ask(Method::ServerDiscover, Object::new()).await {
            Ok(Answer { outcome: Outcome::Result(found), .. }) if speaks_modern(&found) => {
                upstream.capabilities = capabilities(&found);
                return Ok(upstream);
            }
            // Whoever is not let in is not let in by a handshake either.
            Err(error) if !error.is_about_the_protocol() => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        upstream.greet().await?;
        Ok(upstream)
    }

    /// The handshake of the revisions before 2026-07-28.
    async fn greet(&mut self) -> anyhow::Result<()> {
        self.era = Era::Legacy(None);
        let params = Object::new()
            .with("protocolVersion", Revision::V2025_11_25.as_str())
            .with("capabilities", Object::new())
            .with("clientInfo", client_info());
        let Answer { outcome, session } = self.ask(Method::Initialize, params).await?;
        let found = match outcome {
            Outcome::Result(found) => found,
            Outcome::Error(error) => bail!("it speaks no revision of MCP that is known: {}", told(&error)),
        };
        let named = found.get_str("protocolVersion").unwrap_or_default();
        let revision = Revision::parse(named).filter(|revision| !revision.is_modern());
        let revision =
            revision.with_context(|| format!("it speaks `{}`, which is not known", escaped(named)))?;
        (self.era, self.session, self.capabilities) =
            (Era::Legacy(Some(revision)), session, capabilities(&found));
        let greeted = Notification { method: "notifications/initialized".into(), params: None };
        self.exchange.notify(greeted, self.session.as_ref(), revision).await?;
        Ok(())
    }

    /// Everything of one kind; nothing where it offers none.
    pub(super) async fn list(&mut self, kind: Kind) -> anyhow::Result<Vec<Definition>> {
        let mut definitions = Vec::new();
        let mut names = BTreeSet::new();
        let mut cursors = BTreeSet::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let params = match cursor.take() {
                Some(cursor) => Object::new().with("cursor", cursor),
                None => Object::new(),
            };
            let page = match self.page(kind, params).await? {
                Some(page) => page,
                None if definitions.is_empty() => return Ok(definitions),
                None => bail!("it stopped in the middle of its list of {}s", kind.as_str()),
            };
            let items = page.get(kind.member()).and_then(Json::as_array);
            for item in items.with_context(|| format!("its answer has no list `{}`", kind.member()))? {
                let definition = item.as_object().and_then(|item| Definition::of(kind, item));
                let definition =
                    definition.with_context(|| format!("it lists a {} without a name", kind.as_str()))?;
                let name = definition.name().to_owned();
                ensure!(
                    names.insert(name.clone()),
                    "it lists the {} `{}` twice",
                    kind.as_str(),
                    escaped(&name)
                );
                definitions.push(definition);
            }
            ensure!(
                definitions.len() <= MOST_DEFINITIONS,
                "it lists more than {MOST_DEFINITIONS} {}s",
                kind.as_str()
            );
            match page.get_str("nextCursor") {
                None => return Ok(definitions),
                Some(next) => {
                    ensure!(cursors.insert(next.to_owned()), "its list of {}s has no end", kind.as_str());
                    cursor = Some(next.to_owned());
                }
            }
        }
        bail!("its list of {}s has more than {MOST_PAGES} pages", kind.as_str())
    }

    /// One page; `None` if it has no such list.
    async fn page(&mut self, kind: Kind, params: Object<'static>) -> anyhow::Result<Option<Object<'static>>> {
        let method = kind.list();
        match self.ask(method, params).await {
            Ok(Answer { outcome: Outcome::Result(page), .. }) => Ok(Some(page)),
            Ok(Answer { outcome: Outcome::Error(error), .. })
                if error.code.as_i64() == Some(METHOD_NOT_FOUND) || !self.offers(kind) =>
            {
                Ok(None)
            }
            Ok(Answer { outcome: Outcome::Error(error), .. }) => {
                bail!("`{}`: {}", method.as_str(), told(&error))
            }
            Err(error) => Err(error).with_context(|| format!("`{}`", method.as_str())),
        }
    }

    fn offers(&self, kind: Kind) -> bool {
        let capability = match kind {
            Kind::Prompt => "prompts",
            Kind::Resource | Kind::ResourceTemplate => "resources",
            Kind::Tool => "tools",
        };
        self.capabilities.get(capability).is_some()
    }

    async fn ask(&mut self, method: Method, params: Object<'static>) -> Result<Answer, Refused> {
        self.n_requests += 1;
        let params = match self.era {
            Era::Modern => params.with("_meta", modern_meta()),
            Era::Legacy(_) => params,
        };
        let id = RequestId::String(self.n_requests.to_string().into());
        let call = Call { id, method, params: Some(params), era: self.era };
        self.exchange.ask(&call, self.session.as_ref()).await
    }

    /// Ends the session. A server that does not do that has its own time for it.
    pub(super) async fn close(self) {
        if let (Some(session), Era::Legacy(Some(revision))) = (&self.session, self.era) {
            _ = self.exchange.end(session, revision).await;
        }
    }
}

fn speaks_modern(found: &Object<'_>) -> bool {
    let versions = found.get("supportedVersions").and_then(Json::as_array).unwrap_or_default();
    versions.iter().any(|version| version.as_str() == Some(Revision::V2026_07_28.as_str()))
}

fn capabilities(found: &Object<'static>) -> Object<'static> {
    found.get("capabilities").and_then(Json::as_object).cloned().unwrap_or_default()
}

fn client_info() -> Object<'static> {
    Object::new().with("name", "portcullis").with("version", env!("CARGO_PKG_VERSION"))
}

fn modern_meta() -> Object<'static> {
    Object::new()
        .with(era::META_PROTOCOL_VERSION, Revision::V2026_07_28.as_str())
        .with(era::META_CLIENT_CAPABILITIES, Object::new())
        .with(era::META_CLIENT_INFO, client_info())
}

fn told(error: &ErrorObject<'_>) -> String {
    format!("error {}: {}", error.code.as_str(), escaped(&error.message))
}

/// JSON-RPC 2.0 §5.1.
const METHOD_NOT_FOUND: i64 = -32601;
