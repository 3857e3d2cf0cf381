use super::{HEAD, KEY, settings};
use crate::Telemetry;

fn of(lines: &str, values: &[(&str, &str)]) -> Result<Telemetry, String> {
    let found = settings(&format!("{HEAD}{lines}"), &[&[KEY], values].concat());
    found.map(|settings| settings.telemetry)
}

#[test]
fn a_collector_is_read_whole_and_its_key_is_not_shown() {
    let lines = "[telemetry]\notlp_traces = \"https://{{ host }}/v1/traces?team=mcp\"\nsample = 0.05\n\
                 headers = { x-api-key = \"key-{{ key }}\", x-scope = \"{{ none }}\" }";
    let telemetry = of(lines, &[("host", "otlp.example.com"), ("key", "hunter2"), ("none", "")]).unwrap();
    let collector = telemetry.collector.as_ref().unwrap();
    assert_eq!(collector.url.uri(), "https://otlp.example.com/v1/traces?team=mcp");
    let [header] = collector.headers.as_slice() else { panic!("{collector:?}") };
    assert_eq!((header.name().as_str(), header.value().to_str().unwrap()), ("x-api-key", "key-hunter2"));
    assert_eq!(telemetry.sample.per_million(), 50_000);
    assert!(!format!("{telemetry:?}").contains("hunter2"), "{telemetry:?}");
}

#[test]
fn without_a_collector_traces_are_followed_all_the_same() {
    for (lines, values, per_million) in [
        ("", vec![], 1_000_000),
        ("[telemetry]\nsample = 0", vec![], 0),
        ("[telemetry]\nsample = 1.0", vec![], 1_000_000),
        (
            "[telemetry]\notlp_traces = \"{{ url }}\"\nheaders = { x-key = \"{{ url }}\" }",
            vec![("url", "")],
            1_000_000,
        ),
    ] {
        let telemetry = of(lines, &values).unwrap();
        assert!(telemetry.collector.is_none(), "{lines}");
        assert_eq!(telemetry.sample.per_million(), per_million, "{lines}");
    }
}

#[test]
fn every_mistake_has_its_line() {
    let url = "otlp_traces = \"https://x\"\n";
    for (name, lines, want) in [
        (
            "a fraction above 1",
            "sample = 1.5".to_owned(),
            "5: `telemetry.sample` must be from 0 to 1 with at most six digits behind the point, such as `0.1`, not 1.5",
        ),
        (
            "a negative one",
            "sample = -1".to_owned(),
            "5: `telemetry.sample` must be from 0 to 1 with at most six digits behind the point, such as `0.1`, not -1",
        ),
        (
            "an exponent",
            "sample = 1e-3".to_owned(),
            "5: `telemetry.sample` must be from 0 to 1 with at most six digits behind the point, such as `0.1`, not 1e-3",
        ),
        ("a text", "sample = \"0.1\"".to_owned(), "5: `telemetry.sample` must be a number, not a text"),
        (
            "plain text over a network",
            "otlp_traces = \"http://x.example.com\"".to_owned(),
            "5: `telemetry.otlp_traces`: `https://` is required; plain `http://` is only for this machine or `*.internal`",
        ),
        (
            "a header of HTTP itself",
            format!("{url}headers = {{ content-type = \"x\" }}"),
            "6: `telemetry.headers.content-type`: `content-type` is a header that the gateway or the connection itself sets",
        ),
        (
            "a header of the trace",
            format!("{url}headers = {{ traceparent = \"x\" }}"),
            "6: `telemetry.headers.traceparent`: `traceparent` is a header that the gateway or the connection itself sets",
        ),
        (
            "headers for nobody",
            "headers = { x-key = \"x\" }".to_owned(),
            "4: `telemetry.otlp_traces` is missing",
        ),
        (
            "an unknown key",
            "sampel = 1".to_owned(),
            "5: unknown key `telemetry.sampel`; did you mean `sample`?",
        ),
        (
            "no variable",
            "otlp_traces = \"{{ nothing }}\"".to_owned(),
            "5: `telemetry.otlp_traces`: variable `nothing` has no value",
        ),
    ] {
        let told = of(&format!("[telemetry]\n{lines}"), &[])
            .map_or_else(|problems| problems.replace("portcullis.toml:", ""), |_| "nothing".to_owned());
        assert_eq!(told, want, "case: {name}");
    }
}
