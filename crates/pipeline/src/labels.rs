//! Stage 4: what was found in the request, as labels for policy.

use std::collections::BTreeSet;

use portcullis_detect::{Class, Detectors, Place};
use portcullis_mcp::carried::Carried;
use portcullis_mcp::era::Call;
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::ClassName;

use crate::active::Active;
use crate::gateway::Gateway;
use crate::tokenize::{Token, Tokenizer};

/// The classes of everything that a call contains: its id and its parameters, keys and numbers too. Of what masking tokens
/// stand in it, it is said only that they do.
pub(crate) fn of(
    (gateway, active): (&Gateway, &Active),
    call: &Call<'_>,
    tokenizer: Option<&Tokenizer>,
) -> BTreeSet<ClassName> {
    let mut search = Search::new(active.detectors(), tokenizer);
    search.value(Place::default(), "", &call.id.clone().into_json());
    if let Some(params) = &call.params {
        search.members(active.detectors().top(), params);
    }
    search.names((gateway, active))
}

/// The classes of everything that a value contains.
pub(crate) fn of_value((gateway, active): (&Gateway, &Active), value: &Json<'_>) -> BTreeSet<ClassName> {
    let mut search = Search::new(active.detectors(), None);
    search.value(active.detectors().top(), "", value);
    search.names((gateway, active))
}

/// What was found so far.
struct Search<'s> {
    detectors: &'s Detectors,
    tokenizer: Option<&'s Tokenizer>,
    classes: BTreeSet<Class>,
    /// What is said of tokens.
    of_tokens: BTreeSet<&'static str>,
    /// How many texts that are carried in another the one is in that is looked at.
    carried: usize,
}

impl<'s> Search<'s> {
    const fn new(detectors: &'s Detectors, tokenizer: Option<&'s Tokenizer>) -> Self {
        Self { detectors, tokenizer, classes: BTreeSet::new(), of_tokens: BTreeSet::new(), carried: 0 }
    }

    fn names(self, (gateway, active): (&Gateway, &Active)) -> BTreeSet<ClassName> {
        let found = self.classes.into_iter().filter_map(|class| gateway.class_name(active, class).cloned());
        let of_tokens = self.of_tokens.into_iter().filter_map(|label| label.parse().ok());
        found.chain(of_tokens).collect()
    }

    fn members(&mut self, at: Place, object: &Object<'_>) {
        if let Some(blob) = Carried::of_blob(object) {
            self.carried(at, "blob", &blob);
        }
        for (key, value) in object.iter() {
            self.text(Place::default(), "", key);
            self.value(self.detectors.member(at, key), key, value);
        }
    }

    /// `key` is the name of the member that the value is, or is in a list of.
    fn value(&mut self, at: Place, key: &str, value: &Json<'_>) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::Number(number) => {
                self.classes.extend(self.detectors.scan_number_at(at, key, number.as_str()).classes());
            }
            Json::String(text) => self.text(at, key, text),
            Json::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
                self.value(self.detectors.item(at, index), key, item);
            }),
            Json::Object(object) => self.members(at, object),
        }
    }

    fn text(&mut self, at: Place, key: &str, text: &str) {
        let mut own = Vec::new();
        for Token { place, original } in self.tokenizer.iter().flat_map(|tokenizer| tokenizer.tokens_in(text))
        {
            match original {
                Some(_) => {
                    self.of_tokens.insert(WITHHELD);
                    own.push(place);
                }
                None => _ = self.of_tokens.insert(UNOPENED),
            }
        }
        self.classes.extend(self.detectors.scan_at(at, key, text).outside(&own).classes());
        self.classes.extend(dangers(text));
        for carried in [Carried::of_url(text), Carried::of_document(text)].into_iter().flatten() {
            self.carried(at, key, &carried);
        }
    }

    /// Whatever it is called: the server may take it for what it is.
    fn carried(&mut self, at: Place, key: &str, carried: &Carried) {
        if self.carried >= Carried::DEEPEST {
            return;
        }
        self.carried += 1;
        match carried.json() {
            Some(json) => self.value(self.detectors.top(), "", &json),
            None => self.text(at, key, carried.text()),
        }
        self.carried -= 1;
    }
}

/// A token of the caller's own, in whose place no value was put.
const WITHHELD: &str = "token.withheld";
/// What looks like a token and is none of the caller's: of somebody else, of another session or connection, altered, or
/// made with a key that is gone.
const UNOPENED: &str = "token.unopened";

/// What a text would do if the server ran it.
fn dangers(text: &str) -> impl Iterator<Item = Class> {
    portcullis_danger::classes(text).into_iter().map(|danger| Class::custom(danger.as_str()))
}
