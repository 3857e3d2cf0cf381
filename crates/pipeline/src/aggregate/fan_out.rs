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
    let (mut waiting, mut last) = (Vec::new(), Refusal::UnknownName);
    let to = x.to.clone();
    for (connection, mut call) in calls {
        direct(x, connection.clone(), &mut call);
        match crate::start(x, call).await {
            Ok(relay) => waiting.push(answer(connection, relay)),
            Err(refusal) => {
                x.note(&refusal).await;
                last = refusal;
            }
        }
    }
    let mut asked = Vec::new();
    for (connection, answer) in join_all(waiting).await {
        match answer {
            Ok(answer) => asked.push(answer),
            Err(refusal) => {
                x.connection = Some(connection);
                x.note(&refusal).await;
                last = refusal;
            }
        }
    }
    x.to = to;
    if asked.is_empty() { Err(last) } else { Ok(asked) }
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
    relay.begun().await;
    relay.check().await?;
    let text = relay.whole().await?;
    // The gateway has written this itself.
    let unreadable = || Refusal::Upstream("an answer that cannot be put together with others".to_owned());
    let value = json::parse(text.as_bytes(), Bounds::answer(DEPTH)).map_err(|_| unreadable())?;
    match Message::try_from(value) {
        Ok(Message::Response(response)) => match response.outcome {
            Outcome::Result(result) => Ok(result.into_owned()),
            Outcome::Error(error) => {
                Err(Refusal::Upstream(format!("answered with error {}", error.code.as_str())))
            }
        },
        Ok(Message::Notification(_) | Message::Request(_)) | Err(_) => Err(unreadable()),
    }
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
