//! Lists of several connections: one page of each, one after the other, and a cursor that holds the cursors of all.

use http::Response;
use portcullis_identity::seal::Purpose;
use portcullis_mcp::era::{Call, Era, Rejection};
use portcullis_mcp::json::{Json, Number, Object};
use portcullis_mcp::method::Method;
use portcullis_settings::ConnectionName;

use crate::Answer;
use crate::access::tool;
use crate::aggregate::fan_out::{self, Asked};
use crate::aggregate::{answered, usable};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

const PURPOSE: Purpose = Purpose::new("cursor");

/// What is sealed: whose cursor it is, of which list, and each connection that has more with its own cursor.
type Sealed = (String, String, Vec<(ConnectionName, String)>);

/// Serves one page.
pub(super) async fn serve<P: Ports>(
    x: &mut Exchange<P>,
    call: Call<'_>,
) -> Result<Response<Answer<P>>, Refusal> {
    let (id, method, era) = (call.id.clone(), call.method, call.era);
    let member = method.list_member().ok_or(Rejection::MethodNotFound { modern: era == Era::Modern })?;
    let mut items = Vec::new();
    let (mut more, mut ttl) = (Vec::new(), i64::MAX);
    for Asked { connection, mut result, .. } in fan_out::each(x, pages(x, &call)?).await? {
        if let Some(Json::Array(page)) = result.remove(member) {
            items.extend(page);
        }
        if let Some(Json::String(cursor)) = result.remove("nextCursor") {
            more.push((connection, cursor.into_owned()));
        }
        let fresh_for = result.get("ttlMs").and_then(Json::as_number).and_then(Number::as_i64);
        ttl = ttl.min(fresh_for.unwrap_or(0));
    }
    let mut result = match era {
        Era::Modern => {
            let result = Object::new().with("resultType", "complete");
            result.with("ttlMs", ttl).with("cacheScope", "private")
        }
        Era::Legacy(_) => Object::new(),
    };
    if method == Method::ToolsList && more.is_empty() {
        items.extend(own_tool(x)?.map(Json::from));
    }
    result.insert(member, items);
    if !more.is_empty() {
        result.insert("nextCursor", seal(x, method, more)?);
    }
    Ok(answered(id, result))
}

/// The gateway's own tool, which is of no connection.
fn own_tool<P: Ports>(x: &Exchange<P>) -> Result<Option<Object<'static>>, Refusal> {
    let caller = x.caller()?;
    let Some(connection) = usable(x)?.into_iter().next() else { return Ok(None) };
    let session = x.session_of_policy(caller.principal(), x.gateway.no_labels(), None);
    Ok(tool::item((&x.gateway, &x.active), (caller.principal(), &connection), session))
}

/// The call for each connection that has a page: all of them at first, then those with more.
fn pages<'a, P: Ports>(x: &Exchange<P>, call: &Call<'a>) -> Result<Vec<(ConnectionName, Call<'a>)>, Refusal> {
    let usable = usable(x)?;
    let cursor = call.params.as_ref().and_then(|params| params.get("cursor"));
    let Some(cursor) = cursor else {
        return Ok(usable.into_iter().map(|connection| (connection, call.clone())).collect());
    };
    let more = open(x, call.method, cursor).ok_or(Rejection::Round("cursor"))?;
    let page = |(connection, cursor): (ConnectionName, String)| {
        let mut call = call.clone();
        if let Some(params) = call.params.as_mut() {
            params.insert("cursor", cursor);
        }
        (connection, call)
    };
    Ok(more.into_iter().filter(|(connection, _)| usable.contains(connection)).map(page).collect())
}

fn seal<P: Ports>(
    x: &Exchange<P>,
    method: Method,
    more: Vec<(ConnectionName, String)>,
) -> Result<String, Refusal> {
    let sealed: Sealed = (x.caller()?.principal().id(), method.as_str().to_owned(), more);
    let plain = serde_json::to_vec(&sealed).ok();
    let sealed = plain.and_then(|plain| x.gateway.sealer().seal_stable(PURPOSE, &plain).ok());
    sealed.ok_or_else(|| Refusal::Upstream("gave a cursor that cannot be sealed".to_owned()))
}

fn open<P: Ports>(
    x: &Exchange<P>,
    method: Method,
    cursor: &Json<'_>,
) -> Option<Vec<(ConnectionName, String)>> {
    let plain = x.gateway.sealer().open(PURPOSE, cursor.as_str()?).ok()?;
    let (owner, of, more): Sealed = serde_json::from_slice(&plain).ok()?;
    let caller = x.caller().ok()?;
    (owner == caller.principal().id() && of == method.as_str()).then_some(more)
}
