use super::{HEAD, KEY, settings};
use crate::{Webhook, WebhookEvent};

const WORLD: &str = "[issuers.okta]\nissuer = \"https://a\"\n[connections.crm]\nurl = \"https://c\"\n\
                     issuers = [\"okta\"]\n[connections.billing]\nurl = \"https://b\"\nissuers = [\"okta\"]\n";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn of(lines: &str, values: &[(&str, &str)]) -> Result<Vec<Webhook>, String> {
    let found = settings(&format!("{HEAD}{WORLD}{lines}"), &[&[KEY], values].concat());
    found.map(|settings| settings.webhooks)
}

/// What is wrong with an entry that begins on line 12.
fn told(lines: &str, values: &[(&str, &str)]) -> String {
    let found = of(&format!("[[webhooks]]\n{lines}"), values);
    found.map_or_else(|problems| problems.replace("portcullis.toml:", ""), |_| "nothing".to_owned())
}

#[test]
fn an_entry_is_read_whole() {
    let lines = "[[webhooks]]\nurl = \"https://hooks.example.com/{{ path }}?sig={{ path }}\"\n\
                 secret = \"{{ current }}\"\nprevious_secret = \"{{ old }}\"\n\
                 events = [\"approval.*\", \"call.denied\"]\nconnections = [\"crm\"]\n\
                 [[webhooks]]\nurl = \"{{ nobody }}\"\nsecret = \"{{ nobody }}\"\nevents = [\"policy.pushed\"]";
    let values = [("path", "T0/B0"), ("current", SECRET), ("old", ""), ("nobody", "")];
    let webhooks = of(lines, &values).unwrap();
    let [webhook] = webhooks.as_slice() else { panic!("{webhooks:?}") };
    assert_eq!(webhook.url.uri(), "https://hooks.example.com/T0/B0?sig=T0/B0");
    assert_eq!((webhook.secret.expose().len(), &webhook.previous_secret), (24, &None));
    let events: Vec<&str> = webhook.events.iter().map(|event| event.as_str()).collect();
    assert_eq!(
        events,
        ["approval.decided", "approval.expired", "approval.requested", "approval.revoked", "call.denied"]
    );
    for (event, connection, is_wanted) in [
        (WebhookEvent::CallDenied, Some("crm"), true),
        (WebhookEvent::CallDenied, Some("billing"), false),
        (WebhookEvent::CallDenied, None, true),
        (WebhookEvent::PolicyPushed, None, false),
    ] {
        assert_eq!(webhook.wants(event, connection), is_wanted, "{event:?} of {connection:?}");
    }
    let shown = format!("{webhook:?}");
    assert!(
        !shown.contains("T0") && !shown.contains("MfKQ") && shown.contains("hooks.example.com"),
        "{shown}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of all mistakes")]
fn every_mistake_has_its_line() {
    let secret = format!("secret = \"{SECRET}\"\n");
    let good = format!("url = \"https://x\"\n{secret}");
    let bad_secret = "14: `webhooks.secret`: a secret is `whsec_` and 24 to 64 random bytes in base64; \
                      `echo whsec_$(openssl rand -base64 32)` makes one";
    for (name, lines, want) in [
        ("nothing wrong", format!("{good}events = [\"call.*\"]"), "nothing"),
        (
            "this machine",
            format!("url = \"http://[::1]:9/x\"\n{secret}events = [\"call.denied\"]"),
            "nothing",
        ),
        ("near", format!("url = \"http://a.internal\"\n{secret}events = [\"call.denied\"]"), "nothing"),
        (
            "nothing there",
            String::new(),
            "12: `webhooks.url` is missing\n12: `webhooks.secret` is missing\n12: `webhooks.events` is missing",
        ),
        (
            "no events",
            format!("{good}events = []"),
            "12: `webhooks.events` is empty; name an event, or remove the webhook",
        ),
        (
            "events of a wrong type",
            format!("{good}events = \"call.denied\""),
            "15: `webhooks.events` must be a list of texts, not a text",
        ),
        (
            "an event that is misspelt",
            format!("{good}events = [\n\"call.denied\",\n\"aproval.requested\"]"),
            "17: `webhooks.events`: there is no event `aproval.requested`; did you mean `approval.requested`?",
        ),
        (
            "a family that is not there",
            format!("{good}events = [\"*\"]"),
            "15: `webhooks.events`: there is no event `*`; expected `approval.decided`, `approval.expired`, \
             `approval.requested`, `approval.revoked`, `call.denied`, `definition.drift`, `policy.pushed`",
        ),
        (
            "a connection that is not there",
            format!("{good}events = [\"call.denied\"]\nconnections = [\"biling\"]"),
            "16: connection `biling` is not defined; did you mean `billing`?",
        ),
        (
            "no connection",
            format!("{good}events = [\"call.denied\"]\nconnections = []"),
            "12: `webhooks.connections` is empty; name one, or leave it out",
        ),
        (
            "an unknown key",
            format!("{good}events = [\"call.denied\"]\nevent = \"x\""),
            "16: unknown key `webhooks.event`; did you mean `events`?",
        ),
        (
            "plain text over a network",
            format!("url = \"http://x.example.com\"\n{secret}events = [\"call.denied\"]"),
            "13: `webhooks.url`: `https://` is required; plain `http://` is only for this machine or `*.internal`",
        ),
        (
            "a password in the URL",
            format!("url = \"https://a:b@x\"\n{secret}events = [\"call.denied\"]"),
            "13: `webhooks.url`: a user name or password in a URL is not allowed",
        ),
        (
            "a fragment",
            format!("url = \"https://x/?a#b\"\n{secret}events = [\"call.denied\"]"),
            "13: `webhooks.url`: a fragment (`#…`) is not allowed",
        ),
        (
            "a secret of another kind",
            "url = \"https://x\"\nsecret = \"hunter2\"\nevents = [\"call.denied\"]".into(),
            bad_secret,
        ),
        (
            "a short secret",
            "url = \"https://x\"\nsecret = \"whsec_aGk=\"\nevents = [\"call.denied\"]".into(),
            bad_secret,
        ),
    ] {
        assert_eq!(told(&lines, &[]), want, "case: {name}");
    }
    let twice = format!("{good}events = [\"call.denied\"]\n[[webhooks]]\n{good}events = [\"policy.pushed\"]");
    assert_eq!(
        told(&twice, &[]),
        "17: `webhooks.url` is also that of the webhook on line 13; list all events there"
    );
    let entry = format!("[[webhooks]]\nsecret = \"{SECRET}\"\nevents = [\"call.denied\"]\n");
    let many: String = (0..17).map(|n| format!("{entry}url = \"https://x/{n}\"\n")).collect();
    assert_eq!(of(&many, &[]).unwrap_err(), "portcullis.toml:76: there are more than 16 webhooks");
    assert_eq!(
        told("url = \"https://x\"\nsecret = \"{{ none }}\"\nevents = [\"call.denied\"]", &[]),
        "14: `webhooks.secret`: variable `none` has no value"
    );
}
