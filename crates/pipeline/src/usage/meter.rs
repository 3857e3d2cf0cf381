//! What an instance has counted, for all requests of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use portcullis_detect::Class;
use portcullis_identity::Principal;
use portcullis_identity::seal::{Purpose, Sealer};
use portcullis_ledger::{AppName, DigestKey, UnixMillis};
use portcullis_policy::{Usage, Used};
use portcullis_settings::{ClassName, ConnectionName};
use portcullis_usage::{Amounts, Reading, Scope, Tally, Totals, Unknown, ValueDigest};

const PURPOSE: Purpose = Purpose::new("usage");

/// The counts of this instance, and how many requests of each scope are under way.
///
/// INVARIANT: the cells are borrowed for as long as a function takes, and never while the store is waited for.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(super) tally: RefCell<Tally>,
    key: DigestKey,
    under_way: Rc<RefCell<BTreeMap<Scope, u32>>>,
}

/// That a request of a scope is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    scope: Scope,
    all: Rc<RefCell<BTreeMap<Scope, u32>>>,
}

/// What was found in a part of an answer, whether it is shown or masked.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    findings: BTreeMap<Class, u64>,
    /// Each value in its one spelling.
    values: BTreeSet<(Class, String)>,
}

impl Meter {
    /// Nothing is counted yet. The key that values are known by is derived from the secret key, so a new one makes all
    /// counts begin anew.
    pub(crate) fn new(app: AppName, sealer: &Sealer) -> Self {
        Self {
            tally: RefCell::new(Tally::new(app)),
            key: DigestKey::new(sealer.digest(PURPOSE, b"")),
            under_way: Rc::default(),
        }
    }

    pub(super) fn scope(&self, principal: &Principal, connection: &ConnectionName) -> Scope {
        Scope::of(&self.key, &principal.id(), connection)
    }

    pub(super) fn begin(&self, scope: Scope) -> UnderWay {
        let mut all = self.under_way.borrow_mut();
        let n_under_way = all.entry(scope).or_default();
        *n_under_way = n_under_way.saturating_add(1);
        UnderWay { scope, all: Rc::clone(&self.under_way) }
    }

    pub(super) fn is_idle(&self, scope: Scope) -> bool {
        !self.under_way.borrow().contains_key(&scope)
    }

    /// What policies may know of the usage; `None` if it is not known.
    pub(crate) fn usage<'c>(
        &self,
        principal: &Principal,
        connection: &ConnectionName,
        now: u64,
        classes: impl Iterator<Item = &'c ClassName> + Clone,
    ) -> Option<Usage> {
        match self.read(self.scope(principal, connection), now) {
            Ok(known) => {
                let [minute, hour, day] =
                    [&known.minute, &known.hour, &known.day].map(|totals| used(totals, classes.clone()));
                Some(Usage { minute, hour, day })
            }
            Err(_unknown) => None,
        }
    }

    pub(super) fn read(&self, scope: Scope, now: u64) -> Result<Box<portcullis_usage::Usage>, Unknown> {
        match self.tally.borrow().read(scope, UnixMillis(now)) {
            Reading::Known(usage) => Ok(usage),
            Reading::Unknown(unknown) => Err(unknown),
        }
    }

    /// What a part of an answer adds to the usage.
    pub(super) fn amounts<'c>(
        &self,
        scope: Scope,
        seen: Seen,
        name: impl Fn(Class) -> Option<&'c ClassName>,
    ) -> Amounts {
        let Seen { findings, values } = seen;
        let findings = findings.into_iter().filter_map(|(class, n)| Some((name(class)?.clone(), n)));
        let values = values.into_iter().filter_map(|(class, value)| {
            let class = name(class)?;
            Some((class.clone(), ValueDigest::of(&self.key, scope, class, &value)))
        });
        Amounts { findings: findings.collect(), values: values.collect(), ..Amounts::default() }
    }
}

impl Seen {
    /// Counts a finding by what it spells.
    pub(crate) fn add(&mut self, class: Class, text: &str) {
        let n = self.findings.entry(class).or_default();
        *n = n.saturating_add(1);
        self.values.insert((class, class.canonical(text)));
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut all = self.all.borrow_mut();
        if let Some(n_under_way) = all.get_mut(&self.scope) {
            *n_under_way = n_under_way.saturating_sub(1);
            if *n_under_way == 0 {
                all.remove(&self.scope);
            }
        }
    }
}

fn used<'c>(totals: &Totals, classes: impl Iterator<Item = &'c ClassName> + Clone) -> Used {
    let by_class = |count: &dyn Fn(&ClassName) -> Option<u64>| {
        classes.clone().map(|class| (class.clone(), count(class))).collect()
    };
    Used {
        calls: totals.calls(),
        denials: totals.denials(),
        bytes: totals.bytes_out(),
        items: totals.items_out(),
        findings: by_class(&|class| totals.findings(class)),
        distinct: by_class(&|class| totals.distinct(class)),
    }
}
