//! The table of scans.

use super::Scan;

/// A line for each kind of text, with its longest scan. Growth is the time for each byte of that one as a multiple of
/// that of the shortest: 1 if a scan is linear.
pub(crate) fn table(scans: &[Scan]) -> String {
    let mut text = "\nscanning in WebAssembly, on one core\n".to_owned();
    text += &format!("{:<12}{:>8}{:>10}{:>8}{:>10}\n", "text", "MB/s", "of prose", "growth", "findings");
    let prose = of(scans, "prose").max_by_key(|scan| scan.bytes).map(per_byte);
    let mut shown: Vec<&str> = Vec::new();
    for Scan { text: name, .. } in scans {
        let (Some(long), Some(short)) =
            (of(scans, name).max_by_key(|scan| scan.bytes), of(scans, name).min_by_key(|scan| scan.bytes))
        else {
            continue;
        };
        if shown.contains(&name.as_str()) {
            continue;
        }
        shown.push(name);
        let rate = 1000.0 / per_byte(long);
        let rate = if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
        let of_prose = prose.map_or_else(|| "-".to_owned(), |prose| format!("{:.3}", prose / per_byte(long)));
        let growth = per_byte(long) / per_byte(short);
        text += &format!("{name:<12}{rate:>8}{of_prose:>10}{growth:>8.2}{:>10}\n", long.findings);
    }
    text
}

/// The scans of one kind of text.
fn of<'s>(scans: &'s [Scan], name: &str) -> impl Iterator<Item = &'s Scan> {
    scans.iter().filter(move |scan| scan.text == name)
}

/// Nanoseconds for each byte.
fn per_byte(scan: &Scan) -> f64 {
    number(scan.nanoseconds) / number(scan.bytes)
}

/// Exact up to four seconds, or gigabytes; beyond, as many.
fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_line_that_compares_its_lengths_and_the_kinds() {
        let scan = |text: &str, bytes, nanoseconds, findings| Scan {
            text: text.to_owned(),
            bytes,
            nanoseconds,
            findings,
        };
        let table = table(&[
            scan("prose", 1_000, 4_000, 0),
            scan("prose", 16_000, 64_000, 0),
            scan("bait", 1_000, 100_000, 1),
            scan("bait", 16_000, 25_600_000, 16),
        ]);
        let lines: Vec<String> =
            table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert!(lines.contains(&"prose 250 1.000 1.00 0".to_owned()), "{table}");
        assert!(lines.contains(&"bait 0.6 0.003 16.00 16".to_owned()), "quadratic: {table}");
        assert_eq!(lines.len(), 5, "{table}");
    }
}
