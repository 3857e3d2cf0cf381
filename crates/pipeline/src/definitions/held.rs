//! Definitions that are held: the owners of the connection are asked, and what they have approved counts as pinned.
//!
//! All who call the same definition ask for the same. The definition itself is read from the upstream once more when
//! people are to be asked, since only its digest is remembered. What they have approved is looked up for every call, so
//! that taking it back ends it on the next one.

use std::borrow::Cow;
use std::fmt;

use futures_util::future::join;
use portcullis_approval::{
    Asked, ContentDigest, Context, Covered, Create, Creation, Definition, DefinitionRule, Found, MaskedText,
    RequestId, Requester,
};
use portcullis_ledger::UnixMillis;
use portcullis_mcp::answer::{self, code};
use portcullis_mcp::json::Object;
use portcullis_mcp::message::Message;
use portcullis_mcp::method::Method;
use portcullis_pins::{self as pins, DefinitionDigest, MemberChange, changed_members};
use portcullis_settings::Connection;

use crate::approvals::{drive, find, settle};
use crate::definitions::drifted::Drifted;
use crate::definitions::known::Seen;
use crate::definitions::news::told;
use crate::definitions::read::{self, Place, read};
use crate::definitions::{Basis, report_asked, turn};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::record;
use crate::refusal::{Addressee, Refusal};
use crate::webhooks;

/// In how many members a definition differs that reviewers are told of; the definition itself has the rest.
const MOST_CHANGES: usize = 16;
/// The longest line about one of them, in bytes.
const LONGEST_CHANGE: usize = 2048;

/// A definition whose owners are asked. `Display` is for the operator.
#[derive(Debug)]
pub struct HeldDefinition {
    drifted: Drifted,
    pub(crate) request: RequestId,
    /// Where people can approve it.
    page: String,
    standing: Standing,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The owners are asked from now on.
    Asked,
    /// They have said no.
    Rejected,
    /// They were asked before, and have not all answered.
    Waiting,
}

impl HeldDefinition {
    fn refusal<P: Ports>(
        x: &Exchange<P>,
        drifted: Drifted,
        (request, standing): (RequestId, Standing),
    ) -> Refusal {
        let page = x.gateway.settings().public_url.approval_page(request);
        Refusal::DriftHeld(Box::new(Self { drifted, request, page, standing }))
    }

    /// Why the call is refused, in one word.
    pub(crate) fn kind(&self) -> &'static str {
        match self.standing {
            Standing::Asked | Standing::Waiting => "drift_held",
            Standing::Rejected => "drift_rejected",
        }
    }

    /// What the caller is told: a result of the tool, which every client shows to its model, or an error. Nothing of
    /// the definition is in it.
    pub(crate) fn message(&self, to: &Addressee) -> Message<'static> {
        if let (Some(id), Some(Method::ToolsCall), Some(era)) = (&to.id, to.method, to.era) {
            return answer::tool_error(id.clone(), era, self.text());
        }
        let (code, state) = match self.standing {
            Standing::Asked | Standing::Waiting => (code::NEEDS_APPROVAL, "pending"),
            Standing::Rejected => (code::REJECTED, "rejected"),
        };
        let approval = Object::new()
            .with("request", self.request.to_string())
            .with("state", state)
            .with("url", self.page.clone());
        answer::error(to.id.clone(), code, self.text(), Some(Object::new().with("approval", approval).into()))
    }

    fn text(&self) -> String {
        let Self { drifted: _, request, page, standing } = self;
        let since = match standing {
            Standing::Asked => "by a person, who is asked now",
            Standing::Waiting => "by a person, which is not there yet",
            Standing::Rejected => {
                return format!(
                    "rejected by a person, so it did not happen (request {request}). Do not call it again; whoever may \
                     see it finds more at {page}"
                );
            }
        };
        format!(
            "needs approval {since} (request {request}). Somebody who may approve it can do so at {page} , and only \
             then it can be called: call again once they have"
        )
    }
}

