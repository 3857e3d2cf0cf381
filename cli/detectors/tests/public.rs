//! Files of detectors: what is wrong with them, and what they find.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failing test is its report")]

use std::sync::Arc;

use portcullis_detect::{Confidence, Custom, CustomError, Detectors};
use portcullis_detectors::{DetectorsFile, digest};
use proptest::prelude::*;

fn problems(text: &str) -> Vec<String> {
    match DetectorsFile::parse(text, "d.toml") {
        Ok(_) => Vec::new(),
        Err(problems) => problems.to_string().lines().map(str::to_owned).collect(),
    }
}

fn custom(text: &str) -> Custom {
    let file = DetectorsFile::parse(text, "d.toml").unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    Custom::open(file.to_bytes()).unwrap()
}

/// One detector of `acme.x`.
fn one(lines: &str) -> Custom {
    custom(&format!("[[detector]]\nclass = \"acme.x\"\n{lines}"))
}

fn found<'t>(custom: &Custom, text: &'t str) -> Vec<&'t str> {
    custom.findings(text).iter().map(|found| text.get(found.range.clone()).unwrap()).collect()
}

#[test]
fn every_problem_is_listed_with_its_line() {
    let text = r#"
[[detector]]
class = "acme.a"
regex = "a("
wrods = ["a"]

[[detector]]
clas = "acme.b"

[[detector]]
class = "pii.crad"
json_path = "a.b"
confidence = "hgih"

[[detector]]
class = "project"
words = []
validator = "luhn"
context = ["two words"]

[detectors]
"#;
    let want = [
        "d.toml:4: `regex`: unclosed group (at character 2)",
        "d.toml:5: unknown key `detector.wrods`; did you mean `words`?",
        "d.toml:7: `detector.class` is missing",
        "d.toml:7: it finds nothing: write one of `regex`, `words` and `json_path`",
        "d.toml:8: unknown key `detector.clas`; did you mean `class`?",
        "d.toml:11: `class`: there is no `pii.crad`; did you mean `pii.card`?",
        "d.toml:12: `json_path`: a path is like `$.customer.note`, `$..note`, `$.list[*].note`, `$.list[0]` or `$['a b']`; at `a.b` it is not",
        "d.toml:13: `confidence`: there is no `hgih`; did you mean `high`?",
        "d.toml:15: `words` has none",
        "d.toml:16: `class`: `project` has one part only; put before it whose it is, as in `acme.project`",
        "d.toml:18: `validator` is for `regex`: a list says itself which words are meant",
        "d.toml:19: `context`: `two words` is not one word of letters; list the words",
        "d.toml:21: unknown key `detectors`; did you mean `detector`?",
    ];
    assert_eq!(problems(text), want);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (lines, want) in [
        ("regex = 'a*'", "3: `regex`: it matches where nothing is: let it have at least one character"),
        ("regex = '\\b'", "3: `regex`: it matches where nothing is: let it have at least one character"),
        ("regex = '[a&&b]'", "3: `regex`: it can never match"),
        (
            "regex = '(?=a)b'",
            "3: `regex`: look-around, including look-ahead and look-behind, is not supported (at character 1)",
        ),
        ("regex = 'a–b'", "3: `regex`: `–` reads as `-`, so write that"),
        (
            "regex = '.*\\pL{40}x\\pL{40}'",
            "3: it becomes too large; ask for less of it: shorter repetitions (`{1,20}`), fewer classes of letters of all scripts (`\\pL`), fewer words",
        ),
        (
            "regex = 'a'\nwords = ['b']",
            "1: it can have only one of `regex`, `words` and `json_path`: write a detector for each, of the same class",
        ),
        (
            "regex = 'abc'\ncase_sensitive = true",
            "1: `case_sensitive` is for `words`; in an expression, write `(?i)` at its start",
        ),
        ("regex = 'abc'\nvalidator = 'mod10'", "4: `validator`: there is no `mod10`; did you mean `mod11`?"),
        (
            "json_path = '$.a'\ncontext = ['b']",
            "3: `context` and `validator` are for texts: all that `json_path` leads to is found",
        ),
        ("words = ['a', ' b']", "3: `words`: ` b` is blank, or has blanks around it"),
        (
            "words = ['card']",
            "1: it finds something in `[card]`, which stands in the place of a masked value; make it narrower, or name its class otherwise",
        ),
        ("regex = 'AC-\\d'\nexamples = [\n'AC-1',\n'AC-'\n]", "6: `examples`: nothing is found in `AC-`"),
        (
            "regex = 'AC-\\d'\ncounterexamples = ['see AC-1']",
            "4: `counterexamples`: `AC-1` is found in `see AC-1`",
        ),
        (
            "regex = '\\d{6}'\ncontext = ['number']\nexamples = ['123456']",
            "5: `examples`: nothing is found in `123456`; is a word of `context` near?",
        ),
        (
            "regex = '\\d{6}'\nvalidator = 'luhn'\nexamples = ['123456']",
            "5: `examples`: nothing is found in `123456`; does it pass the `validator`?",
        ),
    ] {
        let found = problems(&format!("[[detector]]\nclass = \"acme.x\"\n{lines}"));
        assert_eq!(found, [format!("d.toml:{want}")], "{lines}");
    }
    assert_eq!(problems("[[detector"), ["d.toml:1: not TOML: unclosed array table, expected `]]`"]);
}

