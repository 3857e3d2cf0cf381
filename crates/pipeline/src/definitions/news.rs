//! What people are to be told of one list: the first definitions that are not the approved ones and were not told yet,
//! and how many more there are.
//!
//! A server decides how many definitions it sends and how each differs, so what is kept, and what is compared with its
//! pin, is bounded here.

use portcullis_pins::escaped;

use crate::definitions::Drifted;
use crate::definitions::drifted::Difference;
use crate::definitions::report::{Admission, PER_MINUTE, Reported};

/// The most definitions of one list that are kept: no more are told in a minute.
const MOST: usize = PER_MINUTE as usize;
/// The most members that are named where a definition differs.
const MOST_MEMBERS: usize = 16;
/// The longest name or path that is told, in bytes.
const LONGEST: usize = 1024;

/// What is to be told of one list.
#[derive(Debug, Default)]
pub(crate) struct News {
    drifted: Vec<Drifted>,
    /// How many definitions were seen besides, which nobody has been told of.
    n_more: usize,
}

impl News {
    /// One definition, whatever was told before.
    pub(super) fn of(drifted: Drifted) -> Self {
        Self { drifted: vec![drifted], n_more: 0 }
    }

    /// Adds a definition unless it was told already. In which members it differs is asked only if it is kept.
    pub(crate) fn add(
        &mut self,
        (reported, now): (&Reported, u64),
        mut drifted: Drifted,
        members: impl FnOnce() -> Vec<String>,
    ) {
        cut(&mut drifted.name);
        let is_known = self
            .drifted
            .iter()
            .any(|kept| kept.name == drifted.name && kept.difference.live() == drifted.difference.live());
        if is_known {
            return;
        }
        match reported.admission(&drifted, now) {
            Admission::Old => {}
            Admission::New if self.drifted.len() < MOST => {
                drifted.difference = told(drifted.difference, members);
                self.drifted.push(drifted);
            }
            Admission::Late | Admission::New => self.n_more = self.n_more.saturating_add(1),
        }
    }

    /// What was kept, and how many more there are.
    pub(super) fn into_parts(self) -> (Vec<Drifted>, usize) {
        (self.drifted, self.n_more)
    }
}

/// What is told of a difference; in which members it is, if that is asked for.
pub(super) fn told(difference: Difference, members: impl FnOnce() -> Vec<String>) -> Difference {
    match difference {
        Difference::Changed { pinned, live, .. } => {
            Difference::Changed { pinned, live, members: shown(&members()) }
        }
        same @ (Difference::Gone { .. } | Difference::Several { .. } | Difference::Unapproved { .. }) => same,
    }
}

/// Paths in one line each, and not too many.
fn shown(paths: &[String]) -> Vec<String> {
    let one = |path: &String| {
        let mut path = escaped(path.get(..path.floor_char_boundary(LONGEST)).unwrap_or(path));
        cut(&mut path);
        path
    };
    let mut shown: Vec<String> = paths.iter().take(MOST_MEMBERS).map(one).collect();
    if let Some(n_more) = paths.len().checked_sub(MOST_MEMBERS).filter(|n_more| *n_more > 0) {
        shown.push(format!("…[+{n_more} more]"));
    }
    shown
}

fn cut(text: &mut String) {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
        // What was cut off may be a page of the upstream.
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use portcullis_mcp::json::{Json, Object};
    use portcullis_pins::{DefinitionDigest, Kind};

    use super::*;

    /// Something else than what is pinned under this name.
    fn changed(name: &str, title: i64) -> Drifted {
        let live = DefinitionDigest::of(Kind::Tool, &Object::new().with("title", Json::from(title)));
        let pinned = DefinitionDigest::of(Kind::Tool, &Object::new());
        let difference = Difference::Changed { pinned, live, members: Vec::new() };
        let connection = "crm".parse().unwrap();
        Drifted { kind: Kind::Tool, name: name.to_owned(), connection, has_pins: true, difference }
    }

    #[test]
    fn however_much_a_server_sends_a_few_are_compared_and_kept() {
        for (name, title, n_compared) in [
            ("one definition many times", (|_| 1) as fn(i64) -> i64, 1),
            ("many definitions of one name", |index| index, MOST),
        ] {
            let (mut news, mut compared) = (News::default(), 0);
            for index in 0..75_000 {
                news.add((&Reported::default(), 0), changed("refund", title(index)), || {
                    compared += 1;
                    vec!["title".to_owned()]
                });
            }
            let (kept, n_more) = news.into_parts();
            assert_eq!((compared, kept.len()), (n_compared, n_compared), "{name}");
            assert_eq!(n_more, if n_compared == 1 { 0 } else { 75_000 - MOST }, "{name}");
        }
    }

    #[test]
    fn what_is_kept_is_short() {
        let mut news = News::default();
        let paths = vec!["\u{200b}".repeat(100_000); 20];
        news.add((&Reported::default(), 0), changed(&"é".repeat(1_000_000), 1), || paths);
        let (kept, _) = news.into_parts();
        assert!(kept[0].name.capacity() < 2 * LONGEST && kept[0].name.ends_with('…'));
        let members = kept[0].difference.members();
        assert_eq!(members.len(), MOST_MEMBERS + 1);
        assert_eq!(members.last().unwrap(), "…[+4 more]");
        assert!(members.iter().all(|path| path.len() < 2 * LONGEST));
    }
}
