//! Values that specifications and authorities publish, and what only looks like one.

use proptest::prelude::*;

use crate::{Class, Confidence, Detectors};

fn found(key: &str, text: &str) -> Vec<(&'static str, String, Confidence)> {
    let findings = Detectors::builtin().scan_member(key, text);
    let in_text = |range: std::ops::Range<usize>| text.get(range).unwrap().to_owned();
    findings.iter().map(|one| (one.class.as_str(), in_text(one.range.clone()), one.confidence)).collect()
}

/// What is found wherever it stands: the class, a cue, a name of a member, and values.
const STRONG: &[(&str, &str, &str, &[&str])] = &[
    (
        "pii.be_national_number",
        "Rijksregisternummer",
        "nationalNumber",
        &["85.07.30-033.28", "85073003328", "17 07 30 033 84", "85.07.30-033 28", "850730-033-28"],
    ),
    ("pii.ch_ahv", "AHV-Nr.", "ahvNumber", &["756.9217.0769.85", "7569217076985", "756.1234.5678.97"]),
    ("pii.cz_rodne_cislo", "Rodné číslo", "rodne_cislo", &["710319/2745", "780123/3540"]),
    ("pii.de_social_security", "RVNR", "rentenversicherungsnummer", &["15070649C103", "65 170839 J 003"]),
    ("pii.de_tax_id", "Steuer-ID", "steuerId", &["86 095 742 719", "36 574 261 809"]),
    ("pii.es_nie", "NIE", "nie", &["X1234567L", "X-2482300-W", "y1234567x"]),
    ("pii.es_nif", "DNI", "nif", &["12345678Z", "54362315-K", "12.345.678-Z", "54362315k"]),
    (
        "pii.fi_hetu",
        "Henkilötunnus",
        "hetu",
        &["131052-308T", "131052A308T", "131052Y308T", "131052+308T", "010594Y9032"],
    ),
    (
        "pii.fr_nir",
        "numéro de sécurité sociale",
        "nir",
        &["295109912611193", "2 95 10 99 126 111 93", "253072B07300470", "2 53 07 2A 073 004 43"],
    ),
    (
        "pii.it_fiscal_code",
        "Codice fiscale",
        "codiceFiscale",
        &[
            "RSSMRA85T10A562S",
            "MRTMTT25D09F205Z",
            "RCCMNL83S18D969H",
            "rssmra85t10a562s",
            "RSSMRA 85T10 A562S",
            "RSSMRA85T10A56NH",
            "RSSMRA8RTMLARSNO",
        ],
    ),
    ("pii.it_vat", "Partita IVA", "partita_iva", &["IT00743110157", "IT 07643520567"]),
    ("pii.no_fodselsnummer", "Fødselsnummer", "fnr", &["13097248022", "130972 48022", "01010750160"]),
    ("pii.pl_nip", "NIP", "nip", &["PL8567346215", "PL 1234563218"]),
    ("pii.pt_nif", "NIF", "contribuinte", &["PT501964843", "PT 123456789"]),
    (
        "pii.se_personnummer",
        "Personnummer",
        "personnummer",
        &["811218-9876", "19811218-9876", "811218+9876", "701063-2391", "19701063-2391"],
    ),
    (
        "pii.uk_driving_licence",
        "Driving licence",
        "drivingLicence",
        &["MORGA657054SM9IJ", "MORGA 657054 SM9IJ", "FOX99657054S99IJ"],
    ),
    ("pii.uk_nino", "NI number", "nino", &["AB123456C", "AB 12 34 56 C", "JG-10-37-59-A", "ab123456c"]),
    ("pii.us_itin", "ITIN", "itin", &["912-90-3456", "999-88-1234"]),
    ("pii.us_ssn", "SSN", "ssn", &["078-05-1120", "219-09-9999", "536-22-8726"]),
];

