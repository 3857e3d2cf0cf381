//! Asking every connection the same, and putting the answers together.

use futures_util::future::join_all;
use http::response::Parts;
use portcullis_mcp::era::Call;
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_mcp::message::{Message, Outcome};
use portcullis_mcp::revision::Revision;
use portcullis_settings::ConnectionName;

use crate::aggregate::{direct, usable};
use crate::exchange::Exchange;
use crate::mismatch;
use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::relay::Relay;

/// The result of one connection, guarded.
pub(super) struct Asked {
    pub(super) connection: ConnectionName,
    pub(super) result: Object<'static>,
    pub(super) head: Option<Parts>,
    pub(super) negotiated: Option<Revision>,
}

/// Asks every connection that the caller may use.
pub(super) async fn everywhere<P: Ports>(x: &mut Exchange<P>, call: Call<'_>) -> Result<Vec<Asked>, Refusal> {
    let calls = usable(x)?.into_iter().map(|connection| (connection, call.clone())).collect();
    each(x, calls).await
}

/// Asks each of these connections its own, all at the same time, and leaves out those that fail.
///
/// # Errors
/// All of them failed; this is the last failure.
pub(super) async fn each<P: Ports>(
    x: &mut Exchange<P>,
    calls: Vec<(ConnectionName, Call<'_>)>,
) -> Result<Vec<Asked>, Refusal> {
    let (mut waiting, mut failed) = (Vec::new(), Vec::new());
    let to = x.to.clone();
    for (connection, mut call) in calls {
        direct(x, connection.clone(), &mut call);
        match crate::start(x, call).await {
            Ok(relay) => waiting.push(answer(connection, relay)),
            Err(refusal) => failed.push((connection, refusal)),
        }
    }
    let mut asked = Vec::new();
    for (connection, answer) in join_all(waiting).await {
        match answer {
            Ok(answer) => asked.push(answer),
            Err(refusal) => failed.push((connection, refusal)),
        }
    }
    // If all have failed, the last failure is the answer, and is noted as such.
    let last = if asked.is_empty() { failed.pop() } else { None };
    for (connection, refusal) in failed {
        x.connection = Some(connection);
        x.note(&refusal).await;
    }
    x.to = to;
    match last {
        Some((connection, refusal)) => {
            x.connection = Some(connection);
            Err(refusal)
        }
        None if asked.is_empty() => Err(Refusal::UnknownName),
        None => Ok(asked),
    }
}

async fn answer<P: Ports>(
    connection: ConnectionName,
    mut relay: Relay<P>,
) -> (ConnectionName, Result<Asked, Refusal>) {
    let asked = match result(&mut relay).await {
        Ok(result) => Ok(Asked {
            connection: connection.clone(),
            result,
            head: relay.head().cloned(),
            negotiated: relay.guard().negotiated(),
        }),
        Err(refusal) => Err(refusal),
    };
    (connection, asked)
}

async fn result<P: Ports>(relay: &mut Relay<P>) -> Result<Object<'static>, Refusal> {
    let text = relay.in_time().await?;
    // The gateway has written this itself.
    let unreadable = || Refusal::Upstream("an answer that cannot be put together with others".to_owned());
    let value = json::parse_text(&text, Bounds::answer(DEPTH)).map_err(|_| unreadable())?;
    match Message::try_from(value) {
        Ok(Message::Response(response)) => match response.outcome {
            Outcome::Result(result) => Ok(result.into_owned()),
            // A server without this kind of thing has an empty list of them.
            Outcome::Error(error)
                if is_list(relay) && error.code.as_i64() == Some(mismatch::METHOD_NOT_FOUND) =>
            {
                Ok(Object::new())
            }
            Outcome::Error(error) => {
                Err(Refusal::Upstream(format!("answered with error {}", error.code.as_str())))
            }
        },
        Ok(Message::Notification(_) | Message::Request(_)) | Err(_) => Err(unreadable()),
    }
}

fn is_list<P: Ports>(relay: &Relay<P>) -> bool {
    relay.guard().call().is_some_and(|call| call.method.list_member().is_some())
}

/// The guard has bounded what may nest, and adds some levels of its own.
const DEPTH: usize = 128;

/// What several servers say of themselves.
#[derive(Debug, Default)]
pub(super) struct Summary {
    capabilities: Object<'static>,
    instructions: Vec<String>,
}

impl Summary {
    /// Takes in what one server says.
    pub(super) fn add(&mut self, connection: &ConnectionName, mut result: Object<'static>) {
        if let Some(Json::Object(capabilities)) = result.remove("capabilities") {
            merge(&mut self.capabilities, capabilities);
        }
        if let Some(Json::String(text)) = result.remove("instructions") {
            // No server may speak in the name of another.
            let text = text.replace('#', "\\#");
            self.instructions.push(format!("## {connection}\n\n{text}"));
        }
    }

    /// Writes it into a result; `info` is the member that says who answers.
    pub(super) fn write(self, mut result: Object<'static>, info: &'static str) -> Object<'static> {
        let own = Object::new().with("name", "portcullis").with("version", env!("CARGO_PKG_VERSION"));
        let own = match info {
            "_meta" => Object::new().with("io.modelcontextprotocol/serverInfo", own),
            _ => own,
        };
        result.insert("capabilities", self.capabilities);
        result.insert(info, own);
        if !self.instructions.is_empty() {
            result.insert("instructions", self.instructions.join("\n\n"));
        }
        result
    }
}

/// What any server can do, all of them together can: names say whose it is.
fn merge(into: &mut Object<'static>, from: Object<'static>) {
    for (member, value) in from.iter() {
        match (into.get_mut(member), value) {
            (Some(Json::Object(into)), Json::Object(from)) => merge(into, from.clone()),
            (Some(Json::Bool(true)), _) => {}
            (Some(into), value) => *into = value.clone(),
            (None, value) => into.insert(member.to_owned(), value.clone()),
        }
    }
}
