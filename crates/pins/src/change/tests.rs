use portcullis_mcp::json::{self, Bounds};

use super::*;

fn pins(tools: &str) -> Pins {
    let text = format!(r#"{{"version":1,"connection":"crm","tools":{tools}}}"#);
    Pins::parse(&"crm".parse().unwrap(), &text).unwrap()
}

#[test]
fn what_is_new_gone_and_different_is_told_apart() {
    let before = pins(r#"[{"name":"a"},{"name":"b","title":"B"},{"name":"c"}]"#);
    let after = pins(r#"[{"name":"b","title":"b"},{"name":"c"},{"name":"d"}]"#);
    let changes = Changes::between(&before, &after);
    let names = |of: &[&Definition]| of.iter().map(|one| one.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&changes.added), ["d"]);
    assert_eq!(names(&changes.removed), ["a"]);
    assert_eq!(changes.changed.len(), 1);
    assert_eq!(changes.changed[0].members[0].path, "title");
    assert!(Changes::between(&after, &after).is_empty());
}

#[test]
fn a_change_is_named_by_its_path() {
    let object = |text: &str| {
        json::parse(text.as_bytes(), Bounds::answer(32)).unwrap().as_object().unwrap().clone().into_owned()
    };
    let before = object(r#"{"a":{"b":{"c":1,"d":[1,{"x":1,"y":2}]},"gone":null},"same":1}"#);
    let after = object(r#"{"same":1,"a":{"b":{"d":[1,{"y":2,"x":1}],"c":1.0},"new":null}}"#);
    let found = changed_members(&before, &after);
    let shown: Vec<_> = found
        .iter()
        .map(|change| {
            let text = |value: &Option<Json<'_>>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
            format!("{} {} {}", change.path, text(&change.before), text(&change.after))
        })
        .collect();
    assert_eq!(shown, ["a.b.c 1 1.0", "a.gone null -", "a.new - null"]);
}
