//! `portcullis`: runs the gateway on one machine, and the tools around it.
//!
//! Exit codes: 0 ok, 1 failure, 2 denied or not to be told, 3 invalid policy or settings, 64 usage.

mod access;
mod approvals;
mod arguments;
mod call;
mod check;
mod exit;
mod explain;
mod inspect;
mod judge;
mod maintain;
mod pin;
mod policy;
mod records;
mod remote;
mod replay;
mod sessions;
mod terminal;
mod test;
mod token;
mod trial;
mod up;
mod verify;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};
use crate::exit::Exit;

#[tokio::main]
async fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    let done = match arguments.command {
        Command::Access(arguments) => access::run(arguments).await,
        Command::Approvals(arguments) => approvals::run(arguments).await,
        Command::Call(arguments) => call::run(arguments).await,
        Command::Check(arguments) => check::run(&arguments),
        Command::Demo(arguments) => up::services(arguments).await,
        Command::Explain(arguments) => explain::run(*arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Maintain(arguments) => maintain::run(&arguments).await,
        Command::Pin(arguments) => pin::run(arguments).await,
        Command::Policy(arguments) => policy::run(arguments).await,
        Command::Records(arguments) => records::run(&arguments),
        Command::Replay(arguments) => replay::run(*arguments).await,
        Command::Sessions(arguments) => sessions::run(*arguments).await,
        Command::Test(arguments) => test::run(&arguments),
        Command::Token(arguments) => token::run(&arguments).await,
        Command::Up(arguments) => up::run(*arguments).await,
        Command::Verify(arguments) => verify::run(&arguments),
    };
    done.unwrap_or_else(|error| exit::failure(&error))
}
