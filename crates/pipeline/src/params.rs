//! `Mcp-Param-*` headers of a tool call: compared with the arguments, and built anew for the upstream.
//!
//! Which headers a tool asks for is in its schema. Lists that pass by are remembered for a while, and so are those that
//! the gateway reads itself; it does so when a call brings such headers for a tool that is not known.

use std::collections::BTreeMap;
use std::rc::Rc;

use http::HeaderMap;
use portcullis_mcp::era::{Call, Era};
use portcullis_mcp::json::Json;
use portcullis_mcp::method::Method;
use portcullis_mcp::param_headers::{PREFIX, ParamHeaders};
use portcullis_pins::Kind;
use portcullis_settings::ConnectionName;

use crate::definitions::{self, BELIEVED_MS, Place};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// The most tools that an instance remembers.
const MOST: usize = 20_000;
/// The longest name of a tool that is remembered, in bytes.
const LONGEST_NAME: usize = 256;
/// The most bytes that an instance remembers of tools.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// What each tool takes besides its names, roughly.
const OVERHEAD: usize = 128;

/// What a tool asks for, as a list shows it.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    name: String,
    headers: Rc<ParamHeaders>,
}

impl Asking {
    /// What it takes to remember it, in bytes.
    pub(crate) fn cost(&self) -> usize {
        cost(&self.name, &self.headers)
    }
}

/// The headers that tools ask for, as lists have shown them.
#[derive(Debug, Default)]
pub(crate) struct KnownTools {
    tools: BTreeMap<(ConnectionName, String), (u64, Rc<ParamHeaders>)>,
    /// What they take, by [`cost`].
    bytes: usize,
    /// When the gateway last read a connection's whole list, so that calls of tools that do not exist do not make it
    /// read again.
    read: BTreeMap<ConnectionName, u64>,
}

impl KnownTools {
    /// Remembers what these tools ask for, and forgets what is no longer believed. A tool with a wrong annotation asks
    /// for nothing. What does not fit makes room for itself: others are read again when they are called.
    pub(crate) fn learn(&mut self, connection: &ConnectionName, tools: &[Json<'_>], now: u64) {
        self.learn_asking(connection, &Self::asking(tools), now);
    }

    /// What these tools ask for, but for those whose names are too long to be remembered.
    pub(crate) fn asking(tools: &[Json<'_>]) -> Vec<Asking> {
        let asking = tools.iter().filter_map(Json::as_object).filter_map(|tool| {
            let schema = tool.get("inputSchema").and_then(Json::as_object);
            let headers = schema.and_then(|schema| ParamHeaders::of_schema(schema).ok()).unwrap_or_default();
            let name = tool.get_str("name").filter(|name| name.len() <= LONGEST_NAME)?;
            Some(Asking { name: name.to_owned(), headers: Rc::new(headers) })
        });
        asking.collect()
    }

    /// The same as [`KnownTools::learn`] of what is known already.
    pub(crate) fn learn_asking(&mut self, connection: &ConnectionName, asking: &[Asking], now: u64) {
        self.tools.retain(|_, (at, _)| now.saturating_sub(*at) < BELIEVED_MS);
        self.bytes = self.tools.iter().map(|((_, tool), (_, headers))| cost(tool, headers)).sum();
        for Asking { name, headers } in asking {
            self.insert((connection.clone(), name.clone()), (now, Rc::clone(headers)));
        }
    }

    fn insert(&mut self, key: (ConnectionName, String), known: (u64, Rc<ParamHeaders>)) {
        let needed = cost(&key.1, &known.1);
        if self.tools.len() >= MOST || self.bytes.saturating_add(needed) > MOST_BYTES {
            self.tools.clear();
            self.bytes = 0;
        }
        let name = key.1.clone();
        self.bytes = self.bytes.saturating_add(needed);
        if let Some((_, replaced)) = self.tools.insert(key, known) {
            self.bytes = self.bytes.saturating_sub(cost(&name, &replaced));
        }
    }

    /// The upstream says that its tools have changed.
    pub(crate) fn forget(&mut self, connection: &ConnectionName) {
        self.tools.retain(|(of, _), _| of != connection);
        self.bytes = self.tools.iter().map(|((_, tool), (_, headers))| cost(tool, headers)).sum();
        self.read.remove(connection);
    }

    /// Remembers that a connection's whole list was read.
    pub(crate) fn was_read_whole(&mut self, connection: &ConnectionName, now: u64) {
        self.read.insert(connection.clone(), now);
    }

    fn get(&self, connection: &ConnectionName, tool: &str, now: u64) -> Option<Rc<ParamHeaders>> {
        let (at, headers) = self.tools.get(&(connection.clone(), tool.to_owned()))?;
        (now.saturating_sub(*at) < BELIEVED_MS).then(|| Rc::clone(headers))
    }

    fn was_read(&self, connection: &ConnectionName, now: u64) -> bool {
        self.read.get(connection).is_some_and(|at| now.saturating_sub(*at) < BELIEVED_MS)
    }
}

/// What it takes to remember a tool, in bytes.
fn cost(tool: &str, headers: &ParamHeaders) -> usize {
    OVERHEAD.saturating_add(tool.len()).saturating_add(headers.bytes())
}

/// What the upstream gets with a call.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) headers: HeaderMap,
    /// Whether the list was read for it, so that more may be known of definitions than before.
    pub(crate) has_read: bool,
}

/// The headers that the upstream gets with this call. Those that came are compared with what the caller has `sent`, which
/// may have tokens where the call has values.
///
/// # Errors
/// A header that contradicts the arguments, is missing or too much (-32020), or a list that cannot be read.
pub(crate) async fn of_call<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    sent: &Call<'_>,
) -> Result<Params, Refusal> {
    let Some(tool) = call.name().filter(|_| call.method == Method::ToolsCall && call.era == Era::Modern)
    else {
        return Ok(Params::default());
    };
    let headers = &x.parts.headers;
    let connection = x.connection_name()?;
    let known = || x.gateway.tools.borrow().get(connection, tool, x.now);
    let errand = x.errand.as_deref();
    let brought = errand.is_some_and(|errand| errand.with_headers)
        || headers.keys().any(|name| name.as_str().starts_with(PREFIX));
    let (mut asked, mut has_read) = (known(), false);
    if asked.is_none() && brought && !x.gateway.tools.borrow().was_read(connection, x.now) {
        // Noted before, so that a list that cannot be read is not read for every call.
        x.gateway.tools.borrow_mut().was_read_whole(connection, x.now);
        definitions::read(x, &Place { kind: Kind::Tool, era: call.era, session: None }).await?;
        (asked, has_read) = (known(), true);
    }
    // Without a schema nobody knows what a header should say, so none goes on; a server that wants one says so.
    let Some(asked) = asked else { return Ok(Params { has_read, ..Params::default() }) };
    // What came with the call of a task was compared when the call was held.
    if errand.is_none() {
        asked.check(headers, sent.arguments())?;
    }
    Ok(Params { headers: asked.build(call.arguments()), has_read })
}

