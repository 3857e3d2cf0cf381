//! The tool that the gateway itself offers, to ask for a group: in lists beside those of the upstream, and never sent
//! there.
//!
//! It is decided, recorded and counted as any call; its answer goes through the guard like one of the upstream. Who may
//! ask for nothing does not see it. An upstream's tool of the same name is hidden, and cannot be called.

use portcullis_mcp::answer;
use portcullis_mcp::era::Call;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::Message;
use portcullis_mcp::method::Method;
use portcullis_policy::{Question, Session as PolicySession, Target, Visibility};
use portcullis_settings::{ConnectionName, Settings};

use crate::access::ask::{self, Plan, Standing};
use crate::access::wish::MEMBERS;
use crate::access::{Unasked, Wish};
use crate::active::Active;
use crate::definitions::Basis;
use crate::detokenize::Restored;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::prepare::Prepared;
use crate::record::{Deed, End};
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::session::Session;
use crate::source::Source;
use crate::{labels, record, reply, usage};

/// Its name.
pub(crate) const NAME: &str = "portcullis.request_access";
/// What the operator is told.
pub(crate) const SHADOWED: &str = "access: a tool of the upstream is hidden, since the gateway offers one of its name, \
    `portcullis.request_access` (`access.tool`)";

/// Whether a call is for this tool and not for the upstream's.
pub(crate) fn is_called(settings: &Settings, call: &Call<'_>) -> bool {
    let name = call.params.as_ref().and_then(|params| params.get_str("name"));
    settings.access.tool && call.method == Method::ToolsCall && name == Some(NAME)
}

/// The tool as a list shows it; `None` for who may ask for nothing.
pub(crate) fn item(
    (gateway, active): (&Gateway, &Active),
    (principal, connection): (&portcullis_identity::Principal, &ConnectionName),
    session: PolicySession<'_>,
) -> Option<Object<'static>> {
    let may_ask = |group| {
        let target = Target::RequestAccess { group };
        let question = Question { principal, connection, target, input: None, types: None, session };
        active.policies().visibility(&question) == Visibility::Shown
    };
    let open = gateway.access().iter().filter(|rule| !rule.is_of(principal));
    let groups: Vec<Json<'static>> = open
        .filter(|rule| may_ask(rule.group.as_str()))
        .map(|rule| Json::from(rule.group.to_string()))
        .collect();
    if groups.is_empty() || !gateway.settings().access.tool {
        return None;
    }
    let text = |about: &'static str| Object::new().with("type", "string").with("description", about);
    let properties = Object::new()
        .with("group", text("The group that is needed").with("enum", groups))
        .with("for", text("For how long it is needed, such as 30m, 90s or 2h"))
        .with("reason", text("Why, for the people who decide"));
    let required: Vec<Json<'static>> = MEMBERS.into_iter().map(Json::from).collect();
    let schema = Object::new()
        .with("type", "object")
        .with("properties", properties)
        .with("required", required)
        .with("additionalProperties", false);
    let about = "Asks people to let the caller be in a group for a time, where something needs that group. They answer \
                 later; until then nothing changes. Asking again tells how it stands.";
    Some(Object::new().with("name", NAME).with("description", about).with("inputSchema", schema))
}

/// Serves a call of it, up to its answer.
pub(crate) async fn serve<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    (prepared, session): (&Prepared, Option<Session>),
) -> Result<Relay<P>, Refusal> {
    let labels = labels::of((&x.gateway, &x.active), call, None);
    let planned = planned(x, call, &labels).await;
    usage::decided(x, &planned)?;
    let (plan, wish) = planned?;
    let restored = Restored::default();
    let deed = Deed {
        method: call.method.as_str(),
        name: call.subject(),
        basis: Basis::default(),
        approved: None,
        given: record::given(call),
        sent: None,
        restored: &restored,
        revision: record::revision(x, call.era),
        labels: &labels,
    };
    let open = record::intent(x, deed, &plan.reasons).await?;
    let standing = match ask::perform(x, plan, &wish).await {
        Ok(standing) => standing,
        Err(refusal) => {
            open.close_here(x, End::Refused(&refusal)).await.map_err(Refusal::Withheld)?;
            return Err(refusal);
        }
    };
    let source = Source::said(told(x, call, &standing).into_json().to_string());
    reply::relay_from(x, source, session, Some(reply::expected(call, prepared, None)), Some(open))
}

async fn planned<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    labels: &std::collections::BTreeSet<portcullis_settings::ClassName>,
) -> Result<(Plan, Wish), Refusal> {
    let arguments = call.arguments().and_then(Json::as_object).ok_or(Unasked::Malformed)?;
    let wish = Wish::parse(x, arguments)?;
    let plan = ask::plan(x, (x.connection_name()?, labels), &wish).await?;
    Ok((plan, wish))
}

fn told<P: Ports>(x: &Exchange<P>, call: &Call<'_>, standing: &Standing) -> Message<'static> {
    let page = x.gateway.settings().public_url.approval_page(standing.id);
    let Standing { id, group, state, seconds, until, deadline: _ } = standing;
    let text = match (*state, until) {
        ("approved", Some(until)) => {
            let left = until.0.saturating_sub(x.ports.now()) / 1000;
            format!("you are in {group} for another {left} s (request {id})")
        }
        ("rejected", _) => format!(
            "rejected by a person, so you are not in {group} (request {id}). Do not ask again; whoever may see it finds \
             more at {page}"
        ),
        _ => format!(
            "people are asked to let you be in {group} for {seconds} s (request {id}). Somebody who may approve it can do \
             so at {page} , and from then on it holds: try again what needs it once they have"
        ),
    };
    let id = call.id.clone().into_owned();
    match *state {
        "rejected" => answer::tool_error(id, call.era, text),
        _ => answer::tool_text(id, call.era, text),
    }
}