/// What is found near a cue only.
const WEAK: &[(&str, &str, &str, &[&str])] = &[
    ("pii.at_svnr", "SVNR", "svnr", &["1237 010180", "1237010180"]),
    ("pii.cz_rodne_cislo", "RODNE CISLO", "rodneCislo", &["7103192745", "520814/123"]),
    ("pii.de_id_card", "Personalausweis", "ausweisnummer", &["T220001293", "L01X00T471", "L01X00T47"]),
    ("pii.de_passport", "Reisepass", "reisepassNummer", &["C01X00T478", "C01X00T47"]),
    ("pii.de_tax_id", "Steueridentifikationsnummer", "taxId", &["86095742719", "65929970489", "57549285017"]),
    ("pii.dk_cpr", "CPR-nr.", "cpr", &["211062-5629", "0707614285", "010107-1234"]),
    ("pii.es_cif", "CIF", "cif", &["J99216582", "B58378431", "A-58818501", "P0800000B"]),
    ("pii.ie_pps", "PPS", "ppsn", &["6433435F", "6433435OA", "1234567T", "1234567TW", "1234567FA"]),
    ("pii.it_vat", "P. IVA", "pIva", &["00743110157", "07643520567"]),
    ("pii.nl_bsn", "BSN", "burgerservicenummer", &["111222333", "123456782", "1234.56.782"]),
    ("pii.pl_nip", "NIP", "nip", &["856-734-62-15", "8567346215", "123-45-63-218"]),
    ("pii.pl_pesel", "PESEL", "pesel", &["44051401359", "02070803628"]),
    ("pii.pt_nif", "Contribuinte", "nif", &["501964843", "501 964 843"]),
    ("pii.se_personnummer", "Personnummer", "personNummer", &["8112189876", "198112189876", "20150314-2380"]),
    ("pii.uk_nhs", "NHS number", "nhs_number", &["943 476 5919", "4010232137", "943-476-5919"]),
    ("pii.uk_nino", "National Insurance", "nationalInsurance", &["AB123456", "AB 12 34 56"]),
    ("pii.uk_passport", "British passport", "ukPassport", &["925665416"]),
    ("pii.us_bank_account", "Account number", "accountNumber", &["00012345678", "12345678", "1234567890123"]),
    ("pii.us_bank_routing", "Routing number", "aba", &["021000021", "011401533", "0910-0001-9"]),
    ("pii.us_dea", "DEA", "deaNumber", &["AB1234563", "BB1388568", "F91234563"]),
    (
        "pii.us_driving_licence",
        "Driver's license",
        "driversLicense",
        &[
            "D1234567",
            "S123-4567-8901",
            "A123-456-78-901-2",
            "12345678",
            "GB123456A",
            "12ABC34567",
            "WDLABCD456DG",
        ],
    ),
    ("pii.us_itin", "ITIN", "taxpayerId", &["912903456", "912 90 3456"]),
    ("pii.us_npi", "NPI", "npi", &["1234567893", "1245319599"]),
    ("pii.us_passport", "US passport", "usPassport", &["340020013", "A12345678"]),
    ("pii.us_ssn", "Social Security", "ssn", &["078051120", "536 22 8726"]),
];

#[test]
fn what_authorities_publish_is_found_near_a_cue() {
    for (class, cue, key, values) in STRONG.iter().chain(WEAK) {
        for value in *values {
            for (key, text) in [("", format!("{cue}: {value}, of today")), (key, (*value).to_owned())] {
                let found = found(key, &text);
                let [(found_class, found_value, confidence)] = found.as_slice() else {
                    panic!("key: {key}, text: {text}, found: {found:?}");
                };
                assert_eq!(
                    (*found_class, found_value.as_str()),
                    (*class, *value),
                    "key: {key}, text: {text}"
                );
                assert!(*confidence > Confidence::Low, "text: {text}");
            }
        }
    }
}

#[test]
fn what_is_strong_needs_no_cue_and_what_is_weak_does() {
    for (class, _, _, values) in STRONG {
        for value in *values {
            let found = found("", &format!("see {value}."));
            assert_eq!(found, [(*class, (*value).to_owned(), Confidence::Medium)], "value: {value}");
        }
    }
    for (_, _, _, values) in WEAK {
        for value in *values {
            let found = found("", &format!("see {value}."));
            // Ten digits in threes and fours are a telephone number as well.
            let others: Vec<_> = found.iter().filter(|(class, ..)| *class != "pii.phone").collect();
            assert!(others.is_empty(), "value: {value}, found: {others:?}");
        }
    }
}

#[test]
fn a_number_in_a_document_is_found_by_the_name_of_its_member() {
    for (key, number, class) in [
        ("ssn", "536228726", "pii.us_ssn"),
        ("routingNumber", "121000248", "pii.us_bank_routing"),
        ("bsn", "111222333", "pii.nl_bsn"),
        ("steuer_id", "86095742719", "pii.de_tax_id"),
        ("fnr", "13097248022", "pii.no_fodselsnummer"),
        ("npi", "1234567893", "pii.us_npi"),
    ] {
        let findings = Detectors::builtin().scan_number(key, number);
        let classes: Vec<_> = findings.iter().map(|one| one.class.as_str()).collect();
        assert_eq!(classes, [class], "{key}: {number}");
    }
}

