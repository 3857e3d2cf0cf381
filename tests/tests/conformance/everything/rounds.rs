//! Requests that are answered in rounds: the server asks for something, the client comes back with it
//! (MCP 2026-07-28, multi round-trip requests).

use std::collections::BTreeMap;
use std::sync::Mutex;

use portcullis_demo::Secret;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, ClientCapabilities, GetPromptRequestParams, InputRequest, InputRequests,
    InputRequiredResult, InputResponses,
};
use serde_json::Value;

use super::catalogue;

/// The states that clients carry: tickets, and how many rounds each stands for. One that was not given is noticed.
#[derive(Default)]
pub(super) struct Tickets(Mutex<BTreeMap<String, usize>>);

impl Tickets {
    fn give(&self, rounds: usize) -> String {
        let ticket = Secret::random().expose().to_owned();
        self.0.lock().expect("no panic").insert(ticket.clone(), rounds);
        ticket
    }

    fn rounds(&self, ticket: &str) -> Result<usize, ErrorData> {
        let known = self.0.lock().expect("no panic").get(ticket).copied();
        known.ok_or_else(|| ErrorData::invalid_params("the request state is not one of this server", None))
    }
}

/// What comes next.
pub(super) enum Next {
    Ask(InputRequiredResult),
    /// The client has answered everything; this is what it said, as JSON.
    Answered(String),
}

/// What a client came with.
pub(super) struct Round<'r> {
    responses: Option<&'r InputResponses>,
    state: Option<&'r str>,
    capabilities: ClientCapabilities,
}

impl<'r> Round<'r> {
    pub(super) fn of_call(request: &'r CallToolRequestParams, capabilities: &ClientCapabilities) -> Self {
        let (responses, state) = (request.input_responses.as_ref(), request.request_state.as_deref());
        Self { responses, state, capabilities: capabilities.clone() }
    }

    pub(super) fn of_prompt(request: &'r GetPromptRequestParams, capabilities: ClientCapabilities) -> Self {
        let (responses, state) = (request.input_responses.as_ref(), request.request_state.as_deref());
        Self { responses, state, capabilities }
    }
}

/// Goes on with an entry of the catalogue that has `rounds`.
///
/// One with a `ticket` counts its rounds by the state that the client carries. Any other has one round and looks
/// only at what it is told.
pub(super) fn next(entry: &Value, tickets: &Tickets, round: &Round<'_>) -> Result<Next, ErrorData> {
    let rounds: Vec<Vec<String>> = catalogue::read(&entry["rounds"]);
    let has_ticket = entry["ticket"] == true;
    let at = round.state.filter(|_| has_ticket).map_or(Ok(0), |ticket| tickets.rounds(ticket))?;
    let is_expected = !has_ticket || round.state.is_some();
    let answered = rounds.get(at).is_some_and(|keys| is_expected && answers_all(keys, round));
    let at = if answered { at + 1 } else { at };
    let Some(keys) = rounds.get(at) else {
        let said = round.responses.cloned().unwrap_or_default();
        return Ok(Next::Answered(serde_json::to_string(&said).expect("JSON")));
    };
    let state = has_ticket.then(|| tickets.give(at));
    Ok(Next::Ask(InputRequiredResult::new(Some(requests(keys, &round.capabilities)), state)))
}

/// A response that is no object is none: it is asked for again.
fn answers_all(keys: &[String], round: &Round<'_>) -> bool {
    let asked = requests(keys, &round.capabilities);
    let answers = |key: &String| round.responses.and_then(|all| all.get(key)).is_some_and(Value::is_object);
    !asked.is_empty() && asked.keys().all(answers)
}

/// Only what the client can answer is asked for.
fn requests(keys: &[String], capabilities: &ClientCapabilities) -> InputRequests {
    let all: BTreeMap<_, _> = keys.iter().map(|key| (key.clone(), catalogue::input(key))).collect();
    let can_answer = |request: &InputRequest| match request {
        InputRequest::CreateMessage(_) => capabilities.sampling.is_some(),
        InputRequest::Elicitation(_) => capabilities.elicitation.is_some(),
        InputRequest::ListRoots(_) => capabilities.roots.is_some(),
        _ => false,
    };
    all.into_iter().filter(|(_, request)| can_answer(request)).collect()
}
