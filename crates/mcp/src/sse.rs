//! Server-sent events (HTML Living Standard §9.2), read incrementally and written back.
//!
//! A decoder holds at most one event, so memory does not grow with the length of a stream. Where network
//! chunks are cut does not matter: a value split over two of them is whole again before anyone looks at it.

#[cfg(test)]
mod tests;

/// One item of an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A comment: servers send them to keep a connection alive. Its text is dropped, since nobody reads it.
    Comment,
    /// A dispatched event.
    Event(Event),
}

/// An event with its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The `event` field; absent means `message`.
    pub kind: Option<String>,
    /// The `id` field, to be repeated in `Last-Event-ID`.
    pub id: Option<String>,
    /// The `retry` field in milliseconds.
    pub retry: Option<u64>,
    /// The `data` lines joined by line feeds. `None` if there was no `data` field at all; empty for the
    /// priming events of MCP 2025-11-25.
    pub data: Option<String>,
}

/// Why a stream cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// An event is larger than the limit.
    #[error("an event exceeds {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A line is not UTF-8.
    #[error("an event is not UTF-8")]
    NotUtf8,
}

/// Reads a stream chunk by chunk.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    line: Vec<u8>,
    after_carriage_return: bool,
    at_start: bool,
    event: Event,
    size: usize,
}

impl Decoder {
    /// A decoder that refuses events of more than `limit` bytes (all their lines together).
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            after_carriage_return: false,
            at_start: true,
            event: Event::default(),
            size: 0,
        }
    }

    /// Takes the next chunk and returns the items that it completes, in order.
    ///
    /// An event that the stream's end cuts short is never dispatched, as the standard demands.
    ///
    /// # Errors
    /// [`SseError`]; the decoder must not be used afterwards.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<Item>, SseError> {
        let mut items = Vec::new();
        let mut rest = chunk;
        while let Some(first) = rest.first() {
            // CR LF is one line end, also when it is split over two chunks.
            if std::mem::take(&mut self.after_carriage_return) && *first == b'\n' {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.unwrap_or(rest.len());
            self.size += taken;
            if self.size > self.limit {
                return Err(SseError::TooLarge { limit: self.limit });
            }
            self.line.extend_from_slice(rest.get(..taken).unwrap_or_default());
            let Some(end) = end else { break };
            self.after_carriage_return = rest.get(end) == Some(&b'\r');
            rest = rest.get(end + 1..).unwrap_or_default();
            items.extend(self.end_line()?);
        }
        Ok(items)
    }

    fn end_line(&mut self) -> Result<Option<Item>, SseError> {
        let bytes = std::mem::take(&mut self.line);
        let line = std::str::from_utf8(&bytes).map_err(|_| SseError::NotUtf8)?;
        let line = match std::mem::take(&mut self.at_start) {
            true => line.strip_prefix('\u{feff}').unwrap_or(line),
            false => line,
        };
        if line.is_empty() {
            self.size = 0;
            let event = std::mem::take(&mut self.event);
            return Ok((event != Event::default()).then_some(Item::Event(event)));
        }
        if line.starts_with(':') {
            self.size = self.size.saturating_sub(line.len());
            return Ok(Some(Item::Comment));
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        self.field(name, value.strip_prefix(' ').unwrap_or(value));
        Ok(None)
    }

    fn field(&mut self, name: &str, value: &str) {
        match name {
            "event" => self.event.kind = Some(value.to_owned()),
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "retry" => self.event.retry = value.parse().ok().or(self.event.retry),
            "data" => match &mut self.event.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.event.data = Some(value.to_owned()),
            },
            // The standard ignores unknown fields; we do not pass them on either.
            _ => {}
        }
    }
}

impl Event {
    /// An event that carries one message.
    #[must_use]
    pub fn message(data: String) -> Self {
        Self { kind: Some("message".to_owned()), id: None, retry: None, data: Some(data) }
    }

    /// The event as it goes over the wire, with its closing empty line.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { kind, id, retry, data } = self;
        let mut text = String::new();
        if let Some(kind) = kind {
            push_line(&mut text, "event", kind);
        }
        if let Some(id) = id {
            push_line(&mut text, "id", id);
        }
        if let Some(retry) = retry {
            push_line(&mut text, "retry", &retry.to_string());
        }
        if let Some(data) = data {
            for line in data.split('\n') {
                push_line(&mut text, "data", line);
            }
        }
        text.push('\n');
        text.into_bytes()
    }
}

/// A comment that keeps a connection alive.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

fn push_line(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(": ");
    text.push_str(value);
    text.push('\n');
}
