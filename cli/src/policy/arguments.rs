//! What `portcullis policy` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::remote::Gateway;

/// `portcullis policy`
#[derive(Debug, Args)]
pub(crate) struct Policy {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write `policy.bundle`, which a mounted folder may have so that instances start without parsing policies.
    Build(Build),
    /// Write `detectors.bin`, the compiled form of `detectors.toml`, which a mounted folder without a bundle needs.
    Compile(Compile),
    /// Make a key to sign policies with, and print what the settings need to trust it.
    Keygen(Keygen),
    /// Check, sign and push the policies of a folder.
    Push(Push),
    /// Put policies back in force that were before.
    Rollback(Rollback),
    /// Say what is in force, and what was pushed.
    Status(Status),
}

/// `portcullis policy build`
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The folder with `portcullis.toml` and the `.cedar` files.
    #[arg(default_value = "policies")]
    pub(crate) folder: PathBuf,
    /// Where to write it; `policy.bundle` in the folder unless set.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `portcullis policy compile`
#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// The folder with `detectors.toml`.
    #[arg(default_value = "policies")]
    pub(crate) folder: PathBuf,
}

/// `portcullis policy keygen`
#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// Where to write the secret key, which only its owner can read then. There must be nothing yet.
    #[arg(long, value_name = "FILE", default_value = "policy.key")]
    pub(crate) out: PathBuf,
    /// The name of the key in the settings.
    #[arg(long, value_name = "NAME", default_value = "policy")]
    pub(crate) key_id: String,
}

/// `portcullis policy push`
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// The folder with `portcullis.toml` and the `.cedar` files.
    #[arg(default_value = "policies")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) signer: Signer,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// `portcullis policy rollback`
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The serial of the policies to put back in force; those before the present ones unless set.
    pub(crate) serial: Option<u64>,
    #[command(flatten)]
    pub(crate) signer: Signer,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// `portcullis policy status`
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// Who vouches for what is pushed.
#[derive(Debug, Args)]
pub(crate) struct Signer {
    /// The secret key; that of the running demo with `--as`.
    #[arg(long, value_name = "FILE", requires = "key_id")]
    pub(crate) key: Option<PathBuf>,
    /// The name of the key in the settings.
    #[arg(long, value_name = "NAME", requires = "key")]
    pub(crate) key_id: Option<String>,
}
