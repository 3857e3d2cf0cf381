//! `portcullis token`: a token of the running demo, and nothing else, so that a shell can use it.

use portcullis_demo::state::DemoState;

use crate::arguments::Token;
use crate::exit::Exit;
use crate::terminal;

pub(crate) async fn run(arguments: &Token) -> anyhow::Result<Exit> {
    let state = DemoState::read(&arguments.state_dir)?;
    let token = portcullis_demo::token::fetch(&state, arguments.persona, &arguments.audience).await?;
    terminal::line(token.expose());
    Ok(Exit::Ok)
}
