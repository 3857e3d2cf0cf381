//! Lists that come again as they were: what was found out about one is remembered, and the next one that is the same, byte
//! for byte, is neither read nor scanned again.
//!
//! Nothing that depends on a caller is remembered: what each may see is asked each time, and what an item says that may have
//! to be masked is read each time. Only an item in which nothing at all was found is remembered as it is written.
//!
//! All of it holds under one [`Active`] only, since that has the detectors, and is forgotten with it.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::rc::{Rc, Weak};

use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_pins::DefinitionDigest;
use portcullis_settings::ConnectionName;

use crate::active::Active;
use crate::guard::lists::List;
use crate::guard::plain::is_same;
use crate::params::Asking;

/// The most bytes that an instance remembers of lists.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The most lists that it remembers.
const MOST: usize = 64;
/// What an item takes besides its texts, roughly.
const OVERHEAD: usize = 160;
/// How long a message may be around its items, in bytes. It holds no more values than that.
const LONGEST_FRAME: usize = 4096;
/// What may stand beside the items. Nothing else of the guard looks at more than one of these and the items at once.
const FRAME: [&str; 5] = ["_meta", "cacheScope", "nextCursor", "resultType", "ttlMs"];

/// The lists that an instance remembers, the one that was used last at the end.
#[derive(Default)]
pub(crate) struct Lists {
    active: Weak<Active>,
    lists: VecDeque<(Key, Rc<Remembered>)>,
}

/// What a list is remembered under: all that decides how its items are written, but for the caller's right to see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) connection: ConnectionName,
    pub(super) list: List,
    pub(super) is_modern: bool,
    /// Whether what is masked may break schemas, so that those of results are taken out.
    pub(super) breaks_schemas: bool,
}

/// One list.
pub(super) struct Remembered {
    /// The items as they came, from the beginning of the first to the end of the last.
    text: String,
    /// Where they began in their message, and how long that was.
    start: usize,
    length: usize,
    pub(super) entries: Vec<Entry>,
    /// What the tools ask for.
    pub(super) asking: Vec<Asking>,
}

/// One item.
#[derive(Default)]
pub(super) struct Entry {
    /// Where it is in its text.
    place: Range<usize>,
    /// Its name or URI, if it has one.
    pub(super) name: Option<Box<str>>,
    /// The digest of its definition, once it was asked for.
    pub(super) digest: OnceCell<DefinitionDigest>,
    /// As it is written for everybody who may see it and needs no approval, if nothing was found in it.
    written: OnceCell<Box<str>>,
}

impl Lists {
    /// A list that is the same as that of this message, and the message without its items.
    pub(super) fn recall(
        &mut self,
        active: &Rc<Active>,
        key: &Key,
        (text, bounds): (&str, Bounds),
    ) -> Option<(Rc<Remembered>, Json<'static>)> {
        if !self.are_of(active) {
            self.lists.clear();
            return None;
        }
        let (index, frame) = self
            .lists
            .iter()
            .enumerate()
            .filter(|(_, (of, _))| of == key)
            .find_map(|(index, (_, list))| Some((index, list.frame(key.list, (text, bounds))?)))?;
        let used = self.lists.remove(index)?;
        let list = Rc::clone(&used.1);
        self.lists.push_back(used);
        Some((list, frame))
    }

    /// Remembers a list; those that were not used for longest make room for it.
    pub(super) fn remember(&mut self, active: &Rc<Active>, key: Key, list: Remembered) {
        if !self.are_of(active) {
            self.lists.clear();
            self.active = Rc::downgrade(active);
        }
        let cost = list.cost();
        // Two requests may have read the same at once.
        let is_there = self.lists.iter().any(|(of, known)| *of == key && is_same(&known.text, &list.text));
        if is_there || cost > MOST_BYTES {
            return;
        }
        let taken = |lists: &VecDeque<(Key, Rc<Remembered>)>| {
            lists.iter().map(|(_, list)| list.cost()).fold(0, usize::saturating_add)
        };
        while self.lists.len() >= MOST || taken(&self.lists).saturating_add(cost) > MOST_BYTES {
            self.lists.pop_front();
        }
        self.lists.push_back((key, Rc::new(list)));
    }

    fn are_of(&self, active: &Rc<Active>) -> bool {
        Weak::ptr_eq(&self.active, &Rc::downgrade(active))
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lists").field("n_lists", &self.lists.len()).finish_non_exhaustive()
    }
}

impl Remembered {
    /// A list that came in a message; `None` if it has no items. The places of the entries are those in the message.
    pub(super) fn new(message: &str, mut entries: Vec<Entry>, asking: Vec<Asking>) -> Option<Self> {
        let (start, end) = (entries.first()?.place.start, entries.last()?.place.end);
        let text = message.get(start..end)?.to_owned();
        for Entry { place, .. } in &mut entries {
            *place = place.start.checked_sub(start)?..place.end.checked_sub(start)?;
        }
        Some(Self { text, start, length: message.len(), entries, asking })
    }

