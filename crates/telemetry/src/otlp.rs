//! Spans as an `ExportTraceServiceRequest` of OTLP 1 in JSON (OTLP specification, JSON Protobuf Encoding): identifiers in
//! hexadecimal digits, names in camel case, 64-bit numbers as texts, enumerations as numbers.

use serde_json::{Value as Json, json};

use crate::context::TraceParent;
use crate::span::{Event, Kind, Span, Value};

/// Who tells of the spans.
#[derive(Clone, Copy, Debug)]
pub struct Service<'s> {
    /// The name of the service.
    pub name: &'s str,
    /// Its version.
    pub version: &'s str,
}

/// The body of a request to `/v1/traces`, and how many spans had to be left out of ones before it (`n_lost`).
#[must_use]
pub fn encode(service: Service<'_>, spans: &[Span], n_lost: u64) -> String {
    let Service { name, version } = service;
    let mut resource = vec![("service.name", Value::from(name)), ("service.version", version.into())];
    if n_lost > 0 {
        resource.push(("portcullis.spans.lost", n_lost.into()));
    }
    let spans: Vec<Json> = spans.iter().map(span).collect();
    let scope = json!({ "scope": { "name": name, "version": version }, "spans": spans });
    json!({ "resourceSpans": [{ "resource": { "attributes": attributes(&resource) }, "scopeSpans": [scope] }] })
        .to_string()
}

fn span(span: &Span) -> Json {
    let Span { trace, id, parent, kind, name, began, ended, attributes: known, events, links, failed } = span;
    let mut json = json!({
        "traceId": trace.to_string(),
        "spanId": id.to_string(),
        "name": name,
        // `SPAN_KIND_SERVER`, `SPAN_KIND_CLIENT`
        "kind": match kind { Kind::Server => 2, Kind::Client => 3 },
        "startTimeUnixNano": began.to_string(),
        "endTimeUnixNano": ended.to_string(),
        "attributes": attributes(known),
    });
    let mut add = |member: &str, value: Json| {
        if let Some(object) = json.as_object_mut() {
            object.insert(member.to_owned(), value);
        }
    };
    if let Some(parent) = parent {
        add("parentSpanId", parent.to_string().into());
    }
    if !events.is_empty() {
        add("events", events.iter().map(event).collect());
    }
    if !links.is_empty() {
        add("links", links.iter().map(link).collect());
    }
    if *failed {
        // `STATUS_CODE_ERROR`
        add("status", json!({ "code": 2 }));
    }
    json
}

fn event(event: &Event) -> Json {
    let Event { at, name, attributes: known } = event;
    json!({ "timeUnixNano": at.to_string(), "name": name, "attributes": attributes(known) })
}

fn link(link: &TraceParent) -> Json {
    json!({ "traceId": link.trace.to_string(), "spanId": link.parent.to_string() })
}

fn attributes(known: &[(&'static str, Value)]) -> Json {
    let attribute = |(key, value): &(&'static str, Value)| {
        let value = match value {
            Value::Int(number) => json!({ "intValue": number.to_string() }),
            Value::Text(text) => json!({ "stringValue": text }),
        };
        json!({ "key": key, "value": value })
    };
    known.iter().map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{Service, encode};
    use crate::context::{SpanId, TraceId, TraceParent};
    use crate::span::{Event, Kind, Span, Value};

    const SERVICE: Service<'_> = Service { name: "portcullis", version: "1.2.3" };

    fn bare() -> Span {
        Span {
            trace: TraceId::random([0xab; 16]),
            id: SpanId::random([0xcd; 8]),
            parent: None,
            kind: Kind::Client,
            name: "tools/call search".to_owned(),
            began: 1_800_000_000_000_000_001,
            ended: 1_800_000_000_000_000_002,
            attributes: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
            failed: false,
        }
    }

    fn read(spans: &[Span], n_lost: u64) -> Json {
        serde_json::from_str(&encode(SERVICE, spans, n_lost)).unwrap()
    }

    #[test]
    fn a_span_is_written_whole() {
        let linked =
            TraceParent { trace: TraceId::random([1; 16]), parent: SpanId::random([2; 8]), sampled: true };
        let span = Span {
            parent: Some(SpanId::random([0xef; 8])),
            kind: Kind::Server,
            attributes: vec![
                ("mcp.method.name", "tools/call".into()),
                ("http.response.status_code", 200.into()),
                ("portcullis.note", Value::from("\"quoted\"\n".to_owned())),
            ],
            events: vec![Event {
                at: 7,
                name: "portcullis.refusal",
                attributes: vec![("error.type", "denied".into())],
            }],
            links: vec![linked],
            failed: true,
            ..bare()
        };
        let want = json!({
            "resourceSpans": [{
                "resource": { "attributes": [
                    { "key": "service.name", "value": { "stringValue": "portcullis" } },
                    { "key": "service.version", "value": { "stringValue": "1.2.3" } },
                ] },
                "scopeSpans": [{
                    "scope": { "name": "portcullis", "version": "1.2.3" },
                    "spans": [{
                        "traceId": "abababababababababababababababab",
                        "spanId": "cdcdcdcdcdcdcdcd",
                        "parentSpanId": "efefefefefefefef",
                        "name": "tools/call search",
                        "kind": 2,
                        "startTimeUnixNano": "1800000000000000001",
                        "endTimeUnixNano": "1800000000000000002",
                        "attributes": [
                            { "key": "mcp.method.name", "value": { "stringValue": "tools/call" } },
                            { "key": "http.response.status_code", "value": { "intValue": "200" } },
                            { "key": "portcullis.note", "value": { "stringValue": "\"quoted\"\n" } },
                        ],
                        "events": [{
                            "timeUnixNano": "7",
                            "name": "portcullis.refusal",
                            "attributes": [{ "key": "error.type", "value": { "stringValue": "denied" } }],
                        }],
                        "links": [{
                            "traceId": "01010101010101010101010101010101",
                            "spanId": "0202020202020202",
                        }],
                        "status": { "code": 2 },
                    }],
                }],
            }],
        });
        assert_eq!(read(&[span], 0), want);
    }

    #[test]
    fn what_there_is_not_is_not_written() {
        let all = read(&[bare(), bare()], 3);
        let spans = &all["resourceSpans"][0]["scopeSpans"][0]["spans"];
        let members: Vec<&String> = spans[1].as_object().unwrap().keys().collect();
        assert_eq!(spans.as_array().unwrap().len(), 2);
        let mut want =
            ["traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes"];
        want.sort_unstable();
        let mut members: Vec<&str> = members.into_iter().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!((members.as_slice(), &spans[1]["kind"]), (want.as_slice(), &json!(3)));
        let lost = json!({ "key": "portcullis.spans.lost", "value": { "intValue": "3" } });
        assert_eq!(all["resourceSpans"][0]["resource"]["attributes"][2], lost);
    }
}
