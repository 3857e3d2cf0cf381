//! Putting in force what was pushed: looked for before a request is decided, but not more often than twice a second.
//!
//! While something is in force, whatever goes wrong leaves it there; the operator is told once, and again when it is
//! over. An instance that starts has nothing to fall back on. Where the store does not answer, it serves nothing: were
//! the mounted files enough, whoever makes the store fail would choose the policies.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use futures_util::future::{join, try_join_all};
use portcullis_policy::{BundleDigest, Serial};
use portcullis_release::{Entry, Keys, Pointer, Refused, Search, Trusted, Want, n_chunks, open};
use portcullis_settings::{PolicySettings, PolicySource};

use crate::active::Active;
use crate::gateway::Gateway;
use crate::ports::{Ports, StoreError};
use crate::refusal::Refusal;

/// For how long what was found is believed, in microseconds: what is pushed is to be in force within a second.
const BELIEVED_US: u64 = 500_000;
/// How many entries before one that is refused an instance tries that starts.
const BACK: u64 = 8;

/// The mounted files, read when they are first needed.
type Mounted = Box<dyn Fn() -> Result<Active, String>>;

/// What an instance knows about what was pushed.
pub(crate) struct Releases {
    pub(crate) keys: Keys,
    pub(crate) trusted: Trusted,
    mounted: Mounted,
    /// Whether anything is in force.
    is_loaded: Cell<bool>,
    /// When it was last looked, on the clock that only goes forward.
    looked: Cell<Option<u64>>,
    /// What keeps the latest from being in force.
    complaint: RefCell<Option<String>>,
}

/// What was found after the entry that is known.
struct Found {
    latest: Option<Active>,
    /// Why later ones are not in force.
    refused: Vec<(Serial, Refused)>,
}

/// Chunks of the bundle that the pointer leads to, read while its entry is.
type Fetched = Option<(Pointer, Vec<Option<Vec<u8>>>)>;

impl Releases {
    /// `is_loaded`: the policies that the gateway has been given are in force until something else is found.
    pub(crate) fn new(keys: Keys, settings: &PolicySettings, mounted: Mounted, is_loaded: bool) -> Self {
        Self {
            keys,
            trusted: Trusted::of(settings),
            mounted,
            is_loaded: Cell::new(is_loaded),
            looked: Cell::new(None),
            complaint: RefCell::default(),
        }
    }

    /// What keeps the latest from being in force, if anything does.
    pub(crate) fn complaint(&self) -> Option<String> {
        self.complaint.borrow().clone()
    }

    fn must_look(&self, now: u64) -> bool {
        let looked = self.looked.get().filter(|_| self.is_loaded.get());
        looked.is_none_or(|looked| now.saturating_sub(looked) >= BELIEVED_US)
    }

    /// Tells the operator what has changed.
    fn complain<P: Ports>(&self, ports: &P, complaint: Option<String>) {
        let before = self.complaint.replace(complaint.clone());
        match (before, complaint) {
            (before, Some(now)) if before.as_ref() != Some(&now) => ports.log(&format!("policies: {now}")),
            (Some(_), None) => ports.log("policies: the latest that was pushed is in force again"),
            (Some(_) | None, _) => {}
        }
    }
}

impl Gateway {
    /// What is in force, after looking for something later if it is time to.
    ///
    /// # Errors
    /// [`Refusal::NoPolicy`]: nothing is in force, and this says why.
    pub(crate) async fn refresh<P: Ports>(&self, ports: &P) -> Result<Rc<Active>, Refusal> {
        let is_settled = self.settings().policy.source == PolicySource::Files;
        if is_settled || !self.releases.must_look(ports.monotonic()) {
            return Ok(self.active());
        }
        self.look(ports).await
    }

