//! Asking people: writing a request, so that of those who ask for the same at the same time one does.
//!
//! The request is put on the day's list, and on the list of what lasts, before it is written; so whatever can be found can also be seen by reviewers.

use portcullis_ledger::UnixMillis;

use crate::id::RequestId;
use crate::known::Known;
use crate::place::{Day, Key, Place};
use crate::protocol::{Answer, Ask, Protocol, StoreTrouble, Unusable, Write};
use crate::raise::{Raise, Raised};
use crate::request::{Asked, Context, Request};
use crate::requirement::Coverage;
use crate::stored::Record;
use crate::vault::Vault;

/// Writes a request.
#[derive(Debug)]
pub struct Create<'v> {
    vault: &'v Vault,
    request: Request,
    /// On which lists it still has to be put, the last one first.
    lists: Vec<Day>,
    /// What is written once it is on the lists, last thing first.
    writes: Vec<Write>,
    stage: Stage<'v>,
}

#[derive(Debug)]
enum Stage<'v> {
    Claim(Raise),
    Done(Result<Step, StoreTrouble>),
    List(Day, Raise),
    /// Somebody else has the number: is their request there, and since when is it awaited?
    LookBack(Known<'v>),
    Mark(Write),
    Write(Write, Kind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Created,
    Raced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It must be there.
    Needed,
    /// Nothing is wrong without it.
    Hint,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Creation {
    /// People are asked.
    Created(Box<Request>),
    /// Somebody else asks for the same at the same time. Their request has this id and is there, or will soon be: tell
    /// the caller that it is pending.
    Raced(RequestId),
}

impl<'v> Create<'v> {
    /// The request that [`Found::MustCreate`](crate::Found) says is needed, with the id that it says.
    ///
    /// # Errors
    /// [`Unusable::TooLong`] if it does not fit the store: then nobody can be asked, so refuse the call.
    pub fn new(
        vault: &'v Vault,
        (id, asked): (RequestId, Asked),
        context: Context,
        now: UnixMillis,
    ) -> Result<Self, Unusable> {
        let request = Request { id, asked, created: now, context };
        let body = vault.write(Place::Request(id), &Record::Request(Box::new(request.clone())))?;
        let latest = vault.write(Place::Latest(id.subject), &Record::Latest(id.generation))?;
        let stage = Stage::Claim(Raise::claim(vault.key(Place::Claim(id))));
        // What lasts must be found for as long, to be taken back.
        let lasting = (request.asked.requirements.coverage() == Coverage::Lasting).then_some(Day::LASTING);
        let lists = lasting.into_iter().chain([Day::of(now)]).collect();
        Ok(Self { vault, request, lists, writes: vec![latest, body], stage })
    }

    /// How it went.
    ///
    /// # Errors
    /// [`StoreTrouble`]: the request may be there or not; the caller may try again.
    pub fn finish(self) -> Result<Creation, StoreTrouble> {
        match self.stage {
            Stage::Done(Ok(Step::Created)) => Ok(Creation::Created(Box::new(self.request))),
            Stage::Done(Ok(Step::Raced)) => Ok(Creation::Raced(self.request.id)),
            Stage::Done(Err(trouble)) => Err(trouble),
            Stage::Claim(_) | Stage::List(..) | Stage::LookBack(_) | Stage::Mark(_) | Stage::Write(..) => {
                Err(StoreTrouble::Failed(self.vault.key(Place::Claim(self.request.id))))
            }
        }
    }

    fn claimed(&mut self, raised: Raised, raise: Raise) -> Stage<'v> {
        match raised {
            Raised::Failed => failed(raise.key()),
            Raised::Going => Stage::Claim(raise),
            Raised::Ours(_) => self.written(),
            Raised::Taken => {
                let mut known = Known::new(self.vault);
                let id = self.request.id;
                known.want([Place::Request(id), Place::Waiting(id)].into());
                Stage::LookBack(known)
            }
        }
    }

    fn listed(&mut self, raised: Raised, (day, raise): (Day, Raise)) -> Stage<'v> {
        match raised {
            Raised::Failed | Raised::Taken => failed(raise.key()),
            Raised::Going => Stage::List(day, raise),
            Raised::Ours(number) => {
                let place = Place::Entry(day, number);
                match self.vault.write(place, &Record::Entry(self.request.id)) {
                    Ok(write) => Stage::Write(write, Kind::Needed),
                    Err(why) => Stage::Done(Err(StoreTrouble::Unusable { key: self.vault.key(place), why })),
                }
            }
        }
    }

    fn written(&mut self) -> Stage<'v> {
        if let Some(day) = self.lists.pop() {
            return Stage::List(day, Raise::number(self.vault.key(Place::Index(day))));
        }
        let next = self.writes.pop();
        let kind = if self.writes.is_empty() { Kind::Hint } else { Kind::Needed };
        next.map_or(Stage::Done(Ok(Step::Created)), |write| Stage::Write(write, kind))
    }

    /// Leaves word since when the request is awaited, unless somebody has, or it is there.
    fn looked_back(&self, known: &Known<'v>) -> Stage<'v> {
        if let Err(trouble) = known.finish() {
            return Stage::Done(Err(trouble));
        }
        let id = self.request.id;
        let is_there = |place| known.record(place).flatten().is_some();
        if is_there(Place::Request(id)) || is_there(Place::Waiting(id)) {
            return Stage::Done(Ok(Step::Raced));
        }
        match self.vault.write(Place::Waiting(id), &Record::Waiting(self.request.created)) {
            Ok(write) => Stage::Mark(write),
            Err(why) => {
                Stage::Done(Err(StoreTrouble::Unusable { key: self.vault.key(Place::Waiting(id)), why }))
            }
        }
    }
}

impl Protocol for Create<'_> {
    fn asks(&self) -> Vec<Ask> {
        match &self.stage {
            Stage::Claim(raise) | Stage::List(_, raise) => vec![raise.ask()],
            Stage::Done(_) => Vec::new(),
            Stage::LookBack(known) => known.asks(),
            Stage::Mark(write) | Stage::Write(write, _) => vec![write.clone().into()],
        }
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        let first = answers.first().cloned().unwrap_or(Answer::Failed);
        let stage = std::mem::replace(&mut self.stage, Stage::Done(Ok(Step::Raced)));
        self.stage = match stage {
            Stage::Claim(mut raise) => self.claimed(raise.learn(&first), raise),
            Stage::Done(result) => Stage::Done(result),
            Stage::List(day, mut raise) => self.listed(raise.learn(&first), (day, raise)),
            Stage::LookBack(mut known) => {
                known.learn(answers);
                self.looked_back(&known)
            }
            Stage::Mark(_) => Stage::Done(Ok(Step::Raced)),
            Stage::Write(_, Kind::Hint) => self.written(),
            Stage::Write(_, Kind::Needed) if first == Answer::Written => self.written(),
            Stage::Write(write, Kind::Needed) => failed(&write.key),
        };
    }
}

fn failed<'v>(key: &Key) -> Stage<'v> {
    Stage::Done(Err(StoreTrouble::Failed(key.clone())))
}
