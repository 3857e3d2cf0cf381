//! What is wrong with policies, each in one line with its place and what to do.

use std::collections::BTreeSet;

use portcullis_detect::Class;
use portcullis_pins::Pins;
use portcullis_policy::{Explainer, Problem, Source};
use portcullis_schema::{Findings, World};
use portcullis_settings::Draft;

pub(crate) const SETTINGS: &str = r#"
public_url = "https://mcp.example.com"
secret_key = "{{ secret_key }}"
[issuers.okta]
issuer = "https://okta.example.com"
attributes = ["team", "roles"]
[issuers.github]
issuer = "https://token.actions.githubusercontent.com"
principal = "workload"
attributes = ["repository"]
[connections.billing]
url = "https://billing.example.com/mcp"
issuers = ["okta", "github"]
[connections.wiki]
url = "https://wiki.example.com/mcp"
issuers = ["okta"]
"#;

pub(crate) const PINS: &str = r##"{"connection": "billing", "version": 1,
    "tools": [
        {"name": "refund", "inputSchema": {"type": "object", "properties": {
            "amount": {"type": "number"}, "count": {"type": "integer"}, "reason": {"type": "string"},
            "either": {"type": ["string", "integer"]}, "tags": {"type": "array", "items": {"type": "string"}},
            "order": {"type": "object", "properties": {"total": {"type": "number"}}},
            "tool-name": {"type": "string"}
        }, "required": ["amount"]}},
        {"name": "list_customers", "inputSchema": {"type": "object", "properties": {"limit": {"type": "integer"}}}},
        {"name": "get-customer", "inputSchema": {"type": "object"}},
        {"name": "get.customer", "inputSchema": {"type": "object"}},
        {"name": "permit/if", "inputSchema": {"type": "object"}},
        {"name": "odd", "inputSchema": {"type": "string"}}
    ],
    "prompts": [{"name": "letter", "arguments": [{"name": "customer_id", "required": true}, {"name": "tone"}]}]
}"##;

fn findings(policies: &str) -> Findings {
    let draft = Draft::parse(SETTINGS, "portcullis.toml").unwrap();
    let pins = Pins::parse(&"billing".parse().unwrap(), PINS).unwrap();
    let world = World::new(&draft, [&pins]);
    let explainer = Explainer::parse(&[Source { file: "p.cedar", text: policies }]).unwrap();
    portcullis_schema::check(&world, &explainer).unwrap()
}

