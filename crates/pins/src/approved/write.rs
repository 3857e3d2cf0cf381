//! Writing the bytes.

use std::collections::BTreeMap;

use portcullis_mcp::json::Json;
use sha2::{Digest as _, Sha256};

use super::read::bit;
use super::{Approved, FORMAT, Layout, MAGIC};
use crate::definition::{Definition, Kind};
use crate::file::Pins;

/// The parts, while they are written.
#[derive(Default)]
struct Parts {
    connections: Vec<u8>,
    definitions: Vec<u8>,
    connection_names: Vec<u8>,
    names: Vec<u8>,
    texts: Vec<u8>,
    n_connections: usize,
    n_definitions: usize,
}

pub(super) fn approved<'p>(pins: impl IntoIterator<Item = &'p Pins>) -> Approved {
    let by_name: BTreeMap<&str, &Pins> =
        pins.into_iter().map(|pins| (pins.connection().as_str(), pins)).collect();
    let mut parts = Parts::default();
    for (name, pins) in by_name {
        parts.connection(name, pins);
    }
    let bytes = parts.finish();
    let layout = Layout::of_written(&bytes);
    Approved { bytes, layout }
}

impl Parts {
    fn connection(&mut self, name: &str, pins: &Pins) {
        self.connection_names.extend_from_slice(name.as_bytes());
        push(&mut self.connections, self.connection_names.len());
        push(&mut self.connections, pins.kinds().map(bit).sum());
        for kind in Kind::ALL {
            for definition in pins.of(kind).into_iter().flat_map(BTreeMap::values) {
                self.definition(definition);
            }
            push(&mut self.connections, self.n_definitions);
        }
        self.n_connections += 1;
    }

    fn definition(&mut self, definition: &Definition) {
        let (text, schema) = text(definition);
        self.names.extend_from_slice(definition.name().as_bytes());
        self.texts.extend_from_slice(text.as_bytes());
        let (start, end) = schema;
        for part in [self.names.len(), self.texts.len(), start, end] {
            push(&mut self.definitions, part);
        }
        self.definitions.extend_from_slice(definition.digest().as_bytes());
        self.definitions.extend_from_slice(&Sha256::digest(text.as_bytes()));
        self.n_definitions += 1;
    }

    fn finish(self) -> Vec<u8> {
        let Self { connections, definitions, connection_names, names, texts, n_connections, n_definitions } =
            self;
        let mut head = Vec::new();
        for count in [n_connections, n_definitions, connection_names.len(), names.len(), texts.len()] {
            push(&mut head, count);
        }
        for part in [connections, definitions, connection_names, names] {
            head.extend(part);
        }
        [&MAGIC[..], &FORMAT.to_le_bytes(), &Sha256::digest(&head), &head, &texts].concat()
    }
}

/// Beyond 4 GiB, which no memory of a component holds, a place leads nowhere, and then nothing is approved.
fn push(to: &mut Vec<u8>, number: usize) {
    to.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// The text of a definition, and where in it the schema of its input is.
fn text(definition: &Definition) -> (String, (usize, usize)) {
    let (mut text, mut schema) = (String::from("{"), (0, 0));
    for (key, value) in definition.members().iter() {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&Json::from(key).to_string());
        text.push(':');
        let start = text.len();
        text.push_str(&value.to_string());
        if definition.kind() == Kind::Tool && key == "inputSchema" {
            schema = (start, text.len());
        }
    }
    text.push('}');
    (text, schema)
}
