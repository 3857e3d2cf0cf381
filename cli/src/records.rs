//! `portcullis records`: the records in a store on this machine, in clear.
//!
//! Records are encrypted at rest, under keys that come from the gateway's secret key. Whoever has the store and the
//! secret may read them; nothing is asked of the gateway, and nothing is changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{AppName, Record, records_in};
use portcullis_pipeline::LedgerKeys;
use portcullis_settings::Secret;
use rusqlite::{Connection, OpenFlags};

use crate::arguments::Records;
use crate::exit::Exit;
use crate::terminal;
use crate::up::SECRET_FILE;

/// The name under which the gateway keeps everything.
const APP: &str = "portcullis";

/// Prints a line of JSON for each record, oldest first.
pub(crate) fn run(arguments: &Records) -> anyhow::Result<Exit> {
    let Some((current, previous)) = secrets(arguments)? else {
        terminal::error(
            "error: records are encrypted with the gateway's secret key\n  give it in SPIN_VARIABLE_SECRET_KEY, as `portcullis up` takes it",
        );
        return Ok(Exit::Usage);
    };
    let keys = LedgerKeys::of(&Sealer::new(&current, &previous)).map_err(anyhow::Error::msg)?;
    let app: AppName = APP.parse()?;
    let records = records_in(&app, &keys.wrapping, &values(&arguments.store)?)?;
    let mut records: Vec<Record> = records.into_iter().map(|(_, record)| record).collect();
    records.sort_by_key(|record| (record.at(), record.id()));
    for record in records {
        terminal::line(&String::from_utf8(record.encode())?);
    }
    Ok(Exit::Ok)
}

/// The secret in force and those before it: what is given, or else that of the demo whose store it is.
pub(crate) fn secrets(arguments: &Records) -> anyhow::Result<Option<(Secret, Vec<Secret>)>> {
    let mut given: Vec<Secret> = arguments.secret_keys.iter().cloned().map(Secret::new).collect();
    let of_demo = arguments.store.with_file_name(SECRET_FILE);
    if given.is_empty() && of_demo.exists() {
        let text = fs::read_to_string(&of_demo);
        let text = text.with_context(|| format!("{} cannot be read", of_demo.display()))?;
        given.push(Secret::new(text.trim().to_owned()));
    }
    Ok((!given.is_empty()).then(|| (given.remove(0), given)))
}

/// Everything in the store, by key. It may be in use meanwhile.
fn values(file: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let read = || {
        let store = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut query = store.prepare("SELECT key, value FROM spin_key_value WHERE key LIKE 'pc1:%'")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<_, rusqlite::Error>>()
    };
    read().with_context(|| format!("the store {} cannot be read", file.display()))
}
