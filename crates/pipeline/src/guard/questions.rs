//! What a server asks of the caller's client: as a request of its own until 2025-11-25, inside a result since.

use portcullis_mcp::answer;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::{ErrorObject, Message, Request};
use portcullis_mcp::method::ServerMethod;

use crate::guard::{Expected, Fault, Guard, Verdict};
use crate::mismatch::METHOD_NOT_FOUND;
use crate::{questions, round};

/// The most questions of one stream, or of one result, that are passed on.
const MOST: usize = 64;
/// MCP 2025-11-25: the user must open pages first.
const URL_ELICITATION_REQUIRED: i64 = -32042;

impl Guard {
    /// A request of the server (until 2025-11-25).
    pub(super) fn question<'a>(&mut self, request: Request<'a>) -> Verdict<'a> {
        const REFUSED: &str = "a request of the server that the client did not offer to serve";
        if self.is_modern() {
            return Verdict::Drop("a request of the server, which 2026-07-28 has not");
        }
        let Request { id, method: name, params } = request;
        let refuse = |id, why| Verdict::Refuse(answer::error(Some(id), METHOD_NOT_FOUND, REFUSED, None), why);
        let Some(method) = ServerMethod::parse(&name) else { return refuse(id, "an unknown request") };
        // An answer is accepted only within a session.
        if self.session.is_none() {
            return refuse(id, "a request outside of a session, where nothing could be answered");
        }
        if !self.asked_about().may_ask(method, params.as_ref()) {
            return refuse(id, "a request that the connection or policy does not let through");
        }
        let sealed = questions::seal(&self.gateway, &self.owner, method, &id);
        let Some(sealed) = sealed.filter(|_| self.asked.len() < MOST) else {
            return refuse(id, "one request too many, or with an id that is too long");
        };
        // A ping asks nothing, so it is neither counted nor taken back.
        if method != ServerMethod::Ping {
            self.asked.push((id.into_owned(), sealed.clone()));
        }
        // A ping says nothing.
        let params = match method {
            ServerMethod::Ping => None,
            ServerMethod::Elicit | ServerMethod::ListRoots | ServerMethod::Sample => {
                params.map(|params| self.cleaned_question(params))
            }
        };
        Verdict::Pass(Message::Request(Request { id: sealed, method: name, params }))
    }

    /// Several rounds (2026-07-28): what is asked is judged and masked, and the state is sealed.
    pub(super) fn input_required(&mut self, call: &Expected, result: &mut Object<'_>) -> Result<(), Fault> {
        let mut asked = round::Asked::default();
        if let Some(requests) = result.get_mut("inputRequests") {
            let requests = requests.as_object_mut().ok_or("`inputRequests` is no object")?;
            asked.questions = self.judge_questions(requests)?;
        }
        asked.state = match result.remove("requestState") {
            None => None,
            Some(Json::String(state)) => Some(state.into_owned()),
            Some(_) => return Err("`requestState` is no string".into()),
        };
        // What is not `inputRequests` is read like any other result.
        let requests = result.remove("inputRequests");
        self.clean(result, &[]);
        if let Some(requests) = requests {
            result.insert("inputRequests", requests);
        }
        let of = (call.method.as_str(), call.name.as_deref());
        let state = round::seal(&self.gateway, &self.owner, of, asked, self.now);
        result.insert("requestState", state.ok_or("a state that cannot be sealed")?);
        Ok(())
    }

    /// Whether an error may pass that sends the user to pages before the call can go on (-32042, 2025-11-25 only):
    /// each is a question like any other.
    pub(super) fn may_send_elsewhere(&self, error: &ErrorObject<'_>) -> bool {
        if error.code.as_i64() != Some(URL_ELICITATION_REQUIRED) {
            return true;
        }
        let pages = error.data.as_ref().and_then(Json::as_object).and_then(|data| data.get("elicitations"));
        let may = |page: &Json<'_>| {
            page.as_object().is_some_and(|page| self.asked_about().may_ask(ServerMethod::Elicit, Some(page)))
        };
        !self.is_modern() && pages.and_then(Json::as_array).is_some_and(|pages| pages.iter().all(may))
    }

    /// Judges and masks what is asked, and says which keys ask what.
    pub(super) fn judge_questions(
        &mut self,
        requests: &mut Object<'_>,
    ) -> Result<Vec<(String, ServerMethod)>, Fault> {
        if requests.len() > MOST {
            return Err("too many requests for input".into());
        }
        let keys = requests.iter().map(|(key, _)| key);
        if keys.into_iter().any(|key| key.is_empty() || self.masker.would_mask_text(key)) {
            return Err("a request for input whose key is not only a key".into());
        }
        let mut questions = Vec::new();
        for (key, request) in requests.iter_mut() {
            let request = request.as_object_mut().ok_or("a request for input that is no object")?;
            let method = request.get_str("method").and_then(ServerMethod::parse);
            let method = method.filter(|method| *method != ServerMethod::Ping);
            let method = method.ok_or("a request for input of an unknown kind")?;
            let params = request.get("params").and_then(Json::as_object);
            if !self.asked_about().may_ask(method, params) {
                return Err(Fault::NotAllowed);
            }
            request.retain(|member| matches!(member, "method" | "params"));
            if let Some(Json::Object(params)) = request.remove("params") {
                let params = self.cleaned_question(params);
                request.insert("params", params);
            }
            questions.push((key.to_owned(), method));
        }
        Ok(questions)
    }

    /// The parameters of a question, masked. The page that a user is to open is needed unchanged: the connection
    /// lists its host, and a page with a finding in its address is not opened.
    fn cleaned_question<'a>(&mut self, mut params: Object<'a>) -> Object<'a> {
        let finding = params.get_str("url").is_some_and(|url| self.masker.would_mask_text(url));
        let opaque: &[&str] = if finding { &[] } else { &["elicitationId", "mode", "url"] };
        self.clean(&mut params, opaque);
        // Where several servers look like one, people must see which of them asks.
        if let Some(Json::String(message)) = params.get_mut("message").filter(|_| self.prefixed) {
            *message = format!("[{}] {message}", self.connection).into();
        }
        params
    }
}