    /// What is in force, after looking for something later.
    pub(crate) async fn look<P: Ports>(&self, ports: &P) -> Result<Rc<Active>, Refusal> {
        let releases = &self.releases;
        if self.settings().policy.source == PolicySource::Files {
            return Ok(self.active());
        }
        // Requests that come meanwhile go on with what is in force.
        releases.looked.set(Some(ports.monotonic()));
        let known = self.active().release().map(|entry| entry.envelope.serial());
        let found = match self.find(ports, known).await {
            Ok(found) => found,
            Err(error) => return self.keep(ports, format!("what was pushed cannot be read: {error}")),
        };
        let complaint = found.refused.first().map(|(serial, refused)| format!("serial {serial}: {refused}"));
        match (found.latest, complaint) {
            (Some(latest), complaint) => {
                self.adopt(ports, latest);
                releases.complain(ports, complaint);
                Ok(self.active())
            }
            (None, Some(complaint)) => self.keep(ports, complaint),
            (None, None) => self.mount(ports),
        }
    }

    /// Nothing later is there.
    fn mount<P: Ports>(&self, ports: &P) -> Result<Rc<Active>, Refusal> {
        let releases = &self.releases;
        if !releases.is_loaded.get() {
            let minimum = self.settings().policy.minimum_serial;
            if minimum > 0 {
                return self
                    .keep(ports, format!("`policy.minimum_serial` is {minimum}, and nothing was pushed"));
            }
            match (releases.mounted)() {
                Ok(active) => self.put_in_force(active),
                Err(reason) => return self.keep(ports, reason),
            }
        }
        releases.complain(ports, None);
        Ok(self.active())
    }

    /// Leaves what is in force, if anything is.
    fn keep<P: Ports>(&self, ports: &P, complaint: String) -> Result<Rc<Active>, Refusal> {
        self.releases.complain(ports, Some(complaint.clone()));
        match self.releases.is_loaded.get() {
            true => Ok(self.active()),
            false => Err(Refusal::NoPolicy(complaint)),
        }
    }

    /// Puts something in force unless it is older than what is: another request may have been faster.
    fn adopt<P: Ports>(&self, ports: &P, latest: Active) {
        let serial = |active: &Active| active.release().map(|entry| entry.envelope.serial());
        let before = self.active();
        if serial(&latest) <= serial(&before) {
            return;
        }
        if self.releases.is_loaded.get() {
            let digest = latest.policies().bundle_digest();
            let serial = serial(&latest).unwrap_or(Serial(0));
            ports.log(&format!("policies: serial {serial} is in force, {digest}"));
        }
        self.put_in_force(latest);
    }

    fn put_in_force(&self, active: Active) {
        self.releases.is_loaded.set(true);
        self.replace(active);
    }

    async fn find<P: Ports>(&self, ports: &P, known: Option<Serial>) -> Result<Found, StoreError> {
        let (mut search, mut fetched) = (Search::after(known), None);
        while !search.wants().is_empty() {
            // An instance that starts reads the bundle together with the entry that says which it is.
            let pointer = search.pointer().filter(|_| fetched.is_none());
            let (values, chunks) =
                join(self.wanted(ports, search.wants()), self.pointed(ports, pointer)).await;
            search.learn(values?);
            fetched = chunks?.or(fetched);
        }
        if search.is_endless() {
            return Err(StoreError("there are too many entries".to_owned()));
        }
        let mut found = Found { latest: None, refused: Vec::new() };
        let mut entries = search.into_found();
        let oldest = entries.last().map_or(Serial(0), |(serial, _)| *serial);
        self.judge(ports, entries, fetched.as_ref(), &mut found).await?;
        // What was in force before is better than nothing, and was pushed by somebody who may.
        if found.latest.is_none() && known.is_none() && oldest > Serial(1) {
            let before =
                (1..=BACK).filter_map(|back| oldest.0.checked_sub(back)).filter(|serial| *serial > 0);
            entries = self.entries(ports, before.map(Serial)).await?;
            self.judge(ports, entries, None, &mut found).await?;
        }
        Ok(found)
    }