    /// An item as it came.
    pub(super) fn item(&self, entry: &Entry, bounds: Bounds) -> Option<Json<'_>> {
        // It nests less than its message does, which was within the bounds.
        json::parse_text(self.text.get(entry.place.clone())?, bounds).ok()
    }

    /// All items as they came.
    pub(super) fn items(&self, bounds: Bounds) -> Option<Vec<Json<'static>>> {
        let items = self.entries.iter().map(|entry| self.item(entry, bounds).map(Json::into_owned));
        items.collect()
    }

    /// How long the items are together, in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    fn cost(&self) -> usize {
        // An entry is remembered as it is written only if that is no longer than it was.
        let texts =
            self.text.len().saturating_mul(2).saturating_add(self.entries.len().saturating_mul(OVERHEAD));
        self.asking.iter().map(Asking::cost).fold(texts, usize::saturating_add)
    }

    /// A message without its items, if they are these.
    fn frame(&self, list: List, (text, bounds): (&str, Bounds)) -> Option<Json<'static>> {
        let around = text.len().checked_sub(self.text.len())?;
        if around > LONGEST_FRAME {
            return None;
        }
        // What is before them may be longer or shorter, as the id of the message is.
        let moved = (self.start + text.len()).checked_sub(self.length);
        let starts = [Some(self.start), moved.filter(|moved| *moved != self.start)];
        starts.into_iter().flatten().find_map(|start| {
            let (before, rest) = text.split_at_checked(start)?;
            let (items, after) = rest.split_at_checked(self.text.len())?;
            is_same(items, &self.text).then(|| frame_of(list, (before, after), bounds))?
        })
    }
}

/// What a message is around the items of its list.
///
/// That the place between the two is where the items are, and no text or other list, is seen from what comes of something
/// that is put there: the list has it. What is one item then can be several, and JSON is read the same around them.
fn frame_of(list: List, (before, after): (&str, &str), bounds: Bounds) -> Option<Json<'static>> {
    let empty = [before, after].concat();
    let empty = json::parse_text(&empty, bounds).ok()?;
    let marked = [before, MARK, after].concat();
    let marked = json::parse_text(&marked, bounds).ok()?;
    let has = |message: &Json<'_>, n_items: usize| {
        let result = message.as_object().and_then(|message| message.get("result")?.as_object());
        result.is_some_and(|result| is_plain(list, result) && n_items_of(list, result) == Some(n_items))
    };
    (has(&empty, 0) && has(&marked, 1)).then(|| empty.into_owned())
}

const MARK: &str = "0";

