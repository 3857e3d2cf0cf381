//! `portcullis policy`: the policies of a running gateway, without rebuilding or restarting it.
//!
//! Two things are needed to change them: a token of somebody whom the policies in force let configure, and a key that
//! the settings trust. The key signs here and is never sent.

pub(crate) mod arguments;
pub(crate) mod bundle;
pub(crate) mod compiled;
mod key;
mod push;
mod status;

use std::fs;

use anyhow::Context as _;

pub(crate) use self::arguments::Policy;
pub(crate) use self::key::SecretKey;

use self::arguments::{Build, Command, Compile, Keygen};
use crate::exit::Exit;
use crate::terminal;
use crate::trial::folder::Folder;
use crate::trial::problem::{Reader, refuse};

/// Does what is asked.
pub(crate) async fn run(arguments: Policy) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Build(arguments) => build(&arguments),
        Command::Compile(arguments) => compile(&arguments),
        Command::Keygen(arguments) => keygen(&arguments),
        Command::Push(arguments) => push::push(&arguments).await,
        Command::Rollback(arguments) => push::rollback(&arguments).await,
        Command::Status(arguments) => status::status(&arguments).await,
    }
}

/// Writes the bundle that a mounted folder may have, so that instances start without parsing policies.
fn build(arguments: &Build) -> anyhow::Result<Exit> {
    let bundle = match bundle::of(&Folder::read(&arguments.folder)?) {
        Ok(bundle) => bundle,
        Err(problems) => return Ok(refuse(&problems, Reader::Person)),
    };
    let path = arguments.out.clone().unwrap_or_else(|| arguments.folder.join(bundle::FILE));
    fs::write(&path, bundle.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    terminal::line(&format!("{}: {}", path.display(), bundle.digest()));
    Ok(Exit::Ok)
}

/// Writes the compiled form of the detectors that a mounted folder has.
fn compile(arguments: &Compile) -> anyhow::Result<Exit> {
    let Compile { folder } = arguments;
    match compiled::of(&Folder::read(folder)?) {
        Ok(Some(bytes)) => compiled::write(folder, &bytes)?,
        Ok(None) => {
            terminal::line(&format!("{}: no detectors.toml, and nothing to compile", folder.display()))
        }
        Err(problems) => return Ok(refuse(&problems, Reader::Person)),
    }
    Ok(Exit::Ok)
}

/// Makes a key, and prints what the settings need to trust it.
fn keygen(arguments: &Keygen) -> anyhow::Result<Exit> {
    let Keygen { out, key_id } = arguments;
    let key = SecretKey::random()?;
    key.write(out)?;
    terminal::line(&format!("# The secret key is in {}: keep it, it is nowhere else.", out.display()));
    terminal::line("[policy]");
    terminal::line(&format!("keys = {{ {key_id} = \"{}\" }}", key.public()));
    Ok(Exit::Ok)
}
