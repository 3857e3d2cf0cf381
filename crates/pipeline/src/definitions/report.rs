//! Telling people of definitions that are not the approved ones: a line and a record for each, once per instance.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::rc::Rc;

use futures_util::future::join;
use portcullis_approval::RequestId;
use portcullis_ledger::{Drift as DriftRecord, Record, UnixMillis};
use portcullis_pins::{DefinitionDigest, Kind};
use portcullis_settings::{ConnectionName, Drift};

use crate::attempts::Attempts;
use crate::definitions::{Drifted, News};
use crate::gateway::Gateway;
use crate::guard::Masker;
use crate::ports::Ports;
use crate::{record, webhooks};

/// How many records of drift an instance writes in a minute. A connection without pins may have thousands of
/// definitions, and instances come and go.
pub(super) const PER_MINUTE: u32 = 16;
/// How many of them are remembered as told.
const MOST: usize = 1024;
/// The longest name that tells definitions apart here, in bytes.
const LONGEST_NAME: usize = 256;

/// What tells one report from another.
type Told = (ConnectionName, Kind, String, Option<DefinitionDigest>);

/// What was told already.
#[derive(Debug)]
pub(crate) struct Reported {
    told: BTreeSet<Told>,
    written: Attempts,
}

impl Default for Reported {
    fn default() -> Self {
        Self { told: BTreeSet::new(), written: Attempts::new(PER_MINUTE) }
    }
}

impl Reported {
    /// Whether this is news, and could be told now.
    pub(super) fn admission(&self, drifted: &Drifted, now: u64) -> Admission {
        if self.told.contains(&told_as(drifted)) {
            return Admission::Old;
        }
        if self.written.exhausted(None, now) { Admission::Late } else { Admission::New }
    }

    /// The same, and what is news is told from now on.
    fn admit(&mut self, drifted: &Drifted, now: u64) -> Admission {
        let admission = self.admission(drifted, now);
        if admission == Admission::New {
            self.written.failed(None, now);
            if self.told.len() >= MOST {
                self.told.clear();
            }
            self.told.insert(told_as(drifted));
        }
        admission
    }
}

fn told_as(drifted: &Drifted) -> Told {
    let Drifted { kind, name, connection, difference, .. } = drifted;
    let name = name.get(..name.floor_char_boundary(LONGEST_NAME)).unwrap_or(name);
    (connection.clone(), *kind, name.to_owned(), difference.live())
}

/// What is to be done with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is told now.
    New,
    /// It was told.
    Old,
    /// It is told when it is seen again, after this minute.
    Late,
}

/// Tells what is new of this.
pub(crate) async fn report<P: Ports>(gateway: &Rc<Gateway>, ports: &P, news: News) {
    let now = ports.now();
    let (drifted, mut late) = news.into_parts();
    let mut told = 0_usize;
    for drifted in &drifted {
        let admission = gateway.reported.borrow_mut().admit(drifted, now);
        match admission {
            Admission::Old => {}
            Admission::Late => late += 1,
            Admission::New => {
                told += 1;
                tell(gateway, ports, drifted, None).await;
            }
        }
    }
    if told > 0 && late > 0 {
        ports.log(&format!("drift: {late} more definitions of this list are not what was approved"));
    }
}

/// Tells that people are asked about a definition, whatever was told of it before.
pub(super) async fn report_asked<P: Ports>(
    gateway: &Rc<Gateway>,
    ports: &P,
    drifted: &Drifted,
    request: RequestId,
) {
    tell(gateway, ports, drifted, Some(request)).await;
}

async fn tell<P: Ports>(gateway: &Rc<Gateway>, ports: &P, drifted: &Drifted, request: Option<RequestId>) {
    let now = ports.now();
    let Drifted { kind, name, connection, difference, .. } = drifted;
    let setting = gateway.connection(connection).map(|connection| connection.drift).unwrap_or_default();
    let mut masker = Masker::for_store(Rc::clone(gateway));
    let mut masked = |text: &str| {
        let mut text = Cow::Borrowed(text);
        masker.text(&mut text);
        text.into_owned()
    };
    let done = match setting {
        Drift::Block => "nobody sees or calls it",
        Drift::Hold => "nobody sees it or calls it before its owners have approved it",
        Drift::Log => "it passes all the same",
    };
    let asked = request.map(|request| format!(", in request {request}")).unwrap_or_default();
    ports.log(&format!("drift: {}; {done}{asked}", masked(&drifted.to_string())));
    let id = record::record_id(ports, now);
    let record = DriftRecord {
        id,
        at: UnixMillis(now),
        connection: connection.to_string(),
        kind: kind.as_str().to_owned(),
        name: masked(name),
        pinned: difference.pinned().map(|digest| digest.to_string()),
        live: difference.live().map(|digest| digest.to_string()),
        setting: setting.as_str().to_owned(),
        changed: difference.members().iter().map(|path| masked(path)).collect(),
        approval: request.map(|request| request.to_string()),
    };
    let shelf = record::Shelf::of_connection(gateway, connection.as_str());
    let told = webhooks::of_drift(gateway, ports, &record);
    let stored = Record::Drift(record.clone());
    let (written, ()) = join(shelf.write(gateway, ports, &stored), told).await;
    if let Err(error) = written {
        ports.log(&format!("drift could not be recorded: {error}"));
    }
}
