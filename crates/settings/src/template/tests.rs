use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Template;
use crate::name::VariableName;

fn expand(text: &str, values: &[(&str, &str)]) -> Result<String, String> {
    let values: BTreeMap<VariableName, String> =
        values.iter().map(|(name, value)| (name.parse().unwrap(), (*value).to_owned())).collect();
    let template = text.parse::<Template>().map_err(|error| error.to_string())?;
    template.expand(&values).map_err(|error| error.to_string())
}

#[test]
fn variables_are_filled_in_once() {
    for (text, want) in [
        ("", Ok("")),
        ("plain }} text", Ok("plain }} text")),
        ("{{a}}", Ok("1")),
        ("<{{ a }}{{a}}>", Ok("<11>")),
        ("{{ loop_1 }}", Ok("{{ a }}")),
        ("{{ a", Err("`{{` has no `}}` after it")),
        ("{{ none }}", Err("variable `none` has no value")),
        ("{{ blank }}", Err("variable `blank` is empty")),
        (
            "{{ A }}",
            Err(
                "`A` is not a variable name: use a-z, 0-9 and single `_` between them, starting with a letter",
            ),
        ),
    ] {
        let got = expand(text, &[("a", "1"), ("loop_1", "{{ a }}"), ("blank", "")]);
        assert_eq!(got, want.map(str::to_owned).map_err(str::to_owned), "case: {text}");
    }
}

proptest! {
    #[test]
    fn text_without_braces_is_itself(text in "[^{}]*") {
        prop_assert_eq!(expand(&text, &[]), Ok(text));
    }

    #[test]
    fn a_value_is_never_interpreted(value in ".+") {
        prop_assert_eq!(expand("<{{ v }}>", &[("v", &value)]), Ok(format!("<{value}>")));
    }
}
