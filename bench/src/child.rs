//! Processes that the benchmark starts, and their end with it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::oneshot;

use crate::clock;

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A running process. When dropped it is asked to stop, and killed if it does not.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` with a pipe to its standard input, which it may read to learn when to stop.
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_owned();
        let child = command.stdin(Stdio::piped()).spawn();
        Ok(Self { child: child.with_context(|| format!("`{}` cannot be started", name.display()))? })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Hands over the first line of its input; the pipe stays open.
    pub(crate) fn tell(&mut self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        use std::io::Write as _;
        let input = self.child.stdin.as_mut().context("its input is closed")?;
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        input.write_all(&line).context("it does not read its input")
    }

    /// What it writes, line by line; once.
    pub(crate) fn lines(&mut self) -> anyhow::Result<Lines> {
        Ok(Lines(BufReader::new(self.child.stdout.take().context("its output is not piped")?)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // Spin does not read its input, and ends the processes that it has started only when interrupted.
        if self.is_running()
            && let Some(pid) = i32::try_from(self.id()).ok().and_then(Pid::from_raw)
        {
            _ = kill_process(pid, Signal::INT);
        }
        let until = clock::now() + GRACE;
        while self.is_running() && clock::now() < until {
            std::thread::sleep(LOOK_AGAIN);
        }
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The lines that a process writes.
#[derive(Debug)]
pub(crate) struct Lines(BufReader<ChildStdout>);

impl Lines {
    /// The next line.
    ///
    /// # Errors
    /// If the process ends without one.
    pub(crate) fn next(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).context("a process of the benchmark cannot be read")?;
        anyhow::ensure!(read > 0, "a process of the benchmark has ended early");
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

/// This binary with one of its hidden commands.
pub(crate) fn own(part: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("the benchmark does not find itself")?);
    command.arg(part);
    Ok(command)
}

/// In such a process: the first line of its input.
pub(crate) fn told<T: serde::de::DeserializeOwned>() -> anyhow::Result<T> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// In such a process: ready when the benchmark has closed its input, or is gone.
pub(crate) fn end_of_input() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        drop(ended);
    });
    end
}