#[cfg(test)]
mod tests {
    use portcullis_mcp::json::Object;

    use super::*;

    fn connection() -> ConnectionName {
        "crm".parse().unwrap()
    }

    fn tool(name: &str, properties: Object<'static>) -> Json<'static> {
        let schema = Object::new().with("properties", properties);
        Object::new().with("name", name.to_owned()).with("inputSchema", schema).into()
    }

    /// A property that takes nearly a kilobyte.
    fn long(header: usize) -> (String, Object<'static>) {
        let property = Object::new().with("type", "string").with("x-mcp-header", format!("H{header}"));
        (format!("{header}{}", "a".repeat(1000)), property)
    }

    #[test]
    fn what_is_no_longer_believed_is_forgotten() {
        let mut known = KnownTools::default();
        known.learn(&connection(), &[tool("old", Object::new())], 0);
        known.learn(&connection(), &[tool("new", Object::new())], BELIEVED_MS - 1);
        assert_eq!(known.tools.len(), 2);
        known.learn(&connection(), &[], BELIEVED_MS);
        assert_eq!(known.tools.keys().map(|(_, tool)| tool.as_str()).collect::<Vec<_>>(), ["new"]);
        assert_eq!(known.bytes, OVERHEAD + 3);
    }

    #[test]
    fn a_tool_of_an_endless_name_is_not_remembered() {
        let mut known = KnownTools::default();
        let names = [LONGEST_NAME, LONGEST_NAME + 1].map(|length| tool(&"t".repeat(length), Object::new()));
        known.learn(&connection(), &names, 0);
        assert!(known.get(&connection(), &"t".repeat(LONGEST_NAME), 0).is_some());
        assert_eq!(known.tools.len(), 1);
    }

    #[test]
    fn what_is_remembered_has_a_size() {
        let mut known = KnownTools::default();
        let properties = || (0..64).map(long).fold(Object::new(), |all, (name, one)| all.with(name, one));
        for number in 0..300 {
            known.learn(&connection(), &[tool(&format!("tool-{number}"), properties())], 0);
            assert!(known.bytes <= MOST_BYTES);
        }
        assert!(known.tools.len() < 150, "{}", known.tools.len());
        assert!(known.get(&connection(), "tool-299", 0).is_some(), "the last one is there");
        // Learned again, it takes no more.
        let before = known.bytes;
        known.learn(&connection(), &[tool("tool-299", properties())], 0);
        assert_eq!(known.bytes, before);
    }
}
