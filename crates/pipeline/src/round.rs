//! Calls in several rounds (`InputRequiredResult`, MCP 2026-07-28): the server asks for input, and the client sends
//! the call again with the answers.
//!
//! The `requestState` that the client sees is sealed. It names the call and what was asked, and holds the server's
//! own state, so that answers are accepted only to questions that the gateway let through, from whom they were put
//! to, and for the same call. On every round policy is asked anew.

use std::borrow::Cow;

use portcullis_identity::seal::Purpose;
use portcullis_mcp::era::{Call, Era, Rejection};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::{Method, ServerMethod};

use crate::gateway::Gateway;
use crate::owner::Owner;

const PURPOSE: Purpose = Purpose::new("request-state");
/// How long a client may take for its answers, in milliseconds.
const LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;

pub(crate) const ANSWERS: &str = "inputResponses";
pub(crate) const STATE: &str = "requestState";

/// What is sealed: the method and name of the call, what was asked, the server's state, and until when it counts.
type Sealed = (String, Option<String>, Vec<(String, String)>, Option<String>, u64);

/// What a server has asked for in one round.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The key of each question, and its method.
    pub(crate) questions: Vec<(String, ServerMethod)>,
    /// The server's own state.
    pub(crate) state: Option<String>,
}

/// The `requestState` that the client gets.
pub(crate) fn seal(
    gateway: &Gateway,
    owner: &Owner,
    (method, name): (&str, Option<&str>),
    asked: Asked,
    now: u64,
) -> Option<String> {
    let Asked { questions, state } = asked;
    let questions = questions.into_iter().map(|(key, method)| (key, method.as_str().to_owned())).collect();
    let sealed: Sealed =
        (method.to_owned(), name.map(ToOwned::to_owned), questions, state, now.saturating_add(LIFETIME_MS));
    owner.seal(gateway, PURPOSE, &sealed)
}

/// A further round of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    /// The methods whose questions the client answers.
    pub(crate) answered: Vec<ServerMethod>,
    /// The server's own state, which goes back to it.
    state: Option<String>,
}

/// Takes the round out of a call and leaves the answers that belong to it. Answers to what was never asked are left
/// out, as servers must ignore them.
///
/// # Errors
/// [`Rejection::Round`] for a state that is not of this call.
pub(crate) fn open(
    gateway: &Gateway,
    owner: &Owner,
    call: &mut Call<'_>,
    now: u64,
) -> Result<Round, Rejection> {
    let (method, name) = (call.method, call.name().map(ToOwned::to_owned));
    let Some(params) = call.params.as_mut() else { return Ok(Round::default()) };
    let state = params.remove(STATE);
    // What a task has asked is not in a state but in the store.
    if method == Method::TasksUpdate {
        return Ok(Round::default());
    }
    let answers = params.remove(ANSWERS);
    // Where there are no rounds these members mean nothing, and what means nothing does not pass.
    if !method.is_multi_round() || call.era != Era::Modern {
        return Ok(Round::default());
    }
    // Without a state nothing was asked, so what is answered goes nowhere; the server asks for what it needs.
    let Some(state) = state else { return Ok(Round::default()) };
    let asked = state.as_str().and_then(|text| owner.open::<Sealed>(gateway, PURPOSE, text));
    let (of, named, questions, state, until) = asked.ok_or(Rejection::Round(STATE))?;
    if of != method.as_str() || named != name || now >= until {
        return Err(Rejection::Round(STATE));
    }
    let mut round = Round { answered: Vec::new(), state };
    match answers {
        None => {}
        Some(Json::Object(answers)) => {
            let kept = round.keep(answers, &questions);
            params.insert(ANSWERS, kept);
        }
        Some(_) => return Err(Rejection::Round(ANSWERS)),
    }
    Ok(round)
}

impl Round {
    fn keep<'a>(&mut self, mut answers: Object<'a>, questions: &[(String, String)]) -> Object<'a> {
        answers.retain(|key| questions.iter().any(|(asked, _)| asked == key));
        let methods = questions.iter().filter(|(key, _)| answers.get(key).is_some());
        self.answered = methods.filter_map(|(_, method)| ServerMethod::parse(method)).collect();
        answers
    }

    /// Gives the server's state back to the call, after everything that reads the call has done so.
    pub(crate) fn restore(self, call: &mut Call<'_>) {
        if let (Some(state), Some(params)) = (self.state, call.params.as_mut()) {
            params.insert(STATE, Json::String(Cow::Owned(state)));
        }
    }
}