#[test]
fn expressions_find_what_they_say_in_text_as_it_is_read() {
    let contract = one(r"regex = '\bAC-\d{4}\b'");
    for (text, want) in [
        ("AC-2041", ["AC-2041"].as_slice()),
        ("see AC-2041, AC-2042.", &["AC-2041", "AC-2042"]),
        ("AC‑２０４１ and A\u{200b}C-2041", &["AC‑２０４１", "A\u{200b}C-2041"]),
        ("XAC-2041 AC-20415 ac-2041", &[]),
        ("", &[]),
    ] {
        assert_eq!(found(&contract, text), want, "text: {text}");
    }
    assert_eq!(found(&one("regex = '^x+$'"), "xxx"), ["xxx"]);
    assert_eq!(found(&one("regex = '^x+$'"), "xxx x"), [""; 0]);
    assert_eq!(found(&one("regex = 'straße \\d+'"), "Die straße 12"), ["straße 12"]);
}

#[test]
fn words_are_found_whole_and_in_either_case() {
    let words = one("words = ['Falcon', 'foo bar', 'foo', 'C++', 'Straße']");
    for (text, want) in [
        ("project falcon and FALCON.", ["falcon", "FALCON"].as_slice()),
        ("falcons falcon_x xfalcon éfalcon falconé falcon2", &[]),
        ("foo barn", &["foo"]),
        ("foo bar", &["foo bar"]),
        ("in C++, not C++11", &["C++"]),
        (r"\nfalcon", &["falcon"]),
        ("STRASSE straße STRAßE", &["straße", "STRAßE"]),
        ("fal\u{ad}con", &["fal\u{ad}con"]),
    ] {
        assert_eq!(found(&words, text), want, "text: {text}");
    }
    let exact = one("words = ['Falcon']\ncase_sensitive = true");
    assert_eq!(found(&exact, "falcon Falcon FALCON"), ["Falcon"]);
}

#[test]
fn a_match_needs_its_cue_and_its_check() {
    let spoken = one("regex = '\\b\\d{6}\\b'\ncontext = ['Kundennummer', 'customer']");
    for (text, want) in [
        ("customer 123456", 1),
        ("Kundennummer: 123456", 1),
        ("customerNumber=123456", 1),
        ("123456 is the customer", 1),
        ("order 123456", 0),
        ("customers 123456", 0),
        ("customer, whose papers were lost in the move of the office last spring, is not 123456", 0),
    ] {
        assert_eq!(spoken.findings(text).len(), want, "text: {text}");
    }
    let detectors = Detectors::with_custom(Arc::new(spoken));
    assert_eq!(detectors.scan_member("customerId", "123456").len(), 1);
    assert_eq!(detectors.scan_number("customer_id", "123456").len(), 1);
    assert_eq!(detectors.scan_number("order_id", "123456").len(), 0);
    assert_eq!(detectors.scan_number("customer_id", "-123456").len(), 0);

    let checked = one("regex = '\\b\\d{8}\\b'\nvalidator = 'luhn'\nconfidence = 'low'");
    assert_eq!(found(&checked, "12345674 12345675"), ["12345674"]);
    assert_eq!(checked.findings("12345674").iter().next().unwrap().confidence, Confidence::Low);
}

#[test]
fn one_detector_hides_nothing_of_another() {
    let all = custom(
        "[[detector]]\nclass = 'acme.long'\nregex = 'K[0-9A-Z]{8,}'\nvalidator = 'luhn'\n\
         [[detector]]\nclass = 'acme.short'\nregex = '[0-9]{5}'\n\
         [[detector]]\nclass = 'acme.word'\nwords = ['none']\n",
    );
    let findings = all.findings("K99912345");
    let classes: Vec<String> = findings.classes().iter().map(ToString::to_string).collect();
    assert_eq!(classes, ["acme.short"]);
    assert_eq!(all.classes().len(), 3);
}

