//! Lists whose items are written one by one, so that those in which nothing was found can be remembered.

use std::borrow::Cow;
use std::rc::Rc;

use portcullis_mcp::json::{self, Bounds, Items, Json, JsonError, Object};
use portcullis_settings::{Binary, Drift};

use crate::access::tool;
use crate::active::Active;
use crate::guard::lists::{List, Sieve};
use crate::guard::remembered::{Entry, Key, Remembered, is_plain, leaves_room};
use crate::guard::{Guard, approval, binary};
use crate::params::{Asking, KnownTools};

/// What is known of the list in a frame before it is judged.
pub(super) enum Arrived {
    /// Where its items are.
    Read(Items),
    /// It is this one, under what was in force. The frame is there without the items.
    Known(Rc<Active>, Rc<Remembered>),
}

/// A list that may be remembered.
pub(super) struct Fresh {
    active: Rc<Active>,
    key: Key,
    pub(super) entries: Vec<Entry>,
    pub(super) asking: Vec<Asking>,
}

/// An item that the caller may see.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// Which of the list it is.
    pub(super) index: usize,
    pub(super) needs_approval: bool,
}

/// The items of a list as they go to the caller. The message that they belong to is there without them.
pub(crate) struct Written {
    /// Where they are in the message.
    path: [&'static str; 2],
    text: String,
    pub(crate) n_items: u64,
}

impl Written {
    /// The message with them.
    pub(crate) fn within(&self, message: &Json<'_>) -> String {
        message.to_text_with(&self.path, &self.text)
    }
}

impl Guard {
    /// Reads a message. If it is a list that is remembered, its items are not read.
    ///
    /// # Errors
    /// It is no JSON within the bounds.
    pub(crate) fn read<'t>(&mut self, text: &'t str, bounds: Bounds) -> Result<Json<'t>, JsonError> {
        self.forget();
        let active = self.gateway.active();
        let Some(key) = self.key() else { return json::parse_text(text, bounds) };
        let known = self.gateway.lists.borrow_mut().recall(&active, &key, (text, bounds));
        if let Some((known, frame)) = known {
            self.arrived = Some(Arrived::Known(active, known));
            return Ok(frame);
        }
        let (message, items) = json::parse_list(text, bounds)?;
        self.arrived = Some(Arrived::Read(items));
        Ok(message)
    }

    /// Reads a message, all of it.
    ///
    /// # Errors
    /// It is no JSON within the bounds.
    pub(crate) fn read_whole<'t>(&mut self, text: &'t str, bounds: Bounds) -> Result<Json<'t>, JsonError> {
        self.forget();
        json::parse_text(text, bounds)
    }

    /// Nothing of one frame is taken for the next one's.
    fn forget(&mut self) {
        (self.arrived, self.written, self.fresh) = (None, None, None);
    }

    /// The items that belong to the message which was judged last.
    pub(crate) fn take_written(&mut self) -> Option<Written> {
        self.written.take()
    }

    /// Remembers the list of the message that was judged last, if it is one.
    pub(crate) fn remember(&mut self, message: &str) {
        let Some(Fresh { active, key, entries, asking }) = self.fresh.take() else { return };
        if let Some(list) = Remembered::new(message, entries, asking) {
            self.gateway.lists.borrow_mut().remember(&active, key, list);
        }
    }

    /// What the list is remembered under that is waited for; `None` if it cannot be remembered.
    fn key(&mut self) -> Option<Key> {
        let list = List::of(self.call.as_ref()?.method)?;
        // Where several are served together, names are changed afterwards. Where what was put into the call is looked for,
        // other calls look for something else. What owners have approved is asked about with the items at hand.
        let drift = self.gateway.connection(&self.connection)?.drift;
        if self.prefixed
            || self.has_restored
            || drift == Drift::Hold
            || !self.masker.is_alike_in(list.member())
        {
            return None;
        }
        Some(Key {
            connection: self.connection.clone(),
            list,
            is_modern: self.is_modern(),
            breaks_schemas: list == List::Tools && self.masker.breaks_schemas(),
        })
    }

    /// The list that was remembered, if it still counts. If it does not, its items are put into the result.
    pub(super) fn known(
        &mut self,
        list: List,
        result: &mut Object<'_>,
    ) -> Result<Option<Rc<Remembered>>, &'static str> {
        let Some(Arrived::Known(active, known)) =
            self.arrived.take_if(|arrived| matches!(arrived, Arrived::Known(..)))
        else {
            return Ok(None);
        };
        if Rc::ptr_eq(&active, &self.gateway.active()) {
            return Ok(Some(known));
        }
        // Something else came into force while the frame waited to be judged.
        let items = known.items(self.bounds()).ok_or("a list that cannot be read again")?;
        result.insert(list.member(), items);
        Ok(None)
    }

    /// The list that just came, if it can be remembered.
    pub(super) fn fresh(&mut self, list: List, result: &Object<'_>) -> Option<Fresh> {
        let Some(Arrived::Read(arrived)) = self.arrived.take() else { return None };
        let items = result.get(list.member()).and_then(Json::as_array)?;
        if items.len() != arrived.places.len() || !leaves_room(arrived.values_left) || !is_plain(list, result)
        {
            return None;
        }
        let key = self.key()?;
        let name = |item: &'_ Json<'_>| -> Option<Box<str>> {
            item.as_object()?.get_str(list.kind().key()).map(Box::from)
        };
        let entries =
            arrived.places.into_iter().zip(items).map(|(place, item)| Entry::new(place, name(item)));
        let has_asking = list == List::Tools && key.is_modern;
        let asking = if has_asking { KnownTools::asking(items) } else { Vec::new() };
        Some(Fresh { active: self.gateway.active(), entries: entries.collect(), key, asking })
    }

    /// Writes the items of a list that just came, and takes them out of it.
    pub(super) fn write_fresh(
        &mut self,
        list: List,
        (fresh, kept): (Fresh, &[Kept]),
        result: &mut Object<'_>,
    ) {
        let items = result.get_mut(list.member()).and_then(Json::as_array_mut).map(std::mem::take);
        let mut out = Out::new(fresh.entries.iter().map(Entry::len).fold(0, usize::saturating_add));
        for (n, mut item) in items.into_iter().flatten().enumerate() {
            let is_clean = self.clean_item(list, &mut item);
            let text = out.add(|text| item.append_to(text));
            // What the gateway has added comes after what it has kept.
            let kept = kept.get(n).filter(|kept| is_clean && !kept.needs_approval);
            if let Some(entry) = kept.and_then(|kept| fresh.entries.get(kept.index)) {
                entry.write(text);
            }
        }
        self.written = Some(out.done(list));
        self.fresh = Some(fresh);
    }

    /// Does with a list that is remembered what is done with any other.
    pub(super) fn filter_known(
        &mut self,
        list: List,
        known: &Remembered,
        result: &Object<'_>,
    ) -> Result<(), &'static str> {
        let (extent, bounds) = (self.extent(result), self.bounds());
        if list == List::Tools && self.is_modern() {
            self.gateway.tools.borrow_mut().learn_asking(&self.connection, &known.asking, self.now);
        }
        let active = self.gateway.active();
        let mut sieve = Sieve::new(self, &active, list);
        let mut kept = Vec::with_capacity(known.entries.len());
        for (index, entry) in known.entries.iter().enumerate() {
            // What cannot be read has not the digest of anything.
            let item = || match known.item(entry, bounds) {
                Some(Json::Object(item)) => Cow::Owned(item),
                Some(_) | None => Cow::default(),
            };
            if let Some(needs_approval) = sieve.passes((entry.name.as_deref(), &entry.digest), item) {
                kept.push(Kept { index, needs_approval });
            }
        }
        let sifted = sieve.done();
        self.note_sifted((list.kind(), extent), sifted);
        let mut out = Out::new(known.len());
        for Kept { index, needs_approval } in kept {
            let Some(entry) = known.entries.get(index) else { continue };
            match entry.written().filter(|_| !needs_approval) {
                Some(written) => _ = out.add(|text| text.push_str(written)),
                None => {
                    let item = known.item(entry, bounds).ok_or("a list that cannot be read again")?;
                    self.write_again(list, (item, needs_approval), (entry, &mut out));
                }
            }
        }
        if let Some(mut own) = self.own_item(list, &active, result).map(Json::from) {
            self.clean_item(list, &mut own);
            out.add(|text| own.append_to(text));
        }
        self.written = Some(out.done(list));
        Ok(())
    }

    /// Writes an item that is not remembered as it is written.
    fn write_again(
        &mut self,
        list: List,
        (mut item, needs_approval): (Json<'_>, bool),
        (entry, out): (&Entry, &mut Out),
    ) {
        if let Some(item) = item.as_object_mut() {
            approval::unmark(item);
            if needs_approval {
                approval::mark(item);
            }
        }
        self.strip(list, std::slice::from_mut(&mut item));
        let is_clean = self.clean_item(list, &mut item);
        let text = out.add(|text| item.append_to(text));
        if is_clean && !needs_approval {
            entry.write(text);
        }
    }

    /// Withholds and masks in an item; says whether there was nothing to be found, for whomever.
    fn clean_item(&mut self, list: List, item: &mut Json<'_>) -> bool {
        let withheld = match self.binary() {
            Binary::Deny => binary::withhold_in(item),
            Binary::Allow => 0,
        };
        self.withheld = self.withheld.saturating_add(withheld);
        self.masker.item(list.member(), item) && withheld == 0
    }

    fn bounds(&self) -> Bounds {
        Bounds::answer(self.gateway.settings().limits.depth)
    }

    /// What the gateway offers itself at the end of a list. Where several are served together it is there once.
    pub(super) fn own_item(
        &self,
        list: List,
        active: &Active,
        result: &Object<'_>,
    ) -> Option<Object<'static>> {
        let has_own = list == List::Tools && self.gateway.settings().access.tool;
        let is_last = matches!(result.get("nextCursor"), None | Some(Json::Null));
        if !has_own || !is_last || self.prefixed {
            return None;
        }
        let asks = (&*self.principal, &self.connection);
        tool::item((&self.gateway, active), asks, self.session_of_policy())
    }
}

/// Items, one after the other.
struct Out {
    text: String,
    n_items: u64,
}

impl Out {
    fn new(capacity: usize) -> Self {
        Self { text: String::with_capacity(capacity), n_items: 0 }
    }

    /// Adds an item, and says how it was written.
    fn add(&mut self, write: impl FnOnce(&mut String)) -> &str {
        if self.n_items > 0 {
            self.text.push(',');
        }
        self.n_items += 1;
        let start = self.text.len();
        write(&mut self.text);
        self.text.get(start..).unwrap_or_default()
    }

    fn done(self, list: List) -> Written {
        Written { path: ["result", list.member()], text: self.text, n_items: self.n_items }
    }
}
