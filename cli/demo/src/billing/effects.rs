//! What really reached the billing service, for tests that must show that something did not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Method};
use serde_json::Value;

use super::refunds::Refund;

/// How many requests, and bytes of their bodies, are kept, newest last. Counters go on beyond it.
const REQUESTS_KEPT: usize = 512;
const BYTES_KEPT: usize = 32 * 1024 * 1024;

/// What kind of thing ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A tool; `name` is its name.
    Tool,
    /// A resource; `name` is its URI.
    Resource,
    /// A prompt; `name` is its name.
    Prompt,
}

/// One thing that the service ran.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What kind.
    pub operation: Operation,
    /// Which one.
    pub name: String,
    /// With which arguments; `null` when there were none.
    pub arguments: Value,
}

/// One HTTP request as it arrived, accepted or not.
#[derive(Clone, Debug)]
pub struct SeenRequest {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// All headers, `Authorization` included.
    pub headers: HeaderMap,
    /// The body; bytes that are not UTF-8 are replaced.
    pub body: String,
    /// Whether the service credential was right.
    pub authorised: bool,
}

/// A handle on everything that the service did. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Effects(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    calls: Vec<Call>,
    refunds: Vec<Refund>,
    requests: VecDeque<SeenRequest>,
    body_bytes: usize,
    request_count: u64,
    refused_count: u64,
}

impl Effects {
    /// Everything that ran, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.record().calls.clone()
    }

    /// How often a tool ran.
    #[must_use]
    pub fn tool_count(&self, name: &str) -> usize {
        let is_it = |call: &&Call| call.operation == Operation::Tool && call.name == name;
        self.record().calls.iter().filter(is_it).count()
    }

    /// The refunds that moved money, oldest first.
    #[must_use]
    pub fn refunds(&self) -> Vec<Refund> {
        self.record().refunds.clone()
    }

    /// The last requests, oldest first, at most 512 with 32 MiB of bodies.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.record().requests.iter().cloned().collect()
    }

    /// The headers of the newest request.
    #[must_use]
    pub fn last_headers(&self) -> Option<HeaderMap> {
        self.record().requests.back().map(|request| request.headers.clone())
    }

    /// How many requests arrived, and how many of them were refused for their credential.
    #[must_use]
    pub fn request_counts(&self) -> (u64, u64) {
        let record = self.record();
        (record.request_count, record.refused_count)
    }

    /// Whether `text` occurs anywhere in a kept request: target, header or body.
    #[must_use]
    pub fn saw(&self, text: &str) -> bool {
        let needle = text.as_bytes();
        let in_value = |bytes: &[u8]| bytes.windows(needle.len().max(1)).any(|window| window == needle);
        self.record().requests.iter().any(|request| {
            request.target.contains(text)
                || request.body.contains(text)
                || request.headers.values().any(|value| in_value(value.as_bytes()))
        })
    }

    /// Forgets everything so far.
    pub fn clear(&self) {
        *self.record() = Record::default();
    }

    pub(super) fn ran(&self, call: Call) {
        self.record().calls.push(call);
    }

    pub(super) fn refunded(&self, refund: Refund) {
        self.record().refunds.push(refund);
    }

    pub(super) fn arrived(&self, request: SeenRequest) {
        let mut record = self.record();
        record.request_count += 1;
        record.refused_count += u64::from(!request.authorised);
        record.body_bytes += request.body.len();
        record.requests.push_back(request);
        while record.requests.len() > REQUESTS_KEPT || record.body_bytes > BYTES_KEPT {
            let Some(oldest) = record.requests.pop_front() else { break };
            record.body_bytes -= oldest.body.len();
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        // Nothing in here can be left half done by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: String) -> SeenRequest {
        SeenRequest {
            method: Method::POST,
            target: "/mcp".into(),
            headers: HeaderMap::new(),
            body,
            authorised: true,
        }
    }

    #[test]
    fn old_requests_make_room_and_stay_counted() {
        let effects = Effects::default();
        effects.arrived(request("the first".into()));
        assert!(effects.saw("first") && !effects.saw("second"));
        effects.arrived(request("x".repeat(BYTES_KEPT)));
        assert!(!effects.saw("first"));
        for _ in 0..=REQUESTS_KEPT {
            effects.arrived(request(String::new()));
        }
        assert_eq!(effects.requests().len(), REQUESTS_KEPT);
        assert_eq!(effects.request_counts(), (REQUESTS_KEPT as u64 + 3, 0));
    }
}
