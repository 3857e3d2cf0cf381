//! `portcullis pin`: look at what an upstream says of its tools, prompts and resources, and approve it.
//!
//! What is fetched is what clients would get, from the upstream of the settings and with its credential. It is shown
//! as it differs from what is approved now, and written only when somebody says so. Not here: what definitions and
//! differences are (`portcullis-pins`), and what happens to a definition that nobody has approved (the gateway).

mod exchange;
mod shown;
mod upstream;
mod variables;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_host::Client;
use portcullis_pins::{Changes, Kind, Pins};
use portcullis_policy::Problem;
use portcullis_schema::World;
use portcullis_settings::{Connection, ConnectionName, Draft};

use crate::arguments::Pin;
use crate::exit::Exit;
use crate::pin::upstream::Upstream;
use crate::terminal::{self, Style};
use crate::trial::folder::{Folder, PINS, Parsed};
use crate::trial::problem::{Reader, refuse, suggest};

/// Shows what has changed, and writes it where that is wanted; exit code 1 if something has changed and was not
/// written, 3 if a file is wrong.
pub(crate) async fn run(arguments: Pin) -> anyhow::Result<Exit> {
    let texts = Folder::read(&arguments.policies)?;
    // The pins of this connection may be the very thing that is wrong, and are about to be replaced.
    let parsed = match texts.parse_without_pins_of(&arguments.connection) {
        Ok(parsed) => parsed,
        Err(problems) => return Ok(refuse(&problems, Reader::Person)),
    };
    let connection = connection(&arguments, &parsed.draft)?;
    let place = Place::of(&arguments.policies, &connection.name);
    let before = place.read(&connection.name)?;
    let after = fetch(&arguments, &connection, before.as_ref(), &parsed.draft).await?;
    let nothing = Pins::new(connection.name.clone(), []);
    let before_or_nothing = before.as_ref().unwrap_or(&nothing);
    let changes = Changes::between(before_or_nothing, &after);
    tell(&after, &changes);
    if before.as_ref().is_some_and(|before| before.to_text() == after.to_text()) {
        return Ok(Exit::Ok);
    }
    tell_policies(&parsed, before_or_nothing, &after)?;
    if arguments.check || !is_wanted(&arguments, &connection.name)? {
        terminal::line(&format!("{}: not written", place.path.display()));
        return Ok(Exit::Failure);
    }
    place.write(&after)?;
    terminal::line(&format!("{}: written", place.path.display()));
    Ok(Exit::Ok)
}

/// The connection of the settings, with its variables filled in.
fn connection(arguments: &Pin, draft: &Draft) -> anyhow::Result<Connection> {
    let wanted = arguments.connection.as_str();
    let known: Vec<&str> = draft.connections().map(ConnectionName::as_str).collect();
    let unknown = || format!("the settings have no connection `{wanted}`; {}", suggest(wanted, &known));
    let name = draft.connections().find(|name| name.as_str() == wanted).with_context(unknown)?;
    let values = variables::values(arguments)?;
    draft.resolve_connection(name, &values)?.with_context(unknown)
}

/// What the upstream says now; kinds that are not asked for stay as they are.
async fn fetch(
    arguments: &Pin,
    connection: &Connection,
    before: Option<&Pins>,
    draft: &Draft,
) -> anyhow::Result<Pins> {
    let kinds: BTreeSet<Kind> = match arguments.kinds.as_slice() {
        [] => Kind::ALL.into(),
        some => some.iter().copied().collect(),
    };
    let kept: Vec<Kind> =
        before.iter().flat_map(|pins| pins.kinds()).filter(|kind| !kinds.contains(kind)).collect();
    let mut pins = Pins::new(connection.name.clone(), kinds.iter().chain(&kept).copied());
    for definition in kept.iter().filter_map(|kind| before?.of(*kind)).flat_map(|kept| kept.values()) {
        pins.insert(definition.clone());
    }
    let client = Client::new(&arguments.extra_roots)?;
    let fetched = async {
        let mut upstream = Upstream::open(&client, connection, draft.limits()).await?;
        for kind in &kinds {
            for definition in upstream.list(*kind).await? {
                pins.insert(definition);
            }
        }
        upstream.close().await;
        anyhow::Ok(pins)
    };
    let fetched = tokio::time::timeout(upstream::DEADLINE, fetched).await;
    fetched.context("it took too long").flatten().with_context(|| format!("cannot ask `{}`", connection.name))
}