pub(crate) fn told(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// A permit of this scope and condition, on lines of their own.
fn permit(scope: &str, condition: &str) -> String {
    format!("@id(\"p\")\npermit (\n    {scope}\n)\nwhen {{\n    {condition}\n}};")
}

const REFUND: &str = r#"principal, action == Action::"billing/refund", resource"#;

/// What is said of a condition of the tool `refund`; `""` if nothing is.
fn of_condition(condition: &str) -> String {
    let Findings { problems, warnings } = findings(&permit(REFUND, condition));
    told(&problems) + &warnings.iter().map(|warning| format!("warning: {warning}\n")).collect::<String>()
}

/// How many labels there can be: every class, what classes are in, and three of arguments.
fn known_labels() -> usize {
    let parents = |class: Class| {
        let class = class.as_str();
        class.match_indices('.').map(move |(dot, _)| class.get(..dot).unwrap()).chain([class])
    };
    Class::built_in().flat_map(parents).collect::<BTreeSet<&str>>().len() + 3
}

#[test]
fn what_exists_and_fits_is_right() {
    for condition in [
        r#"context.input.amount.lessThan(decimal("5.0"))"#,
        "context.input has count && context.input.count < 5",
        r#"context.input has reason && context.input.reason like "*x*""#,
        r#"context.input has tags && context.input.tags.contains("a")"#,
        r#"context.input has order.total && context.input.order.total.greaterThan(decimal("1.0"))"#,
        r#"context.input has "tool-name" && context.input["tool-name"] == "x""#,
        r#"context.session.labels.containsAny(["pii.card", "args.unrepresentable"])"#,
        // Whatever is in it.
        r#"context.session.labels.contains("secret.token")"#,
        r#"context.session.now > datetime("2026-01-01") && context.session has client"#,
        r#"context.session.usage.day.distinct["pii.email"] < 50 && context.session.usage.minute.calls < 9"#,
        r#"principal.hasTag("team") && principal.getTag("team") == "x""#,
        r#"principal.hasTag("roles") && principal.getTag("roles").contains("x")"#,
        r#"principal in Group::"okta:support" && resource == Tool::"billing/refund""#,
        r#"principal.subject == "x" && resource.name == "refund" && resource in Connection::"billing""#,
    ] {
        assert_eq!(of_condition(condition), "", "case: {condition}");
    }
    for scope in [
        r#"principal, action in Action::"call", resource in Connection::"billing""#,
        r#"principal, action == Action::"billing/get-customer", resource"#,
        r#"principal, action in [Action::"billing/get.customer", Action::"billing/permit/if"], resource"#,
        r#"principal is Workload, action == Action::"read", resource is Resource"#,
        r#"principal, action == Action::"complete", resource in Connection::"wiki""#,
        r#"principal, action in Action::"prompt:billing", resource == Prompt::"billing/letter""#,
        r#"principal in Group::"github:ci", action in [Action::"approve", Action::"sample"], resource"#,
        r#"principal, action == Action::"unmask", resource in DataClass::"pii""#,
        r#"principal, action in [Action::"unmask", Action::"detokenize"], resource in DataClass::"pii""#,
        r#"principal == User::"okta|ann", action, resource"#,
        // Nothing of the wiki is pinned, so anything may exist.
        r#"principal, action == Action::"wiki/anything", resource == Tool::"wiki/anything""#,
    ] {
        let Findings { problems, warnings } = findings(&permit(scope, "true"));
        assert_eq!((told(&problems), told(&warnings)), (String::new(), String::new()), "case: {scope}");
    }
}

/// What is wrong with conditions of a tool whose `amount` is a decimal; the place is left out where it is line 6.
#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn what_a_condition_gets_wrong_is_said_with_its_place_and_what_to_do() {
    for (condition, want) in [
        // Arguments.
        (
            r#"context.input.amuont.lessThan(decimal("5.0"))"#,
            "`context.input.amuont` is no argument of `billing/refund`; did you mean `amount`?",
        ),
        // Cedar would take this for a test that fails.
        (
            "context.input has amuont",
            "`context.input.amuont` is no argument of `billing/refund`; did you mean `amount`?",
        ),
        (
            "context.input has order.totl",
            "`context.input.order.totl` is no argument of `billing/refund`; did you mean `total`?",
        ),
        (
            r#"context.input has "tool-nam""#,
            "`context.input[\"tool-nam\"]` is no argument of `billing/refund`; did you mean `tool-name`?",
        ),
        (
            "context.input has either && context.input.either == 5",
            "`context.input.either` has no one type in the pinned definition, so no rule can read it; decide by \
             another argument, or by `context.session.labels`",
        ),
        (
            "context.input.count < 5",
            "`context.input.count` is read, and may be absent; ask first: `context.input has count && …`",
        ),
        (
            r#"context.input["tool-name"] == "x""#,
            "`context.input[\"tool-name\"]` is read, and may be absent; ask first: `context.input has \"tool-name\" && …`",
        ),
        // Types.
        (
            "context.input.amount < 5",
            "this is of type decimal, and Long is needed; decimals are compared with `.lessThan(decimal(\"1.5\"))`, \
             `.lessThanOrEqual(…)`, `.greaterThan(…)`, `.greaterThanOrEqual(…)` and `== decimal(\"1.5\")`",
        ),
        (
            "context.input.amount == 5",
            "a decimal and a whole number are never equal; decimals are compared with `.lessThan(decimal(\"1.5\"))`, \
             `.lessThanOrEqual(…)`, `.greaterThan(…)`, `.greaterThanOrEqual(…)` and `== decimal(\"1.5\")`",
        ),
        (
            r#"context.input has count && context.input.count.lessThan(decimal("5.0"))"#,
            "this is of type Long, and decimal is needed; whole numbers are compared with `<`, `<=`, `>` and `>=`",
        ),
        (
            r#"context.input has reason && context.input.reason == context.input.amount"#,
            "the types String and decimal are not compatible; both operands to a `==` expression must have \
             compatible types. Types must be exactly equal to be compatible",
        ),
        ("[].contains(1)", "empty set literals are forbidden in policies"),
        // The session.
        (
            r#"context.session.labls.contains("x")"#,
            "`context.session.labls` is not there: the session has no `labls`; did you mean `labels`?",
        ),
        (
            "context.session has clien",
            "`context.session.clien` is not there: the session has no `clien`; did you mean `client`?",
        ),
        (
            r#"context.session.client == "x""#,
            "`context.session.client` is read, and may be absent; ask first: `context.session has client && …`",
        ),
        (
            r#"context.sesion.now > datetime("2026-01-01")"#,
            "`context.sesion` is not there: `context` has no `sesion`; did you mean `session`?",
        ),
        (
            "context.session.usage.week.calls < 5",
            "`context.session.usage.week` is not there: the session has no such attribute; it has `client`, `labels`, \
             `now` and `usage`, and that `minute`, `hour` and `day`",
        ),
        (
            r#"context.session.labels.containsAny(["pii.card", "pii.emial"])"#,
            "no request has the label `pii.emial`; did you mean `pii.email`?",
        ),
        (
            r#"context.session.labels.contains("pii.c")"#,
            // Of hundreds of classes those are named first that begin with what was meant.
            &format!(
                "no request has the label `pii.c`; expected `pii.ca_sin`, `pii.card`, `pii.ch_ahv`, `pii.cl_rut`, \
                 `pii.cn_resident_id`, `pii.co_nit`, `pii.crypto_address`, `pii.cz_rodne_cislo`, `network`, \
                 `network.ip`, `network.mac`, `path` or one of {} others",
                known_labels() - 12
            ),
        ),
        // Principals and resources.
        (
            r#"principal.hasTag("tema")"#,
            "no issuer has `tema` among its `attributes`, so nobody has this tag; did you mean `team`?",
        ),
        (
            r#"principal.getTag("team") == "x""#,
            "the tag `\"team\"` is read, and may be absent; ask first: `.hasTag(\"team\") && …`",
        ),
        (
            "principal has email",
            "`principal.email` is not there: `principal` has no `email`; expected `issuer`, `subject`; claims are \
             tags: `principal.hasTag(\"email\")`",
        ),
        (
            r#"principal in Group::"okat:support""#,
            "`okat:support` is of the issuer `okat`, which the settings do not have; did you mean `okta`?",
        ),
        (
            r#"principal == User::"octa|x""#,
            "`octa|x` is of the issuer `octa`, which the settings do not have; did you mean `okta`?",
        ),
        (
            r#"resource == Tool::"billing/refnd""#,
            "`billing` has no pinned tool `refnd`; did you mean `refund`? If not, approve it with `portcullis pin billing`",
        ),
        (
            r#"resource == Tool::"refund""#,
            "`refund` names no connection; a tool is written `connection/refund`",
        ),
        (
            r#"resource in Connection::"biling""#,
            "the settings have no connection `biling`; did you mean `billing`?",
        ),
        ("resource is Tol", "there are no entities of the type `Tol`; did you mean `Tool`?"),
        (r#"resource == Tol::"x""#, "there are no entities of the type `Tol`; did you mean `Tool`?"),
    ] {
        assert_eq!(of_condition(condition), format!("p.cedar:6: {want}\n"), "case: {condition}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn what_a_scope_gets_wrong_is_said_with_its_place_and_what_to_do() {
    for (scope, condition, want) in [
        (
            r#"principal, action == Action::"billing/refnd", resource"#,
            "context.input.amount < 5",
            "p.cedar:3: `billing` has no pinned tool `refnd`; did you mean `refund`? If not, approve it with \
             `portcullis pin billing`\n",
        ),
        (
            r#"principal, action == Action::"billing/get-custmer", resource"#,
            "true",
            "p.cedar:3: `billing` has no pinned tool `get-custmer`; did you mean `get-customer`? If not, approve it \
             with `portcullis pin billing`\n",
        ),
        (
            r#"principal, action == Action::"billing/get_customer", resource"#,
            "true",
            "p.cedar:3: `billing` has no pinned tool `get_customer`; did you mean `get-customer`? If not, approve it \
             with `portcullis pin billing`\n",
        ),
        (
            r#"principal, action == Action::"prompt:billing/leter", resource"#,
            "true",
            "p.cedar:3: `billing` has no pinned prompt `leter`; did you mean `letter`? If not, approve it with \
             `portcullis pin billing`\n",
        ),
        (
            r#"principal, action == Action::"wikki/x", resource"#,
            "true",
            "p.cedar:3: the settings have no connection `wikki`; did you mean `wiki`?\n",
        ),
        (
            r#"principal, action == Action::"raed", resource"#,
            "true",
            "p.cedar:3: there is no action `raed`; did you mean `read`?\n",
        ),
        (
            r#"principal, action == Action::"unmask", resource == DataClass::"pii.crd""#,
            "true",
            "p.cedar:3: no detector finds the class `pii.crd`; did you mean `pii.card`?\n",
        ),
        (
            r#"principal, action == Action::"detokenize", resource"#,
            r#"context.tool == Tool::"billing/refnd""#,
            "p.cedar:6: `billing` has no pinned tool `refnd`; did you mean `refund`? If not, approve it with `portcullis pin \
             billing`\n",
        ),
        (
            r#"principal, action == Action::"unmask", resource"#,
            r#"context.tool == Tool::"billing/refund""#,
            "p.cedar:6: `context.tool` is read, and `unmask` has none; ask first: `context has tool && …`\n",
        ),
        (
            REFUND,
            r#"context.session.labels.contains("token.unopend")"#,
            "p.cedar:6: no request has the label `token.unopend`; did you mean `token.unopened`?\n",
        ),
        // What is not there for every question that the scope takes in.
        (
            "principal, action, resource",
            r#"context.session.labels.contains("pii.card")"#,
            "p.cedar:6: `context.session` is read, and `detokenize`, like one other action, has none; say in the scope which actions are meant, as \
             `action in Action::\"call\"`\n",
        ),
        (
            r#"principal, action in Action::"billing", resource"#,
            r#"context.input.amount.lessThan(decimal("5.0"))"#,
            "p.cedar:6: `context.input.amount` is read, and `billing/get-customer`, like 4 other actions, has none; \
             ask first: `context.input has amount && …`\n",
        ),
        (
            r#"principal, action in Action::"billing", resource"#,
            "context.input has sql",
            "p.cedar:6: `context.input.sql` has no one type in the pinned definition, so no rule can read it; decide \
             by another argument, or by `context.session.labels`\n",
        ),
        (
            r#"principal, action in [Action::"billing/refund", Action::"billing/list_customers"], resource"#,
            "context.input has limt",
            "p.cedar:6: `context.input.limt` is no argument of any call that this policy is about; did you mean \
             `limit`?\n",
        ),
        (
            r#"principal, action == Action::"prompt:billing/letter", resource"#,
            r#"context.input.customer_id == "x" && context.input.tone like "f*""#,
            "p.cedar:6: `context.input.tone` is read, and may be absent; ask first: `context.input has tone && …`\n",
        ),
        (
            r#"principal, action in [Action::"read", Action::"complete"], resource"#,
            r#"resource.uri like "x""#,
            "p.cedar:6: `resource.uri` is read, and a `Prompt` has no such attribute; say in the scope which type is \
             meant, or ask first with `has`\n",
        ),
        // What can never match may be meant.
        (
            r#"principal, action == Action::"read", resource == Tool::"billing/refund""#,
            "true",
            "warning: p.cedar:1: it can never match: no action in its scope goes with such a principal and resource; \
             tools are of `Tool`, prompts of `Prompt`, `read` of `Resource`, `unmask` and `detokenize` of `DataClass`\n",
        ),
        (
            REFUND,
            "false",
            "warning: p.cedar:1: it can never match, whatever is asked; remove it, or mend its conditions\n",
        ),
        // Nothing of the wiki is pinned: arguments are not checked, everything else is.
        (
            r#"principal, action == Action::"wiki/write", resource"#,
            "context.input.size < 5 && context.input.a == context.input.b",
            "warning: p.cedar:1: the arguments that `p` reads are not checked, since nothing is pinned of `wiki`; run \
             `portcullis pin wiki`\n",
        ),
        (
            r#"principal, action in Action::"call", resource"#,
            r#"context.input has amuont && principal.hasTag("tema")"#,
            "p.cedar:6: no issuer has `tema` among its `attributes`, so nobody has this tag; did you mean `team`?\n\
             warning: p.cedar:1: the arguments that `p` reads are not checked, since nothing is pinned of `wiki`; run \
             `portcullis pin wiki`\n",
        ),
    ] {
        let Findings { problems, warnings } = findings(&permit(scope, condition));
        let warnings: String = warnings.iter().map(|warning| format!("warning: {warning}\n")).collect();
        assert_eq!(told(&problems) + &warnings, want, "case: {scope} when {condition}");
    }
}

#[test]
fn who_may_approve_is_of_an_issuer_that_exists() {
    let policy = "@id(\"p\")\n@approval(\"okat:finance\")\nforbid (principal, action == Action::\"billing/refund\", resource);";
    let want = "p.cedar:2: `okat:finance` is of the issuer `okat`, which the settings do not have; did you mean `okta`?\n";
    assert_eq!(told(&findings(policy).problems), want);
}

#[test]
fn every_problem_of_every_policy_is_told_at_once() {
    let policies = r#"
        @id("one") permit (principal in Group::"okat:x", action == Action::"billing/refund", resource)
        when { context.input.amuont == 1 && context.input.amount == 1 };
        @id("two") forbid (principal, action == Action::"billing/list_customers", resource)
        unless { context.input.limit < 5 };"#;
    let lines: Vec<usize> = findings(policies).problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 3, 3, 5]);
}
