//! Puts the values that tokens stand for into the arguments of a tool that policy lets have them.
//!
//! It is done before detection and policy, so that both see what is forwarded, and only in texts inside of `arguments`:
//! names, URIs and keys say what is meant, and a server gives them back. What cannot be opened, or what the tool may not
//! have, stays as the caller has sent it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use portcullis_detect::{Class, KnownValues};
use portcullis_mcp::era::Call;
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_mcp::method::Method;
use portcullis_policy::{Detokenizing, PolicySet};
use portcullis_settings::ClassName;

use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::tokenize::{Form, Original, Tokenizer, has_lookalike};

/// What became of the tokens in a call.
#[derive(Default)]
pub(crate) struct Restored<'a> {
    /// Whose tokens they are, where there are any.
    pub(crate) tokenizer: Option<Rc<Tokenizer>>,
    sent: Option<Call<'a>>,
    /// In the place of how many tokens of each class values were put.
    pub(crate) counts: BTreeMap<ClassName, u32>,
}

impl<'a> Restored<'a> {
    /// Nothing was put in.
    pub(crate) fn none(tokenizer: Option<Rc<Tokenizer>>) -> Self {
        Self { tokenizer, ..Self::default() }
    }

    /// The call as the caller has sent it, if a value was put into it.
    pub(crate) const fn sent(&self) -> Option<&Call<'a>> {
        self.sent.as_ref()
    }
}

/// Puts values in the place of the caller's own tokens. The exchange remembers them, so that they come back to nobody.
///
/// # Errors
/// A stage was skipped.
pub(crate) fn restore<'a, P: Ports>(
    x: &mut Exchange<P>,
    call: &mut Call<'a>,
    tokenizer: Option<Rc<Tokenizer>>,
) -> Result<Restored<'a>, Refusal> {
    x.restored.clear();
    let mut restored = Restored::none(tokenizer);
    let Some(tokenizer) = restored.tokenizer.as_deref() else { return Ok(restored) };
    let is_there = call.method == Method::ToolsCall && call.arguments().is_some_and(may_have_tokens);
    let Some(tool) = call.name().filter(|_| is_there).map(ToOwned::to_owned) else { return Ok(restored) };
    let caller = x.caller()?;
    let asked = Detokenizing { principal: caller.principal(), connection: x.connection_name()?, tool: &tool };
    let sent = call.clone();
    let mut restoring = Restoring {
        tokenizer,
        policies: x.active.policies(),
        asked,
        known: BTreeMap::new(),
        counts: BTreeMap::new(),
        values: BTreeMap::new(),
    };
    if let Some(arguments) = call.params.as_mut().and_then(|params| params.get_mut("arguments")) {
        restoring.value(arguments);
    }
    let Restoring { counts, values, .. } = restoring;
    restored.sent = (!counts.is_empty()).then_some(sent);
    restored.counts = counts;
    x.restored = known(&values);
    Ok(restored)
}

fn may_have_tokens(value: &Json<'_>) -> bool {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
        Json::String(text) => has_lookalike(text),
        Json::Array(items) => items.iter().any(may_have_tokens),
        Json::Object(object) => object.iter().any(|(_, value)| may_have_tokens(value)),
    }
}

/// The values as they are searched for. The search takes longer the more there are, and a call that needs many is rare.
fn known(values: &BTreeMap<Class, BTreeSet<String>>) -> Vec<Arc<KnownValues>> {
    let mut left = MOST_KNOWN;
    let of_class = values.iter().filter_map(|(class, values)| {
        let known: Vec<&str> = values.iter().take(left).map(String::as_str).collect();
        left -= known.len();
        (!known.is_empty()).then(|| Arc::new(KnownValues::of(*class, known)))
    });
    of_class.collect()
}

/// One walk through the arguments of a call.
struct Restoring<'t> {
    tokenizer: &'t Tokenizer,
    policies: &'t PolicySet,
    asked: Detokenizing<'t>,
    /// What policy has said so far.
    known: BTreeMap<ClassName, bool>,
    counts: BTreeMap<ClassName, u32>,
    values: BTreeMap<Class, BTreeSet<String>>,
}

impl Restoring<'_> {
    fn value(&mut self, value: &mut Json<'_>) {
        match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
            Json::String(text) => {
                if let Some(restored) = self.text(text) {
                    *value = restored;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Json::Object(object) => object.iter_mut().for_each(|(_, value)| self.value(value)),
        }
    }

    /// What a text becomes, if there is a token in it in whose place a value may be put.
    fn text(&mut self, text: &str) -> Option<Json<'static>> {
        let mut whole = String::new();
        let mut shown = 0;
        for token in self.tokenizer.tokens_in(text) {
            let Some(original) = token.original.filter(|original| self.may_have(&original.name)) else {
                continue;
            };
            self.count(&original);
            if token.place == (0..text.len()) && original.form == Form::Number {
                return Some(number(original.value));
            }
            whole.push_str(text.get(shown..token.place.start)?);
            whole.push_str(&original.value);
            shown = token.place.end;
        }
        let is_same = shown == 0;
        whole.push_str(text.get(shown..)?);
        (!is_same).then_some(Json::String(Cow::Owned(whole)))
    }

    fn may_have(&mut self, class: &ClassName) -> bool {
        if let Some(known) = self.known.get(class) {
            return *known;
        }
        let may = self.policies.may_detokenize(self.asked, class);
        self.known.insert(class.clone(), may);
        may
    }

    fn count(&mut self, original: &Original) {
        let count = self.counts.entry(original.name.clone()).or_default();
        *count = count.saturating_add(1);
        self.values.entry(original.class).or_default().insert(original.value.clone());
    }
}

/// What was a number is one again, with the digits that it had.
fn number(text: String) -> Json<'static> {
    match json::parse(text.as_bytes(), Bounds::request(1)) {
        Ok(Json::Number(number)) => Json::Number(number.into_owned()),
        Ok(Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_)) | Err(_) => {
            Json::String(Cow::Owned(text))
        }
    }
}

/// How many values are searched for in the answer. All others are found as detectors find them.
const MOST_KNOWN: usize = 64;
