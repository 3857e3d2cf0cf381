//! What an instance knows: settings, policies, detectors, and what it has learned since it started.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use portcullis_approval::{AccessRule, Vault};
use portcullis_detect::{Class, KnownValues};
use portcullis_identity::seal::Sealer;
use portcullis_identity::{KeyCache, Principal, TokenCache};
use portcullis_ledger::AppName;
use portcullis_pins::{Approved, Kind};
use portcullis_policy::{DenyRules, PolicySet, Target, Usage};
use portcullis_release::Keys;
use portcullis_settings::{ClassName, Connection, ConnectionName, IssuerName, PolicySource, Settings};

use crate::active::Active;
use crate::attempts::Attempts;
use crate::breakers::Breakers;
use crate::checkpoints::Looked;
use crate::control::SignIns;
use crate::definitions::{Known, Reported};
use crate::guard::Lists;
use crate::journal::{Journal, LedgerKeys};
use crate::pace::Paces;
use crate::params::KnownTools;
use crate::releases::Releases;
use crate::spans::Spans;
use crate::usage::Meter;
use crate::webhooks::Post;

/// What the file of the settings is called where a policy says where it is from.
const SETTINGS: &str = "portcullis.toml";

/// How many verified tokens an instance remembers.
const TOKENS: usize = 1024;

/// How many refusals of unproven callers an instance records in a minute: strangers must not fill the store. An
/// instance serves 128 requests unless the host is told otherwise, so this is a share of them, not only a rate.
const STRANGERS_PER_MINUTE: u32 = 8;

/// One running gateway. Made once per instance and shared by its requests.
#[derive(Debug)]
pub struct Gateway {
    app: AppName,
    settings: Settings,
    /// The rules of the settings.
    rules: DenyRules,
    /// INVARIANT: whatever is in force is so under the rules.
    active: RefCell<Rc<Active>>,
    pub(crate) releases: Releases,
    /// The credentials of connections, as they are searched for.
    credentials: RefCell<BTreeMap<ConnectionName, Arc<KnownValues>>>,
    sealer: Sealer,
    approvals: Vault,
    /// The groups that can be asked for.
    access: Vec<AccessRule>,
    pub(crate) journal: Journal,
    class_names: BTreeMap<Class, ClassName>,
    no_labels: BTreeSet<ClassName>,
    pub(crate) attempts: RefCell<Attempts>,
    /// The refusals of callers that nobody proved, of all addresses together.
    pub(crate) strangers: RefCell<Attempts>,
    pub(crate) keys: RefCell<BTreeMap<IssuerName, KeyCache>>,
    pub(crate) tokens: RefCell<TokenCache>,
    /// When this instance was last found to be able to serve, or not.
    pub(crate) probed: Cell<Option<(u64, bool)>>,
    /// The headers that tools ask for.
    pub(crate) tools: RefCell<KnownTools>,
    /// The definitions of upstreams, as far as they were seen.
    pub(crate) definitions: RefCell<Known>,
    /// Lists of upstreams that may come again as they were.
    pub(crate) lists: RefCell<Lists>,
    /// The lists that a request is reading right now.
    pub(crate) reading: RefCell<BTreeSet<(ConnectionName, Kind)>>,
    /// What was told of definitions that are not the approved ones.
    pub(crate) reported: RefCell<Reported>,
    /// What callers have used.
    pub(crate) meter: Meter,
    /// How many requests may come.
    pub(crate) paces: Paces,
    /// Which upstreams are left alone.
    pub(crate) breakers: Breakers,
    /// The issuers whose keys a request is fetching right now.
    pub(crate) fetching: RefCell<BTreeSet<IssuerName>>,
    /// When it was last looked whether a checkpoint is due.
    pub(crate) checkpoints: Looked,
    /// What is told to others.
    pub(crate) post: Post,
    /// What is told to a collector.
    pub(crate) spans: Spans,
    /// What it needs to let people sign in.
    pub(crate) sign_ins: SignIns,
}