impl fmt::Display for HeldDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { drifted, request, page: _, standing } = self;
        let standing = match standing {
            Standing::Asked => "its owners are asked",
            Standing::Rejected => "its owners have rejected it",
            Standing::Waiting => "its owners are asked already",
        };
        write!(f, "{standing}, request {request}: {drifted}")
    }
}

/// What a whole list has under a name that nothing is pinned under; `None` if nothing.
pub(super) async fn shown<P: Ports>(
    x: &Exchange<P>,
    place: &Place<'_>,
    name: &str,
) -> Result<Option<Seen>, Refusal> {
    let known = || -> Result<Option<Option<Seen>>, Refusal> {
        let known = x.gateway.definitions.borrow();
        Ok(known.whole(x.connection_name()?, place, name, x.now))
    };
    if let Some(found) = known()? {
        return Ok(found);
    }
    let what = (x.connection_name()?.clone(), place.kind);
    let _turn = turn(x, &what).await?;
    // Who had the turn before may have found it.
    if let Some(found) = known()? {
        return Ok(found);
    }
    read(x, place).await?;
    Ok(known()?.flatten())
}

/// Lets a call pass whose definition its owners have approved; else they are asked.
///
/// # Errors
/// [`Refusal::DriftHeld`]: they are asked now, have not answered, or have said no. [`Refusal::Drift`]: there is nothing
/// that they could be asked about.
pub(super) async fn pass<P: Ports>(
    x: &Exchange<P>,
    place: &Place<'_>,
    drifted: Drifted,
) -> Result<Basis, Refusal> {
    let requester = Requester::of(x.caller()?.principal());
    let asked = match (drifted.difference.live(), requester) {
        (Some(live), Ok(requester)) => {
            asked(x.connection()?, &drifted, live, requester).map(|asked| (live, asked))
        }
        (None, _) | (_, Err(_)) => None,
    };
    let Some((live, asked)) = asked else { return Err(Refusal::Drift(Box::new(drifted))) };
    let held = match find(x, &asked, None).await? {
        Found::Granted { covered: Covered::Window(cleared), settle: write } => {
            settle(&*x.ports, write).await;
            return Ok(Basis { definition: Some(live), approval: Some(cleared.request()) });
        }
        // What lasts is not for one call.
        Found::Granted { covered: Covered::Once(_), .. } => return Err(Refusal::Drift(Box::new(drifted))),
        Found::MustCreate { id, after: _ } => {
            return Err(create(x, place, (drifted, live), (id, asked)).await);
        }
        Found::Pending(case) => (case.request().id, Standing::Waiting),
        Found::Rejected { case, next: _ } => (case.request().id, Standing::Rejected),
    };
    Err(HeldDefinition::refusal(x, drifted, held))
}

/// What is asked of the owners; `None` if there are none, or something has no name that can be stored.
pub(super) fn asked(
    connection: &Connection,
    drifted: &Drifted,
    live: DefinitionDigest,
    requester: Requester,
) -> Option<Asked> {
    let owners = connection.owners.as_ref()?;
    let rule = DefinitionRule { owners: owners.group.as_str().parse().ok()?, n_owners: owners.approvers };
    let digest = |digest: DefinitionDigest| ContentDigest::from_bytes(*digest.as_bytes());
    let definition = Definition {
        requester,
        connection: drifted.connection.clone(),
        kind: drifted.kind.as_str().to_owned(),
        name: drifted.name.clone(),
        digest: digest(live),
        pinned: drifted.difference.pinned().map(digest),
    };
    rule.ask(definition).ok()
}