#[test]
fn more_detectors_than_fit_an_automaton_are_all_found() {
    let text: String =
        (0..150).map(|n| format!("[[detector]]\nclass = 'acme.c{n}'\nregex = '\\bQ{n}Z\\b'\n")).collect();
    let all = custom(&text);
    for n in [0, 63, 64, 127, 128, 149] {
        let findings = all.findings(&format!("a Q{n}Z b"));
        let classes: Vec<String> = findings.classes().iter().map(ToString::to_string).collect();
        assert_eq!(classes, [format!("acme.c{n}")]);
    }
}

#[test]
fn paths_lead_to_values_in_documents_and_in_texts_that_are_some() {
    let detectors = Detectors::with_custom(Arc::new(one("json_path = '$.customer.note'")));
    let top = detectors.top();
    let note = detectors.member(detectors.member(top, "customer"), "note");
    let inside = detectors.item(note, 3);
    for (place, want) in [(top, 0), (note, 1), (inside, 1), (detectors.member(top, "note"), 0)] {
        assert_eq!(detectors.scan_at(place, "", "anything").len(), want);
        assert_eq!(detectors.scan_number_at(place, "", "17").len(), want);
    }
    assert!(detectors.scan_at(note, "", "").is_empty());
    let text = r#"{"customer":{"id":7,"note":"owes \"much\""}}"#;
    let masked = detectors.mask("", text, &detectors.scan(text), |_| true);
    assert_eq!(masked.text, r#"{"customer":{"id":7,"note":"[x]"}}"#);
    assert!(detectors.scan(&masked.text).is_empty());
    assert!(detectors.scan_at(note, "", "[x]").is_empty());
}

#[test]
fn builtin_detectors_go_on_beside_the_others() {
    let detectors = Detectors::with_custom(Arc::new(one(r"regex = 'AC-\d{4}'")));
    let text = "AC-2041: 4111 1111 1111 1111";
    assert_eq!(detectors.mask("", text, &detectors.scan(text), |_| true).text, "[x]: [card]");
    assert!(detectors.classes().iter().any(|class| class.as_str() == "acme.x"));
    assert_eq!(detectors.top(), detectors.member(detectors.top(), "a"));
}

#[test]
fn a_file_without_detectors_is_one() {
    let file = DetectorsFile::parse("# nothing yet\n", "d.toml").unwrap();
    assert!(file.is_empty());
    assert!(found(&Custom::open(file.to_bytes()).unwrap(), "text").is_empty());
}

const SOME: &str = "[[detector]]\nclass = 'acme.a'\nregex = 'AC-\\d{4}'\ncontext = ['contract']\n\
    [[detector]]\nclass = 'acme.b'\njson_path = '$..b[0]'\n[[detector]]\nclass = 'acme.c'\nwords = ['falcon']\n";

#[test]
fn the_compiled_form_says_what_it_was_made_from() {
    assert_eq!(custom(SOME).source(), &digest(SOME));
    let bytes = DetectorsFile::parse(SOME, "d.toml").unwrap().to_bytes();
    assert_eq!(DetectorsFile::parse(SOME, "e.toml").unwrap().to_bytes(), bytes);
}

#[test]
fn bytes_that_are_not_what_was_written_are_refused() {
    let good = DetectorsFile::parse(SOME, "d.toml").unwrap().to_bytes();
    assert!(Custom::open(good.clone()).is_ok());
    for length in 0..good.len().min(200) {
        let error = Custom::open(good[..length].to_vec()).unwrap_err();
        let want = if length == 0 { CustomError::NotDetectors } else { CustomError::Truncated };
        assert_eq!(error, want, "length: {length}");
    }
    for place in (0..good.len()).step_by(7).chain(0..60) {
        let mut bytes = good.clone();
        bytes[place] ^= 0x40;
        assert!(Custom::open(bytes).is_err(), "place: {place}");
    }
    let mut newer = good.clone();
    newer[8] = 2;
    assert_eq!(Custom::open(newer).unwrap_err(), CustomError::NewerFormat { found: 2 });
    let mut longer = good;
    longer.push(0);
    assert_eq!(Custom::open(longer).unwrap_err(), CustomError::Damaged);
}

#[test]
fn what_the_documents_and_the_starter_say_is_right() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).unwrap();
    let document = read("docs/detection.md");
    let examples: Vec<&str> =
        document.split("```toml").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!examples.is_empty());
    let starter = read("policies/detectors.toml");
    let written: String =
        starter.lines().map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line))).collect();
    let offered = written
        .split("[[detector]]")
        .skip(1)
        .map(|rest| format!("[[detector]]{}", rest.split("\n\n").next().unwrap()));
    for text in examples.into_iter().map(str::to_owned).chain(offered).chain([starter.clone()]) {
        assert_eq!(problems(&text), [""; 0], "{text}");
    }
}

