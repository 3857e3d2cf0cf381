//! `portcullis maintain`: has a running gateway do what has to be done now and then.
//!
//! Nothing in a gateway happens by itself, so a cron job calls this. What each duty came to is printed; what is wrong is in
//! the gateway's log.

use clap::Args;
use http::Method;
use serde_json::Value;

use crate::exit::Exit;
use crate::remote::{Body, Gateway, Remote};
use crate::terminal;
use crate::trial::problem::Reader;

/// `portcullis maintain`
#[derive(Debug, Args)]
pub(crate) struct Maintain {
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// Where the gateway has it.
const PATH: &str = "/api/maintenance";

/// Does all that is due; exit code 2 if the policies do not let whoever asks.
pub(crate) async fn run(arguments: &Maintain) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.gateway.json);
    let remote = Remote::find(&arguments.gateway).await?;
    let report = match remote.ask(Method::POST, PATH, Body::None).await? {
        Ok(report) => report,
        Err(refused) => return Ok(refused.tell(reader)),
    };
    match reader {
        Reader::Person => lines(&report).iter().for_each(|line| terminal::line(line)),
        Reader::Script => terminal::line(&terminal::json(&report)),
    }
    Ok(Exit::Ok)
}

/// A line for each duty, with what it came to.
fn lines(report: &Value) -> Vec<String> {
    let duties = report.as_object().into_iter().flatten();
    let line = |(duty, came_to): (&String, &Value)| {
        let parts = came_to.as_object().into_iter().flatten();
        let parts: Vec<String> =
            parts.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
        terminal::visible(&format!("{duty:10} {}", parts.join(", ")))
    };
    duties.map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_duty_has_a_line() {
        let report = json!({
            "approvals": { "complete": true, "expired": 2 },
            "webhooks": { "delivered": 3, "given_up": 0 },
        });
        let want = ["approvals  complete true, expired 2", "webhooks   delivered 3, given up 0"];
        assert_eq!(lines(&report), want);
    }
}