/// Values with a wrong check, a date that no calendar has, or parts that are not given out; each after its cue.
#[test]
fn what_only_looks_like_one_is_not_found() {
    for text in [
        "SSN: 000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000",
        "SSN 123-45-67890, 1123-45-6789, 123-45-6789-1, 12-345-6789",
        "ITIN: 912-49-3456, 912-93-3456, 812-00-3456",
        "routing: 021000022, 991000021, 021000021-5",
        "NPI: 1234567894, 3234567893",
        "DEA: AB1234564, QB1234563, A81234563",
        "NHS: 943 476 5918, 1111111111",
        "NINO: QQ123456C, BG123456A, AO123456C, AB123456E, DA123456C",
        "driving licence: MORGA657354SM9IJ, MOR9A657054SM9IJ, MORGA613324SM9IJ",
        "PPS: 1234567A, 6433435E, 1234567TZ",
        "Steuer-ID: 86095742718, 01234567890, 12345678901, 11122233344",
        "RVNR: 65170839J004, 65320839J003, 00170839J003",
        "Personalausweis: T220001294, A220001293, LMNPRTVWX",
        "AHV: 756.9217.0769.86, 757.9217.0769.85",
        "SVNR: 1238 010180, 1237 320180, 0237 010180",
        "DNI: 12345678A, 00000000T, 12345678ZZ",
        "NIE: X1234567M, W1234567L",
        "CIF: J99216583, K58378431, P08000001",
        "codice fiscale: RSSMRA85T10A562T, RSSMRA85F10A562S, RSSMRA85T32A562S",
        "partita IVA: 00743110158, 00743119997",
        "contribuinte: 501964842, 012345678, 111111111",
        "nir: 295109912611194, 595109912611193",
        "BSN: 111222334, 000000000, 111111111",
        "rijksregister: 85.07.30-033.29, 85.13.30-033.28, 85.07.32-033.28",
        "PESEL: 44051401358, 44991401359",
        "NIP: 8567346216, 0000000000",
        "rodné číslo: 710319/2746, 711319/2745, 560814/123",
        "personnummer: 811218-9875, 811318-9876, 811218-0000, 811292-9876",
        "hetu: 131052-308U, 131352-308T, 131052G308T, 131052-001R",
        "fnr: 13097248023, 13137248022",
        "CPR: 320162-5629, 211362-5629",
        "account number 20260314, 00000000",
        "passport: 123456789012",
    ] {
        assert_eq!(found("", text), [], "text: {text}");
    }
}

#[test]
fn numbers_of_every_day_are_not_found_without_a_cue() {
    for text in [
        "order 123456782 of 20240115-0042, invoice 240115-00042",
        "1787480130, 1787480130123, 1787480130123456, 20260823101530",
        "build 12345678 of 1234567a, branch f81234567",
        "ISBN 0-306-40615-2, EAN 4006381333931, ISSN 2049-3630",
        "parts AB1234563 and A58818501, flight LH400, bus X12",
        "tracking 9400111899223100001234, 1Z999AA10123456784",
        "social media: 120 000 000 views; passport control took 90 minutes; the account was closed in 2024",
        "arn:aws:iam::123456789012:role/x, sg-0123456789abcdef0, i-0abcd1234ef567890",
        "0x12345678, #12345678, 12345678, 1_234_567_890",
        "lat 52.52000660, lon 13.40495400; 2026.03.14-123",
        "123-456-7890, 12-34-56, 1234-5678-9, 01.02.2024-03.04.2024",
    ] {
        assert_eq!(found("", text), [], "text: {text}");
    }
}

#[test]
fn what_was_masked_is_no_cue() {
    let text = "078-05-1120 for order 123456782";
    let detectors = Detectors::builtin();
    let masked = detectors.mask("", text, &detectors.scan(text), Class::is_sensitive);
    assert_eq!(masked.text, "[us_ssn] for order 123456782");
}

