//! Changes of definitions as lines for a reviewer, who must see what a model would be told.

use portcullis_pins::{Change, Changes, Definition, escaped, shown};

use crate::terminal::Style;

/// Each definition that is new, gone or different, in lines. Nothing in them is invisible.
pub(super) fn lines(changes: &Changes<'_>, style: Style) -> Vec<String> {
    let Changes { added, changed, removed } = changes;
    let mut lines = Vec::new();
    for definition in removed {
        lines.push(String::new());
        lines.push(style.removed(&format!("- {}", named(definition))));
    }
    for Change { before: _, after, members } in changed {
        lines.push(String::new());
        lines.push(style.bold(&format!("~ {}", named(after))));
        for member in members {
            lines.push(format!("    {}", escaped(&member.path)));
            lines.extend(
                member.before.iter().map(|value| style.removed(&format!("      - {}", shown(value)))),
            );
            lines.extend(member.after.iter().map(|value| style.added(&format!("      + {}", shown(value)))));
        }
    }
    for definition in added {
        lines.push(String::new());
        lines.push(style.added(&format!("+ {}", named(definition))));
        let key = definition.kind().key();
        let members = definition.members().iter().filter(|(name, _)| *name != key);
        lines.extend(members.map(|(name, value)| format!("    {}: {}", escaped(name), shown(value))));
    }
    lines
}

fn named(definition: &Definition) -> String {
    format!("{} {}", definition.kind().as_str(), escaped(definition.name()))
}
