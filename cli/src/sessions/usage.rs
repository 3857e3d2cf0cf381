//! `portcullis sessions usage`: what was called, day by day and by connection.

use clap::Args;
use http::Method;
use serde_json::{Value, json};

use super::{Days, tell_problems};
use crate::exit::Exit;
use crate::remote::{Body, Gateway, Remote, path};
use crate::terminal;
use crate::trial::problem::Reader;

/// `portcullis sessions usage`
#[derive(Debug, Args)]
pub(super) struct Usage {
    #[command(flatten)]
    days: Days,
    /// Only of this connection.
    #[arg(long)]
    connection: Option<String>,
    #[command(flatten)]
    gateway: Gateway,
}

pub(super) async fn run(arguments: &Usage) -> anyhow::Result<Exit> {
    let Usage { days, connection, gateway } = arguments;
    let reader = Reader::of(gateway.json);
    let remote = Remote::find(gateway).await?;
    let [day, from, to] = days.members();
    let place = path("/api/usage", &[day, from, to, ("connection", connection.as_deref())]);
    let usage = match remote.ask(Method::GET, &place, Body::None).await? {
        Ok(usage) => usage,
        Err(refused) => return Ok(refused.tell(reader)),
    };
    match reader {
        Reader::Person => table(&usage).iter().for_each(|line| terminal::line(line)),
        Reader::Script => lines(&usage).iter().for_each(|line| terminal::line(&terminal::json(line))),
    }
    Ok(if tell_problems(&usage) { Exit::Failure } else { Exit::Ok })
}

/// The totals of each day and connection, and of all days together.
fn rows(usage: &Value) -> Vec<(String, &Value)> {
    let each = usage.get("days").and_then(Value::as_array).into_iter().flatten().flat_map(|day| {
        let name = text(day, "day");
        let rows = day.get("connections").and_then(Value::as_array).into_iter().flatten();
        rows.map(move |row| (name.clone(), row))
    });
    let sums = usage.get("totals").and_then(Value::as_array).into_iter().flatten();
    each.chain(sums.map(|row| ("all days".to_owned(), row))).collect()
}

fn lines(usage: &Value) -> Vec<Value> {
    let days = usage.get("days").and_then(Value::as_array).into_iter().flatten();
    days.flat_map(|day| {
        let rows = day.get("connections").and_then(Value::as_array).into_iter().flatten();
        rows.map(move |row| {
            let mut line = json!({ "day": day.get("day") });
            if let (Some(line), Some(row)) = (line.as_object_mut(), row.as_object()) {
                line.extend(row.clone());
            }
            line
        })
    })
    .collect()
}

fn table(usage: &Value) -> Vec<String> {
    let heads =
        ["CALLS", "OPEN", "DENIED", "HELD", "OTHER", "DRIFT", "RECORDS", "BYTES", "SESSIONS", "PEOPLE"];
    let heads = heads.map(ToOwned::to_owned);
    std::iter::once(row("DAY", "CONNECTION", &heads))
        .chain(rows(usage).into_iter().map(|(day, total)| shown(&day, total)))
        .collect()
}

fn shown(day: &str, total: &Value) -> String {
    let refused = total.get("refusals").unwrap_or(&Value::Null);
    let about = if total.get("is_exact") == Some(&Value::Bool(false)) { "~" } else { "" };
    let connection = match (text(total, "connection").as_str(), text(total, "connection_tag").as_str()) {
        ("", "") => "(none)".to_owned(),
        ("", _) => "(removed)".to_owned(),
        (name, _) => name.to_owned(),
    };
    row(
        day,
        &connection,
        &[
            number(total, "calls"),
            number(total, "open"),
            number(refused, "deny"),
            number(refused, "hold"),
            number(refused, "other"),
            number(total, "drift"),
            number(total, "records"),
            number(total, "bytes"),
            format!("{about}{}", number(total, "recordings")),
            format!("{about}{}", number(total, "principals")),
        ],
    )
}

fn text(value: &Value, member: &str) -> String {
    terminal::visible(value.get(member).and_then(Value::as_str).unwrap_or_default())
}

fn number(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_u64).unwrap_or_default().to_string()
}

fn row(day: &str, connection: &str, numbers: &[String; 10]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:>8}")).collect();
    format!("{day:10}  {connection:12}  {}", numbers.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(connection: Option<&str>, tag: Option<&str>, calls: u64) -> Value {
        json!({
            "connection": connection, "connection_tag": tag, "calls": calls, "outcomes": calls - 1, "open": 1,
            "refusals": { "deny": 2, "hold": 3, "other": 4 }, "drift": 5, "records": 6, "bytes": 7,
            "recordings": 1_500, "principals": 9, "is_exact": calls < 100,
        })
    }

    fn usage() -> Value {
        let crm = total(Some("crm"), None, 10);
        json!({
            "days": [
                { "day": "2027-01-14", "connections": [], "all": total(None, None, 1) },
                { "day": "2027-01-15", "connections": [total(None, None, 20), crm, total(None, Some("a5"), 300)] },
            ],
            "totals": [total(Some("c\u{7}rm"), None, 10)],
        })
    }

    #[test]
    fn a_table_has_a_row_for_each_day_and_connection_and_one_for_all_days() {
        let table = table(&usage());
        let words =
            |line: &String| line.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>().join(" ");
        assert_eq!(
            table.iter().map(words).collect::<Vec<_>>(),
            [
                "DAY CONNECTION CALLS OPEN DENIED HELD OTHER DRIFT RECORDS BYTES SESSIONS PEOPLE",
                "2027-01-15 (none) 20 1 2 3 4 5 6 7 1500 9",
                "2027-01-15 crm 10 1 2 3 4 5 6 7 1500 9",
                "2027-01-15 (removed) 300 1 2 3 4 5 6 7 ~1500 ~9",
                "all days c\\u{7}rm 10 1 2 3 4 5 6 7 1500 9",
            ]
        );
    }

    #[test]
    fn a_script_gets_a_line_for_each_day_and_connection() {
        let lines = lines(&usage());
        let told: Vec<_> =
            lines.iter().map(|line| (&line["day"], &line["connection"], &line["calls"])).collect();
        let day = &json!("2027-01-15");
        let expected = [
            (day, &Value::Null, &json!(20)),
            (day, &json!("crm"), &json!(10)),
            (day, &Value::Null, &json!(300)),
        ];
        assert_eq!(told, expected);
    }
}