/// The format of a release is read forever.
#[test]
fn what_was_compiled_once_can_be_opened() {
    let golden = include_bytes!("golden/detectors-1.bin");
    if std::env::var_os("BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/detectors-1.bin");
        std::fs::write(path, DetectorsFile::parse(SOME, "d.toml").unwrap().to_bytes()).unwrap();
        return;
    }
    let custom = Custom::open(golden.to_vec()).unwrap();
    assert_eq!(custom.source(), &digest(SOME));
    assert_eq!(found(&custom, "contract AC-2041 of FALCON, AC-1"), ["AC-2041", "FALCON"]);
    assert_eq!(found(&custom, r#"{"a":{"b":["x","y"]}}"#), ["x"]);
}

/// A search that went on from match to match would read all that is left of these texts for each of their letters.
#[test]
fn what_is_left_where_a_text_is_made_to_be_slow_is_found_whole() {
    for (regex, piece) in [("Q.*X|Q", "Q"), ("Q[A-Z]*X|Q", "QZ"), (r"(\S+\.)?ACME(\S+!)?", "ACME")] {
        let custom = one(&format!("regex = '{regex}'"));
        let text = piece.repeat(50_000);
        let findings = custom.findings(&text);
        let covered = findings.iter().last().map(|found| found.range.end);
        assert_eq!(covered, Some(text.len()), "{regex}");
        assert!(findings.len() < 100, "{regex}: {}", findings.len());
    }
}

const EXPRESSIONS: [&str; 14] = [
    "Q",
    "QX|Q",
    "Q|QX",
    "Q+X",
    "[QX]+Z?",
    r"\bQX\b",
    "^Q+",
    "X+$",
    "(Q|X){2,3}Z",
    "(?i)qX",
    "É+",
    "Q.Z",
    "(Q+)(X+)?",
    r"(?m)^X",
];

proptest! {
    #[test]
    fn matches_are_those_of_the_regex_crate(
        number in 0..EXPRESSIONS.len(),
        text in "[QXZqxÉ \n]{0,40}",
    ) {
        let expression = EXPRESSIONS[number];
        // Edges of words are those of ASCII.
        let ascii = expression.replace(r"\b", r"(?-u:\b)");
        let want: Vec<_> = regex::Regex::new(&ascii).unwrap().find_iter(&text).map(|found| found.range()).collect();
        let custom = one(&format!("regex = '{expression}'"));
        let got: Vec<_> = custom.findings(&text).iter().map(|found| found.range.clone()).collect();
        prop_assert_eq!(got, want, "{} in {:?}", expression, text);
    }

    #[test]
    fn any_text_is_masked_and_then_holds_nothing(text in "([ab ]|AC-|[0-9]{4}|falcon|contract|[\\[\\]{}\":,]|é){0,40}") {
        let detectors = Detectors::with_custom(Arc::new(custom(SOME)));
        let masked = detectors.mask("", &text, &detectors.scan(&text), |_| true);
        prop_assert!(detectors.scan(&masked.text).is_empty(), "{:?} to {:?}", text, masked.text);
    }

    #[test]
    fn any_bytes_can_be_opened_and_searched_without_harm(
        place: prop::sample::Index,
        with in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        use sha2::Digest as _;
        let mut bytes = DetectorsFile::parse(SOME, "d.toml").unwrap().to_bytes();
        let start = 48 + place.index(bytes.len() - 48);
        bytes.iter_mut().skip(start).zip(&with).for_each(|(to, from)| *to = *from);
        let digest = sha2::Sha256::digest(&bytes[44..]);
        bytes[12..44].copy_from_slice(&digest);
        if let Ok(custom) = Custom::open(bytes) {
            let _ = custom.findings("contract AC-2041 of falcon [1] {\"b\":[1]}");
        }
    }
}
