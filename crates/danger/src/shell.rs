//! Lines for a shell: what their commands do.
//!
//! A text is split as a shell splits it, quotes and escapes resolved, so that `r\m`, `'r''m'` and `rm${IFS}-rf` are what
//! they are. A command counts where one can start: at the start, behind `;`, `&`, `|`, a line break, and in `$( )` and
//! backticks. In prose of several lines and in Markdown nothing counts but the start, since there the same signs are
//! punctuation.

mod command;
mod split;

use std::collections::BTreeSet;

use crate::Danger;
use command::{is_fetch, is_interpreter};
use split::{Command, Link, split};

/// How often a command line is looked for inside an argument of another: `sh -c "sh -c …"`.
const DEPTH: usize = 3;
/// The longest text that is looked at. A line for a shell may not be longer on any system.
const LONGEST: usize = 2 * 1024 * 1024;

/// Adds the classes of a text that a shell could run.
pub(crate) fn classify(text: &str, found: &mut BTreeSet<Danger>) {
    let text = crate::sql::without_fence(text).trim_start();
    if text.len() <= LONGEST && !text.is_empty() {
        line(text, DEPTH, found);
    }
}

fn line(text: &str, depth: usize, found: &mut BTreeSet<Danger>) {
    let mut commands = split(text);
    if is_document(text) {
        commands.truncate(1);
    }
    let is_sentence = is_sentence(text, &commands);
    commands.retain(|command| !(is_sentence && command.is_code_span));
    for command in &commands {
        command.classify(found);
        if let (Some(inner), Some(depth)) = (command.inner_line(), depth.checked_sub(1)) {
            line(&inner, depth, found);
        }
    }
    pipes(&commands, found);
    if is_injected(&commands) {
        found.insert(Danger::ShellInjection);
    }
}

/// What is fetched or decoded and then run: in a pipe, or in a substitution that is the argument of what runs it.
fn pipes(commands: &[Command], found: &mut BTreeSet<Danger>) {
    let mut is_fetched = false;
    let (mut has_fifo, mut has_net) = (false, false);
    for command in commands {
        let name = command.name();
        is_fetched &= command.link == Link::Pipe;
        if (is_fetched && is_interpreter(command))
            || (command.link == Link::Inside
                && is_fetch(command)
                && split::RUNS.contains(&command.parent.as_str()))
        {
            found.insert(Danger::ShellPipe);
        }
        is_fetched |= is_fetch(command);
        has_fifo |= name == "mkfifo" || name == "mknod";
        has_net |= matches!(name, "nc" | "ncat" | "netcat" | "telnet" | "openssl");
    }
    if has_fifo && has_net {
        found.insert(Danger::ShellReverse);
    }
}

/// Whether a value, which is no command, has a command behind it.
fn is_injected(commands: &[Command]) -> bool {
    let [first, rest @ ..] = commands else { return false };
    let is_value = !first.is_known() && first.words.len() <= 3 && !first.is_assignment;
    is_value && rest.iter().any(|command| command.link != Link::Start && command.is_sure())
        || first.link == Link::Inside && first.parent.is_empty() && first.is_sure()
}

/// Whether a text is a document with several lines of prose, not a script.
fn is_document(text: &str) -> bool {
    let Some((first, rest)) = text.split_once('\n') else { return false };
    if rest.trim().is_empty() {
        return false;
    }
    let is_heading = first.starts_with("# ")
        || first.starts_with("## ")
        || first.starts_with("- ")
        || first.starts_with("> ")
        || first.starts_with("| ");
    let first_word = first.split(' ').next().unwrap_or_default();
    let is_capital =
        first_word.starts_with(|c: char| c.is_uppercase()) && first_word.contains(|c: char| c.is_lowercase());
    let is_prose = is_capital && !first_word.contains('-') && first.ends_with(['.', ':', '!', '?', ',', ';']);
    is_heading || is_prose || is_capital && first.split(' ').count() > 2
}

/// Whether a text is a sentence, in which backticks stand around code.
fn is_sentence(text: &str, commands: &[Command]) -> bool {
    let is_known = commands.first().is_some_and(|first| first.link == Link::Start && first.is_known());
    !is_known && text.split_ascii_whitespace().nth(2).is_some()
}