/// What changes when one digit is another; the sums of all of these tell every such change.
const TELLS_EVERY_DIGIT: &[(&str, &str)] = &[
    ("AHV", "7569217076985"),
    ("BSN", "111222333"),
    ("DNI", "54362315K"),
    ("NHS", "9434765919"),
    ("NIF", "501964843"),
    ("NIP", "8567346215"),
    ("NPI", "1234567893"),
    ("PPS", "6433435F"),
    ("hetu", "131052-308T"),
    ("fnr", "13097248022"),
    ("nir", "295109912611193"),
    ("samordningsnummer", "811218-9876"),
    ("rijksregister", "85073003328"),
    ("routing", "021000021"),
    ("steuerid", "86095742719"),
    ("codice fiscale", "RSSMRA85T10A562S"),
    ("rodne", "710319/2745"),
];

#[test]
fn one_wrong_digit_is_told() {
    for (cue, value) in TELLS_EVERY_DIGIT {
        let places = value.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
        for (place, byte) in places {
            for other in (b'0'..=b'9').filter(|other| *other != byte) {
                let mut changed = value.as_bytes().to_vec();
                changed[place] = other;
                let text = format!("{cue}: {}", String::from_utf8(changed).unwrap());
                assert_eq!(found("", &text), [], "text: {text}");
            }
        }
    }
}

#[test]
fn no_form_that_starts_with_a_digit_has_fewer_digits_than_are_looked_for() {
    for form in super::all().flat_map(|identifier| identifier.forms).filter(|form| form.starts_with('9')) {
        assert!(super::starts_number(form.as_bytes(), 0), "form: {form}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_french_number_is_found(sex in 1..=2_u64, year in 0..100_u64, month in 1..=12_u64, rest in 1_001_001..96_000_000_u64) {
        prop_assume!(rest % 1_000 != 0 && rest / 1_000 % 1_000 != 0);
        let number = ((sex * 100 + year) * 100 + month) * 100_000_000 + rest;
        let text = format!("{number}{:02}", 97 - number % 97);
        // Some are also cards of fifteen digits, which wins; the class stays known.
        let classes = Detectors::builtin().scan(&text).classes();
        prop_assert!(classes.iter().any(|class| class.as_str() == "pii.fr_nir"), "{}", text);
    }

    #[test]
    fn every_belgian_number_is_found(year in 0..100_u64, month in 1..=12_u64, day in 1..=28_u64, serial in 1..=998_u64, is_young: bool) {
        let number = ((year * 100 + month) * 100 + day) * 1_000 + serial;
        let check = 97 - (number + if is_young { 2_000_000_000 } else { 0 }) % 97;
        let text = format!("{year:02}.{month:02}.{day:02}-{serial:03}.{check:02}");
        prop_assert_eq!(found("", &text), [("pii.be_national_number", text.clone(), Confidence::Medium)]);
    }

    #[test]
    fn every_finnish_number_is_found(day in 1..=28_u64, month in 1..=12_u64, year in 0..100_u64, serial in 2..=999_u64, sign in "[-+A-FU-Y]") {
        let date = format!("{day:02}{month:02}{year:02}");
        let rest = (date.parse::<u64>().unwrap() * 1_000 + serial) % 31;
        let check = "0123456789ABCDEFHJKLMNPRSTUVWXY".chars().nth(usize::try_from(rest).unwrap()).unwrap();
        let text = format!("{date}{sign}{serial:03}{check}");
        prop_assert_eq!(found("", &text), [("pii.fi_hetu", text.clone(), Confidence::Medium)]);
    }

    #[test]
    fn every_social_security_number_is_found(area in 1..=899_u32, group in 1..=99_u32, serial in 1..=9_999_u32) {
        prop_assume!(area != 666);
        let text = format!("{area:03}-{group:02}-{serial:04}");
        prop_assert_eq!(found("", &text), [("pii.us_ssn", text.clone(), Confidence::Medium)]);
    }

    #[test]
    fn every_norwegian_number_is_found(day in 1..=28_u32, month in 1..=12_u32, rest in 0..100_000_u32) {
        let body = format!("{day:02}{month:02}{rest:05}");
        let check = |text: &str, weights: &[u32]| {
            let sum: u32 = text.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
            (11 - sum % 11) % 11
        };
        let first = check(&body, &[3, 7, 6, 1, 8, 9, 4, 5, 2]);
        let second = check(&format!("{body}{first}"), &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
        prop_assume!(first < 10 && second < 10);
        let text = format!("{body}{first}{second}");
        let found = found("", &format!("fnr {text}"));
        prop_assert_eq!(found, [("pii.no_fodselsnummer", text, Confidence::High)]);
    }
}