impl Gateway {
    /// A gateway with nothing learned yet. Everything it stores is under the name of the application.
    ///
    /// `mounted` reads the mounted policies. That is done at once where they are what counts; where policies are pushed,
    /// only if none ever were. Until it is known, nothing is in force and every request is refused.
    ///
    /// # Errors
    /// What `mounted` says, if it is asked at once; what keeps the rules of the settings from becoming policies; a secret
    /// without a name.
    pub fn new(
        app: AppName,
        settings: Settings,
        mounted: impl Fn() -> Result<Active, String> + 'static,
    ) -> Result<Self, String> {
        let rules = DenyRules::of(&settings.deny, SETTINGS).map_err(|problems| problems.to_string())?;
        let (active, is_loaded) = match settings.policy.source {
            PolicySource::Files => (mounted()?, true),
            PolicySource::Pushed => {
                let nothing = PolicySet::parse(&[]).map_err(|problems| problems.to_string())?;
                (Active::new(nothing, Approved::default()), false)
            }
        };
        let releases = Releases::new(Keys::new(&app), &settings.policy, Box::new(mounted), is_loaded);
        let access = crate::access::rules(&settings)?;
        let sealer = Sealer::new(&settings.secret_key, &settings.previous_secret_keys);
        let named = |class: Class| Some((class, ClassName::try_from(class.as_str().to_owned()).ok()?));
        let class_names = Class::built_in().filter_map(named).collect();
        Ok(Self {
            attempts: RefCell::new(Attempts::new(settings.limits.failures_per_minute)),
            strangers: RefCell::new(Attempts::new(STRANGERS_PER_MINUTE)),
            keys: RefCell::default(),
            tokens: RefCell::new(TokenCache::new(TOKENS)),
            fetching: RefCell::default(),
            sign_ins: SignIns::new(),
            tools: RefCell::default(),
            definitions: RefCell::default(),
            lists: RefCell::default(),
            reading: RefCell::default(),
            reported: RefCell::default(),
            meter: Meter::new(app.clone(), &sealer),
            paces: Paces::new(&settings.limits),
            breakers: Breakers::new(&settings),
            probed: Cell::new(None),
            checkpoints: Looked::default(),
            journal: Journal::new(app.clone(), &sealer)?,
            approvals: Vault::new(app.clone(), sealer.clone()),
            access,
            post: Post::new(app.clone(), sealer.clone()),
            spans: Spans::default(),
            app,
            settings,
            active: RefCell::new(Rc::new(active.under(&rules))),
            rules,
            releases,
            credentials: RefCell::default(),
            sealer,
            class_names,
            no_labels: BTreeSet::new(),
        })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the ledger is written and read with.
    #[must_use]
    pub fn ledger_keys(&self) -> &LedgerKeys {
        self.journal.keys()
    }

    /// The approvals in the store, sealed with what comes from the secret of the settings.
    #[must_use]
    pub fn approvals(&self) -> &Vault {
        &self.approvals
    }

    /// The groups that can be asked for.
    pub(crate) fn access(&self) -> &[AccessRule] {
        &self.access
    }

    /// The name under which everything in the store is.
    #[must_use]
    pub fn app(&self) -> &AppName {
        &self.app
    }

    /// What is in force now. A later call may give something else.
    pub(crate) fn active(&self) -> Rc<Active> {
        Rc::clone(&self.active.borrow())
    }

    /// Requests that are under way go on with what they have.
    pub(crate) fn replace(&self, active: Active) {
        self.active.replace(Rc::new(active.under(&self.rules)));
    }

    /// The credential of a connection, to find it in what the connection gives back.
    pub(crate) fn credential_of(&self, connection: &ConnectionName) -> Option<Arc<KnownValues>> {
        let credential = self.connection(connection)?.credential.as_ref()?;
        let mut known = self.credentials.borrow_mut();
        let search = || Arc::new(KnownValues::new(credential.texts().iter().map(String::as_str)));
        Some(Arc::clone(known.entry(connection.clone()).or_insert_with(search)))
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    pub(crate) fn connection(&self, name: &ConnectionName) -> Option<&Connection> {
        self.settings.connections.get(name)
    }

    /// The name of a class for policy.
    pub(crate) fn class_name<'a>(&'a self, active: &'a Active, class: Class) -> Option<&'a ClassName> {
        self.class_names.get(&class).or_else(|| active.own_classes().get(&class))
    }

    pub(crate) fn no_labels(&self) -> &BTreeSet<ClassName> {
        &self.no_labels
    }

    /// What the principal has used on the connection, for policy to decide about this target. It is not looked up where
    /// no policy that can match reads it, and `None` then as well as where it is not known.
    pub(crate) fn usage(
        &self,
        active: &Active,
        (principal, connection): (&Principal, &ConnectionName),
        target: Target<'_>,
        now: u64,
    ) -> Option<Usage> {
        let may_read = active.policies().may_read_usage(principal, connection, target);
        if !may_read {
            return None;
        }
        self.meter.usage(principal, connection, now, active.counted_names())
    }

    /// Whether findings of a class are masked for this principal on this connection. A class that has no name
    /// for policy is.
    pub(crate) fn masks(&self, class: Class, principal: &Principal, connection: &ConnectionName) -> bool {
        let active = self.active();
        let Some(name) = self.class_name(&active, class) else { return true };
        self.settings.masking.covers(name, class.is_sensitive())
            && !active.policies().may_unmask(principal, connection, name)
    }
}
