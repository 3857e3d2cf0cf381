//! Processor time and memory of a process and all below it, as Linux tells them in `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// What a process and those below it have used since they started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Processor time of all threads, in the program and in the kernel. Its resolution is a clock tick, 10 ms.
    pub(crate) cpu: Duration,
    /// The most memory that was resident since [`forget_peak`], summed over the processes, in KiB.
    pub(crate) peak_kib: u64,
}

/// What `/proc/<pid>/stat` says that is needed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    parent: u32,
    ticks: u64,
}

/// What the process `root` and all processes that it has started have used. Those that have ended do not count.
///
/// # Errors
/// If `root` is gone or `/proc` is not Linux's.
pub(crate) fn usage(root: u32) -> anyhow::Result<Usage> {
    let tree = tree(root, &all()?);
    anyhow::ensure!(!tree.is_empty(), "process {root} is gone");
    let ticks: u64 = tree.iter().map(|stat| stat.ticks).sum();
    let peaks = tree.iter().filter_map(|stat| {
        let status = fs::read_to_string(format!("/proc/{}/status", stat.pid)).ok()?;
        peak_kib(&status)
    });
    Ok(Usage { cpu: cpu(ticks, rustix::param::clock_ticks_per_second()), peak_kib: peaks.sum() })
}

/// Lets the peak of memory start anew, so that it is not what the start of a process took.
///
/// # Errors
/// If the kernel refuses.
pub(crate) fn forget_peak(root: u32) -> anyhow::Result<()> {
    for Stat { pid, .. } in tree(root, &all()?) {
        // proc_pid_clear_refs(5): 5 resets the peak to what is resident now.
        fs::write(format!("/proc/{pid}/clear_refs"), "5")
            .with_context(|| format!("the peak of process {pid} cannot be reset"))?;
    }
    Ok(())
}

fn cpu(ticks: u64, per_second: u64) -> Duration {
    let per_second = per_second.max(1);
    let nanoseconds = (ticks % per_second).saturating_mul(1_000_000_000) / per_second;
    Duration::from_secs(ticks / per_second) + Duration::from_nanos(nanoseconds)
}

fn all() -> anyhow::Result<Vec<Stat>> {
    let folder = fs::read_dir("/proc").context("the benchmark reads Linux's /proc")?;
    let pids = folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    // A process may end between the two reads.
    Ok(pids.filter_map(|pid| parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).collect())
}

fn tree(root: u32, all: &[Stat]) -> Vec<Stat> {
    let mut tree: Vec<Stat> = all.iter().filter(|stat| stat.pid == root).copied().collect();
    let mut level = tree.clone();
    while !level.is_empty() {
        let is_child = |stat: &&Stat| level.iter().any(|parent| parent.pid == stat.parent);
        level = all.iter().filter(is_child).copied().collect();
        tree.extend(&level);
    }
    tree
}

/// proc_pid_stat(5). The name of the program, in parentheses, may hold spaces and parentheses.
fn parse_stat(text: &str) -> Option<Stat> {
    let (head, tail) = text.rsplit_once(')')?;
    let pid = head.split_once(" (")?.0.parse().ok()?;
    let mut fields = tail.split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    // `utime` and `stime` are the 14th and 15th of all fields, the parent is the 4th.
    let user: u64 = fields.nth(9)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Stat { pid, parent, ticks: user.checked_add(system)? })
}

fn peak_kib(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    value.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4711 (a (b) c) S 42 4711 4711 0 -1 4194304 9 0 0 0 350 25 7 8 20 0 3 0 99 1 2";

    #[test]
    fn the_name_of_a_program_does_not_shift_the_fields() {
        assert_eq!(parse_stat(STAT), Some(Stat { pid: 4711, parent: 42, ticks: 375 }));
        for cut in ["", "4711", "4711 (a", "4711 (a) S", "4711 (a) S 42", "x (a) S 42 1 1 0 -1 0 0 0 0 0 1 2"]
        {
            assert_eq!(parse_stat(cut), None, "{cut:?}");
        }
    }

    #[test]
    fn a_tree_has_children_of_children_and_nobody_else() {
        let stat = |pid, parent| Stat { pid, parent, ticks: 1 };
        let all = [stat(1, 0), stat(5, 1), stat(9, 7), stat(7, 5), stat(8, 5), stat(6, 1)];
        let mut pids: Vec<u32> = tree(5, &all).iter().map(|stat| stat.pid).collect();
        pids.sort_unstable();
        assert_eq!(pids, [5, 7, 8, 9]);
        assert!(tree(4, &all).is_empty());
    }

    #[test]
    fn the_peak_is_read_in_kib() {
        for (status, want) in [
            ("Name:\tx\nVmPeak:\t  999 kB\nVmHWM:\t  123456 kB\nVmRSS:\t 1 kB\n", Some(123_456)),
            ("Name:\tkernel thread\n", None),
            ("VmHWM:\t12 MB\n", None),
        ] {
            assert_eq!(peak_kib(status), want, "{status:?}");
        }
    }

    #[test]
    fn ticks_are_fractions_of_a_second() {
        assert_eq!(cpu(375, 100), Duration::from_millis(3_750));
        assert_eq!(cpu(1, 1024), Duration::from_nanos(976_562));
    }
}
