use std::time::Duration;

use super::*;

fn measured(name: &str, requests: usize, used: Option<Usage>) -> Measured {
    let row = ROWS.iter().find(|row| row.name == name).unwrap();
    let load = Load {
        requests,
        bytes: 3_500_000,
        seconds: 2.0,
        p50_microseconds: 490,
        p99_microseconds: 42_000,
        p999_microseconds: 43_000,
    };
    Measured::new(row, 16, load, used)
}

fn report() -> Report {
    let used = Some(Usage { cpu: Duration::from_millis(1500), peak_kib: 2049 });
    Report {
        measured_at: 1,
        machine: Machine { cores: 2, processor: "Fast".to_owned(), kernel: "6.0".to_owned() },
        runtime: Runtime::Embedded,
        debug_assertions: true,
        warm_up_seconds: 2,
        load_average_before: "0.10".to_owned(),
        load_average_after: "1.90".to_owned(),
        rows: vec![
            measured("direct", 20_000, None),
            measured("bare", 10_000, used),
            measured("+token", 5_000, used),
            measured("stream", 10, used),
            measured("list-5000", 3, used),
        ],
        scans: vec![Scan { text: "prose".to_owned(), bytes: 1_000, nanoseconds: 5_000, findings: 0 }],
    }
}

#[test]
fn the_table_shows_ratios_of_the_same_answer_only() {
    let table = report().table();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    for want in [
        "direct 10000 - - - 0.49 42.00 - - - -",
        "bare 5000 - 0.50 - 0.49 42.00 0.150 3 - -",
        "+token 2500 - 0.25 0.50 0.49 42.00 0.300 3 - -",
        "stream 5.00 - - - 0.49 42.00 150.000 3 500 -",
        "list-5000 1.50 - - - 0.49 42.00 500.000 3 - 1.75",
        "prose 200 1.000 1.00 0",
    ] {
        assert!(rows.iter().any(|row| row.join(" ") == want), "{want} is not in\n{table}");
    }
    assert!(table.contains("16 at a time"), "{table}");
    assert!(table.contains("debug assertions"), "{table}");
    assert!(!table.contains("+record"), "rows that were not measured are not explained: {table}");
}

#[test]
fn the_table_shows_the_median_round_and_how_far_the_rounds_lie_apart() {
    let mut report = report();
    for (round, requests) in [(2, 30_000), (3, 24_000)] {
        report.rows.push(Measured { round, ..measured("direct", requests, None) });
    }
    let table = report.table();
    let direct = table.lines().find(|line| line.starts_with("direct")).unwrap();
    let direct: Vec<&str> = direct.split_whitespace().collect();
    assert_eq!(direct[..4], ["direct", "12000", "42", "%"], "{table}");
    assert_eq!(report.rows.len(), 7, "the file has every round");
}

#[test]
fn ratios_are_those_of_the_same_round() {
    let mut report = report();
    // In the second round all runs faster, in the third only what is compared with.
    for (round, name, requests) in
        [(2, "direct", 40_000), (2, "bare", 20_000), (3, "direct", 50_000), (3, "bare", 10_000)]
    {
        report.rows.push(Measured { round, ..measured(name, requests, None) });
    }
    let table = report.table();
    let bare = table.lines().find(|line| line.starts_with("bare")).unwrap();
    let bare: Vec<&str> = bare.split_whitespace().collect();
    // The medians by themselves would give 5000 of 20000.
    assert_eq!(bare[..5], ["bare", "5000", "100", "%", "0.50"], "{table}");
    let token = table.lines().find(|line| line.starts_with("+token")).unwrap();
    let token: Vec<&str> = token.split_whitespace().collect();
    assert_eq!(token[..5], ["+token", "2500", "-", "0.25", "0.50"], "only its own round counts: {table}");
}

#[test]
fn the_file_has_every_figure_under_its_name() {
    let json: serde_json::Value = serde_json::from_str(&report().json().unwrap()).unwrap();
    let row = &json["rows"][1];
    assert_eq!(row["name"], "bare");
    assert_eq!(row["requests"], 10_000);
    assert_eq!(row["p99_microseconds"], 42_000);
    assert_eq!(row["p999_microseconds"], 43_000);
    assert_eq!(row["cpu_seconds_per_1000"], 0.15);
    assert_eq!(row["peak_kib"], 2049);
    assert!(json["rows"][0]["peak_kib"].is_null());
    assert_eq!(json["machine"]["cores"], 2);
    assert_eq!(json["runtime"], "embedded");
    assert_eq!(json["scans"][0]["nanoseconds"], 5_000);
}
