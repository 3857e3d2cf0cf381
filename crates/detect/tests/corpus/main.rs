//! Precision and recall of every class, on values built from published formats and on what looks like them.
//!
//! `cargo test --test corpus -- --nocapture table` prints the table as Markdown. A class that is added gets one entry in
//! `classes.rs`.

#[cfg(test)]
mod classes;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod lookalike;
#[cfg(test)]
mod measure;
#[cfg(test)]
mod pattern;
#[cfg(test)]
mod random;
#[cfg(test)]
mod sites;
#[cfg(test)]
mod tokens;

#[cfg(test)]
mod tests {
    use portcullis_detect::Class;

    use crate::classes::{ENTRIES, floors};
    use crate::measure::{Score, measure};
    use crate::tokens::formats;

    #[test]
    fn table_of_precision_and_recall() {
        let scores = measure();
        let none = Score::default();
        let mut below = Vec::new();
        println!("| class | values | found | recall | found falsely | precision |");
        println!("|---|---:|---:|---:|---:|---:|");
        for class in Class::built_in().map(Class::as_str) {
            let score = scores.get(class).unwrap_or(&none);
            if score.n_values == 0 {
                println!("| `{class}` | not measured | | | {} | |", score.n_false);
                continue;
            }
            let (precision, recall) = (score.precision(), score.recall());
            let Score { n_values, n_found, n_false, .. } = score;
            println!(
                "| `{class}` | {n_values} | {n_found} | {:.1} % | {n_false} | {:.1} % |",
                recall * 100.0,
                precision * 100.0
            );
            let (least_precision, least_recall) = floors(class);
            if precision < least_precision || recall < least_recall {
                below.push(format!("{class}: {precision:.4}, {recall:.4}: {:#?}", score.examples));
            }
        }
        assert!(below.is_empty(), "below the least precision or recall:\n{}", below.join("\n"));
    }

    #[test]
    fn every_entry_is_of_a_class_there_is() {
        for entry in ENTRIES {
            assert!(entry.class.parse::<Class>().is_ok(), "{}", entry.class);
        }
        assert!(ENTRIES.is_sorted_by(|left, right| left.class < right.class));
        for format in formats() {
            assert!(format.class().parse::<Class>().is_ok(), "{}", format.service);
        }
        assert!(formats().is_sorted_by_key(|format| format.service));
    }
}