fn n_items_of(list: List, result: &Object<'_>) -> Option<usize> {
    result.get(list.member()).and_then(Json::as_array).map(<[Json<'_>]>::len)
}

/// Whether nothing stands beside the items that is not known to have nothing to do with them.
pub(super) fn is_plain(list: List, result: &Object<'_>) -> bool {
    result.iter().all(|(name, _)| name == list.member() || FRAME.contains(&name))
}

/// Whether a message that holds so many values fewer than it may can be remembered: what is around the items next time may
/// hold more.
pub(super) fn leaves_room(values_left: usize) -> bool {
    values_left >= LONGEST_FRAME
}

impl Entry {
    pub(super) fn new(place: Range<usize>, name: Option<Box<str>>) -> Self {
        Self { place, name, ..Self::default() }
    }

    /// How long it is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.place.len()
    }

    /// As it is written, if nothing was found in it.
    pub(super) fn written(&self) -> Option<&str> {
        self.written.get().map(AsRef::as_ref)
    }

    /// Remembers how it is written.
    pub(super) fn write(&self, text: &str) {
        if text.len() <= self.place.len() {
            self.written.get_or_init(|| Box::from(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_pins::Approved;
    use portcullis_policy::PolicySet;

    use super::*;

    fn bounds() -> Bounds {
        Bounds::answer(16)
    }

    fn active() -> Rc<Active> {
        Rc::new(Active::new(PolicySet::parse(&[]).unwrap(), Approved::default()))
    }

    fn key(connection: &str) -> Key {
        let connection = connection.parse().unwrap();
        Key { connection, list: List::Tools, is_modern: true, breaks_schemas: true }
    }

    fn list(message: &str) -> Remembered {
        let (value, items) = json::parse_list(message, bounds()).unwrap();
        let result = value.as_object().unwrap().get("result").unwrap().as_object().unwrap();
        assert_eq!(n_items_of(List::Tools, result), Some(items.places.len()));
        let entries = items.places.into_iter().map(|place| Entry::new(place, None));
        Remembered::new(message, entries.collect(), Vec::new()).unwrap()
    }

    fn message(id: &str, items: &str, more: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":[{items}]{more}}}}}"#)
    }

    const ITEMS: &str = r#"{"name":"a"} , {"name":"b"}"#;

    #[test]
    fn the_same_items_are_known_in_another_message() {
        let known = list(&message("1", ITEMS, ""));
        assert_eq!(known.items(bounds()).unwrap().len(), 2);
        for (id, more) in [
            ("1", ""),
            ("1234", ""),
            ("\"x\"", ""),
            ("2", r#","nextCursor":"2""#),
            ("2", r#","nextCursor":"[]","_meta":{"tools":[]}"#),
        ] {
            let text = message(id, ITEMS, more);
            let frame = known.frame(List::Tools, (&text, bounds()));
            assert_eq!(frame.unwrap().to_text_with(&["result", "tools"], ITEMS), text, "{text}");
        }
        let after = format!(r#"{{"jsonrpc":"2.0","result":{{"tools":[{ITEMS}]}},"id":1}}"#);
        let longer = after.replace(":1}", ":4444}");
        assert!(list(&after).frame(List::Tools, (&longer, bounds())).is_some());
    }

    #[test]
    fn items_that_are_no_list_of_the_result_are_not_known() {
        let known = list(&message("1", ITEMS, ""));
        let long = format!(r#","_meta":{{"a":"{}"}}"#, "x".repeat(LONGEST_FRAME));
        for text in [
            message("1", r#"{"name":"a"} , {"name":"c"}"#, ""),
            message("1", r#"{"name":"a"} ,  {"name":"b"}"#, ""),
            message("1", &format!("{ITEMS},7"), ""),
            message("1", ITEMS, r#","tools":[]"#),
            message("1", ITEMS, r#","content":[]"#),
            message("1", ITEMS, &long),
            message("1", ITEMS, "]"),
            message("1", ITEMS, "").replace("tools", "tolls"),
            message("1", ITEMS, "").replace("result", "resalt"),
            message("1", ITEMS, r#","_meta":{}"#)
                .replace(r#""tools":["#, r#""_meta":["#)
                .replace("_meta\":{}", "tools\":[]"),
            // In a text: what is between its quotes is another list.
            message("1", &format!(r#"{{"x":"[{ITEMS}]"}}"#), ""),
        ] {
            assert!(known.frame(List::Tools, (&text, bounds())).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_remembered_is_forgotten_with_what_was_in_force() {
        let (mut lists, first, second) = (Lists::default(), active(), active());
        let text = message("1", ITEMS, "");
        lists.remember(&first, key("crm"), list(&text));
        assert!(lists.recall(&first, &key("crm"), (&text, bounds())).is_some());
        assert!(lists.recall(&first, &key("erp"), (&text, bounds())).is_none());
        let other = Key { breaks_schemas: false, ..key("crm") };
        assert!(lists.recall(&first, &other, (&text, bounds())).is_none());
        assert!(lists.recall(&second, &key("crm"), (&text, bounds())).is_none());
        assert!(lists.recall(&first, &key("crm"), (&text, bounds())).is_none(), "it is gone");
        // What was read before is not remembered for what is in force now.
        lists.remember(&first, key("crm"), list(&text));
        assert!(lists.recall(&second, &key("crm"), (&text, bounds())).is_none());
    }

    #[test]
    fn lists_take_bounded_room_and_the_latest_stay() {
        let (mut lists, active) = (Lists::default(), active());
        let big = |number: usize| message("1", &format!(r#"{{"n":"{}{number}"}}"#, "x".repeat(3 << 20)), "");
        for number in 0..5 {
            lists.remember(&active, key("crm"), list(&big(number)));
            // Whatever was used last stays.
            assert!(lists.recall(&active, &key("crm"), (&big(0), bounds())).is_some());
        }
        let taken: usize = lists.lists.iter().map(|(_, list)| list.cost()).sum();
        assert!(taken <= MOST_BYTES && lists.lists.len() == 2, "{taken}");
        assert!(lists.recall(&active, &key("crm"), (&big(4), bounds())).is_some());
        lists.remember(
            &active,
            key("crm"),
            list(&message("1", &format!(r#""{}""#, "x".repeat(9 << 20)), "")),
        );
        assert_eq!(lists.lists.len(), 2, "what is too large makes no room for itself");
        for number in 0..100 {
            lists.remember(&active, key("crm"), list(&message("1", &format!("[{number}]"), "")));
        }
        assert_eq!(lists.lists.len(), MOST);
    }

    #[test]
    fn an_item_is_not_remembered_longer_than_it_came() {
        let entry = Entry::new(3..6, None);
        entry.write("1234");
        assert_eq!(entry.written(), None);
        entry.write("123");
        assert_eq!(entry.written(), Some("123"));
    }
}