/// What is there and what has changed.
fn tell(after: &Pins, changes: &Changes<'_>) {
    let style = Style::of_output();
    let counts = after.kinds().map(|kind| {
        let count = after.of(kind).map_or(0, std::collections::BTreeMap::len);
        format!("{count} {}{}", kind.as_str(), if count == 1 { "" } else { "s" })
    });
    let counts = counts.collect::<Vec<_>>().join(", ");
    if changes.is_empty() {
        terminal::line(&format!("{}: {counts}; nothing has changed", after.connection()));
        return;
    }
    terminal::line(&style.bold(&format!("{}: {counts}", after.connection())));
    shown::lines(changes, style).iter().for_each(|line| terminal::line(line));
    let Changes { added, changed, removed } = changes;
    let (n_added, n_changed, n_removed) = (added.len(), changed.len(), removed.len());
    terminal::line("");
    terminal::line(&style.bold(&format!("{n_added} new, {n_changed} changed, {n_removed} gone")));
}

/// The policies that are right now and would not be.
fn tell_policies(parsed: &Parsed<'_>, before: &Pins, after: &Pins) -> anyhow::Result<()> {
    let problems = |pins: &Pins| {
        let world =
            World::new(&parsed.draft, parsed.pins.iter().chain([pins])).with_classes(parsed.classes());
        anyhow::Ok(portcullis_schema::check(&world, &parsed.explainer)?.problems)
    };
    let known: BTreeSet<Problem> = problems(before)?.into_iter().collect();
    let new: Vec<Problem> = problems(after)?.into_iter().filter(|problem| !known.contains(problem)).collect();
    if !new.is_empty() {
        terminal::line("");
        terminal::line("With these definitions, `portcullis check` would find:");
        new.iter().for_each(|problem| terminal::line(&format!("  {problem}")));
    }
    Ok(())
}

/// Whether the new pins are to be written. Without a terminal nobody can be asked, so only `--yes` says yes.
fn is_wanted(arguments: &Pin, connection: &ConnectionName) -> anyhow::Result<bool> {
    if arguments.yes || !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Ok(arguments.yes);
    }
    let mut output = io::stdout();
    write!(output, "\nApprove these definitions of `{connection}`? [y/N] ")?;
    output.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Where the pins of a connection are.
struct Place {
    path: PathBuf,
}

impl Place {
    fn of(policies: &Path, connection: &ConnectionName) -> Self {
        Self { path: policies.join(PINS).join(format!("{connection}.json")) }
    }

    /// The pins as they are; `None` if there are none, or if the file is no longer one.
    fn read(&self, connection: &ConnectionName) -> anyhow::Result<Option<Pins>> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", self.path.display())),
        };
        match Pins::parse(connection, &text) {
            Ok(pins) => Ok(Some(pins)),
            Err(error) => {
                let (path, line) = (self.path.display(), error.line(&text));
                terminal::error(&format!("{path}:{line}: {error}; everything counts as new"));
                Ok(None)
            }
        }
    }

    /// Writes the file beside and renames it: a reader sees the old one or the new one, never a half.
    fn write(&self, pins: &Pins) -> anyhow::Result<()> {
        let failed = || format!("cannot write {}", self.path.display());
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(folder).with_context(failed)?;
        let fresh = self.path.with_extension(format!("json.{}", std::process::id()));
        let written = fs::File::create(&fresh).and_then(|mut file| {
            file.write_all(pins.to_text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)
        });
        if written.is_err() {
            // What cannot be removed now is no file of pins by its name.
            _ = fs::remove_file(&fresh);
        }
        written.with_context(failed)
    }
}
