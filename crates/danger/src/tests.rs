mod cost;
mod shell;
mod sql;

use crate::classes;

/// Checks texts with their classes, which are separated by blanks and in order.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, want) in cases {
        let have = classes(text).iter().map(|danger| danger.as_str()).collect::<Vec<_>>().join(" ");
        if have != *want {
            let text: String = text.chars().take(200).collect();
            wrong.push(format!("{text:?}\n   has  {have}\n   want {want}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