/// Asks the owners, and says what the call is refused for.
async fn create<P: Ports>(
    x: &Exchange<P>,
    place: &Place<'_>,
    (mut drifted, live): (Drifted, DefinitionDigest),
    (id, asked): (RequestId, Asked),
) -> Refusal {
    let told_of = match read::one(x, place, (&drifted.name, live)).await {
        Ok(Some(item)) => context(x, &mut drifted, &item),
        Ok(None) => {
            return Refusal::Upstream("a definition changed while its owners were to be asked".to_owned());
        }
        Err(refusal) => return refusal,
    };
    let (context, now) = match told_of {
        Ok(context) => (context, UnixMillis(x.ports.now())),
        Err(why) => return unapprovable(x, drifted, &why),
    };
    let mut create = match Create::new(x.gateway.approvals(), (id, asked), context, now) {
        Ok(create) => create,
        Err(why) => return unapprovable(x, drifted, &why.to_string()),
    };
    drive(&*x.ports, &mut create).await;
    match create.finish() {
        Ok(Creation::Created(request)) => {
            let told = report_asked(&x.gateway, &*x.ports, &drifted, request.id);
            join(told, webhooks::requested(x, &request)).await;
            HeldDefinition::refusal(x, drifted, (request.id, Standing::Asked))
        }
        Ok(Creation::Raced(id)) => HeldDefinition::refusal(x, drifted, (id, Standing::Waiting)),
        Err(trouble) => trouble.into(),
    }
}

fn unapprovable<P: Ports>(x: &Exchange<P>, drifted: Drifted, why: &str) -> Refusal {
    let Drifted { kind, connection, .. } = &drifted;
    let kind = kind.as_str();
    x.ports.log(&format!("the owners of `{connection}` cannot be asked about a {kind}: {why}"));
    Refusal::Drift(Box::new(drifted))
}

/// What the owners are shown: all of the definition, masked as it is on record, and in what it differs.
fn context<P: Ports>(x: &Exchange<P>, drifted: &mut Drifted, item: &Object<'_>) -> Result<Context, String> {
    let mut masker = x.masker().looking_for(x.gateway.credential_of(&drifted.connection));
    let text = record::text(&mut masker, item.clone().into());
    let definition = MaskedText::of(&text);
    if definition.n_omitted() > 0 {
        // What reviewers do not see they do not review, and nobody else looks at a definition.
        return Err(format!("it has {} bytes more than can be shown to them", definition.n_omitted()));
    }
    let mut changes = changes(x, drifted, item)?;
    let paths = || changes.iter().map(|change| change.path.clone()).collect();
    drifted.difference = told(drifted.difference.clone(), paths);
    let n_more = changes.len().saturating_sub(MOST_CHANGES);
    let mut lines: Vec<String> = Vec::new();
    for change in changes.iter_mut().take(MOST_CHANGES) {
        let values = [&mut change.before, &mut change.after];
        values.into_iter().flatten().for_each(|value| masker.value(value));
        let mut line = Cow::Owned(change.line());
        masker.text(&mut line);
        lines.push(cut(line.into_owned()));
    }
    if n_more > 0 {
        lines.push(format!("{n_more} more members differ"));
    }
    Ok(Context { arguments: definition, reasons: lines, ..Context::default() })
}

/// In what a definition differs from its pin; nothing if it has none.
fn changes<P: Ports>(
    x: &Exchange<P>,
    drifted: &Drifted,
    item: &Object<'_>,
) -> Result<Vec<MemberChange>, String> {
    let Drifted { kind, name, connection, difference, .. } = drifted;
    if difference.pinned().is_none() {
        return Ok(Vec::new());
    }
    let pinned =
        x.active.approved().definition(connection, *kind, name).map_err(|error| error.to_string())?;
    let both = pinned.zip(pins::Definition::of(*kind, item));
    let (pinned, live) = both.ok_or_else(|| "what is pinned cannot be read".to_owned())?;
    Ok(changed_members(&pinned, live.members()))
}

fn cut(mut line: String) -> String {
    if line.len() > LONGEST_CHANGE {
        line.truncate(line.floor_char_boundary(LONGEST_CHANGE));
        line.push('…');
    }
    line
}
