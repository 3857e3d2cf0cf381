//! Reading what the program prints.

use anyhow::Context as _;

use super::Scan;

/// One scan from each line.
pub(super) fn scans(printed: &str) -> anyhow::Result<Vec<Scan>> {
    printed.lines().map(|line| scan(line).with_context(|| format!("not a scan: `{line}`"))).collect()
}

fn scan(line: &str) -> Option<Scan> {
    let mut words = line.split(' ');
    let text = words.next()?.to_owned();
    let mut number = |unit: &str| {
        let number = words.next()?.parse().ok()?;
        (words.next()? == unit).then_some(number)
    };
    let (bytes, nanoseconds, findings) = (number("bytes")?, number("ns")?, number("findings")?);
    // Both are divided by.
    (bytes > 0 && nanoseconds > 0).then_some(Scan { text, bytes, nanoseconds, findings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_scan_or_an_error() {
        let good = "prose 65536 bytes 312000 ns 2 findings 210 MB/s";
        let want = Scan { text: "prose".to_owned(), bytes: 65_536, nanoseconds: 312_000, findings: 2 };
        assert_eq!(scans(&format!("{good}\n")).unwrap(), [want]);
        for bad in [
            "",
            "prose",
            "prose 65536 bytes 312000 ms 2 findings",
            "prose x bytes 312000 ns 2 findings",
            "prose 65536 bytes 0 ns 2 findings",
            "prose 0 bytes 1 ns 2 findings",
        ] {
            let error = scans(&format!("{good}\n{bad}\n")).unwrap_err();
            assert_eq!(error.to_string(), format!("not a scan: `{bad}`"));
        }
    }
}