    /// The bundle that the pointer leads to.
    async fn pointed<P: Ports>(&self, ports: &P, pointer: Option<Pointer>) -> Result<Fetched, StoreError> {
        let Some(pointer) = pointer else { return Ok(None) };
        let chunks = self.chunks(ports, pointer.bundle, pointer.length).await?;
        Ok(Some((pointer, chunks)))
    }

    /// A search for the latest entry, at its end.
    pub(crate) async fn search<P: Ports>(&self, ports: &P) -> Result<Search, StoreError> {
        let mut search = Search::after(None);
        while !search.wants().is_empty() {
            let values = self.wanted(ports, search.wants()).await?;
            search.learn(values);
        }
        Ok(search)
    }

    async fn wanted<P: Ports>(&self, ports: &P, wants: &[Want]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let keys: Vec<String> = wants.iter().map(|want| self.releases.keys.wanted(*want)).collect();
        try_join_all(keys.iter().map(|key| ports.get(key))).await
    }

    /// The entries at these serials that are there, in the order that was asked for.
    pub(crate) async fn entries<P: Ports>(
        &self,
        ports: &P,
        serials: impl Iterator<Item = Serial>,
    ) -> Result<Vec<(Serial, Vec<u8>)>, StoreError> {
        let wants: Vec<Want> = serials.map(Want::Entry).collect();
        let values = self.wanted(ports, &wants).await?;
        let entries = wants.into_iter().zip(values).filter_map(|(want, value)| match want {
            Want::Entry(serial) => Some((serial, value?)),
            Want::Pointer | Want::Skip(_) => None,
        });
        Ok(entries.collect())
    }

    /// The chunks of a bundle, in order.
    pub(crate) async fn chunks<P: Ports>(
        &self,
        ports: &P,
        bundle: BundleDigest,
        length: usize,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        // Only an entry bounds the length; a pointer is whatever somebody wrote.
        let length = length.min(portcullis_release::MAX_BUNDLE_BYTES);
        let keys: Vec<String> =
            (0..n_chunks(length)).map(|index| self.releases.keys.chunk(bundle, index)).collect();
        try_join_all(keys.iter().map(|key| ports.get(key))).await
    }

    /// Looks for the first of some entries that can be put in force.
    async fn judge<P: Ports>(
        &self,
        ports: &P,
        entries: Vec<(Serial, Vec<u8>)>,
        fetched: Option<&(Pointer, Vec<Option<Vec<u8>>>)>,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        for (serial, bytes) in entries {
            let entry = match self.believed(serial, &bytes) {
                Ok(entry) => entry,
                Err(refused) => {
                    found.refused.push((serial, refused));
                    continue;
                }
            };
            let (bundle, length) = (entry.envelope.bundle(), entry.length);
            let at_hand = fetched.filter(|(pointer, _)| pointer.bundle == bundle && pointer.length == length);
            let chunks = match at_hand {
                Some((_, chunks)) => chunks.clone(),
                None => self.chunks(ports, bundle, length).await?,
            };
            let opened = open(bundle, chunks, self.releases.is_loaded.get());
            let opened = opened.and_then(|policies| {
                Active::of_bundle(policies).map_err(|unusable| Refused::Section(unusable.to_string()))
            });
            match opened {
                Ok(active) => {
                    found.latest = Some(active.pushed(entry));
                    return Ok(());
                }
                Err(refused) => found.refused.push((serial, refused)),
            }
        }
        Ok(())
    }

    /// What lies at a serial, if somebody who is trusted vouches for it.
    pub(crate) fn believed(&self, at: Serial, bytes: &[u8]) -> Result<Entry, Refused> {
        let entry = Entry::parse(bytes)?;
        entry.check(at, &self.releases.trusted, self.settings().policy.minimum_serial)?;
        Ok(entry)
    }
}

impl fmt::Debug for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Releases").field("complaint", &self.complaint).finish_non_exhaustive()
    }
}
