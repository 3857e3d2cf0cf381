//! What `portcullis approvals` takes.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::duration;
use crate::remote::Gateway;

/// `portcullis approvals`
#[derive(Debug, Args)]
pub(crate) struct Approvals {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Approve a request.
    Approve(Approve),
    /// Approve a request alone, in place of everybody who is asked.
    Force(Decide),
    /// List requests, newest first.
    List(List),
    /// Reject a request.
    Reject(Decide),
    /// Take back a request, or what was granted.
    Revoke(Decide),
    /// Show all that there is to know of a request.
    Show(Show),
    /// Print what changes, until it is interrupted.
    Watch(Watch),
}

/// `portcullis approvals list`
#[derive(Debug, Args)]
pub(crate) struct List {
    /// In which states.
    #[arg(long, value_enum, default_value_t = State::Pending)]
    pub(crate) state: State,
    /// Only requests about this connection.
    #[arg(long, value_name = "NAME", value_parser = plain)]
    pub(crate) connection: Option<String>,
    /// Where to go on, as the last page has said.
    #[arg(long, value_parser = plain)]
    pub(crate) cursor: Option<String>,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// In which states requests are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// In any.
    All,
    /// Those that can be used now.
    Approved,
    /// Those that wait for people.
    Pending,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Approved => "approved",
            Self::Pending => "pending",
        }
    }
}

/// `portcullis approvals show`
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The id of the request.
    #[arg(value_name = "ID", value_parser = plain)]
    pub(crate) request: String,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// `portcullis approvals approve`
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The id of the request.
    #[arg(value_name = "ID", value_parser = plain)]
    pub(crate) request: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// `portcullis approvals force`, `reject` and `revoke`
#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// The id of the request.
    #[arg(value_name = "ID", value_parser = plain)]
    pub(crate) request: String,
    /// Why.
    #[arg(long, value_name = "TEXT", required = true)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// `portcullis approvals watch`
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// How often to look, such as `2s` or `1m`.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = interval)]
    pub(crate) every: Duration,
    /// Only requests about this connection.
    #[arg(long, value_name = "NAME", value_parser = plain)]
    pub(crate) connection: Option<String>,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// What becomes part of a path or a query, so that it cannot be taken for another one.
fn plain(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err("expected letters, digits, `-`, `.` and `_`".to_owned()),
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < SHORTEST { Err("expected at least 500ms".to_owned()) } else { Ok(interval) }
}

/// Each look reads all that waits.
const SHORTEST: Duration = Duration::from_millis(500);
