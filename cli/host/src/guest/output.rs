//! A component's standard output and error: whole lines, to the operator's log.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::log::{Line, Log};

/// A longer line is cut into pieces of this many bytes.
const MAX_LINE: usize = 8 * 1024;

/// Most bytes taken in one write.
const MAX_WRITE: usize = 64 * 1024;

/// One output of one instance; its streams share the line under way.
#[derive(Clone)]
pub(super) struct Output(Arc<Lines>);

struct Lines {
    component: String,
    log: Arc<dyn Log>,
    line: Mutex<Vec<u8>>,
}

impl Output {
    pub(super) fn new(component: &str, log: &Arc<dyn Log>) -> Self {
        Self(Arc::new(Lines {
            component: component.to_owned(),
            log: Arc::clone(log),
            line: Mutex::default(),
        }))
    }

    fn take(&self, bytes: &[u8]) {
        let mut line = self.0.line.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for piece in piece.chunks(MAX_LINE) {
                line.extend_from_slice(piece);
                if line.ends_with(b"\n") || line.len() >= MAX_LINE {
                    self.0.write(&std::mem::take(&mut *line));
                }
            }
        }
    }
}

impl Lines {
    fn write(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        self.log.line(Line { component: Some(&self.component), text: text.trim_end_matches(['\r', '\n']) });
    }
}

/// The rest of a line is not lost when an instance ends.
impl Drop for Lines {
    fn drop(&mut self) {
        let line = std::mem::take(self.line.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !line.is_empty() {
            self.write(&line);
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_WRITE)
    }
}

impl Pollable for Output {
    fn ready<'life0, 'async_trait>(
        &'life0 mut self,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::MemoryLog;

    /// The lines that come of writing `pieces`, one after the other, and then ending.
    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let log = Arc::new(MemoryLog::default());
        let mut output = Output::new("web", &(Arc::clone(&log) as Arc<dyn Log>));
        for piece in pieces {
            output.write(Bytes::copy_from_slice(piece)).unwrap();
        }
        drop(output);
        log.lines()
    }

    #[test]
    fn output_comes_in_whole_lines() {
        let cases: &[(&[&[u8]], &[&str])] = &[
            (&[], &[]),
            (&[b"one\ntwo\n"], &["[web] one", "[web] two"]),
            (&[b"par", b"tial", b" line\nrest"], &["[web] partial line", "[web] rest"]),
            (&[b"dos\r\n\n"], &["[web] dos", "[web] "]),
            (&[b"\xff\n"], &["[web] \u{fffd}"]),
        ];
        for (pieces, want) in cases {
            assert_eq!(lines(pieces), *want);
        }
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let lines = lines(&[&[b'x'; 3 * MAX_LINE + 1], b"\n"]);
        assert_eq!(
            lines.iter().map(|line| line.len() - "[web] ".len()).collect::<Vec<_>>(),
            [MAX_LINE, MAX_LINE, MAX_LINE, 1]
        );
    }

    #[test]
    fn streams_of_one_output_share_its_line() {
        let log = Arc::new(MemoryLog::default());
        let output = Output::new("web", &(Arc::clone(&log) as Arc<dyn Log>));
        output.p2_stream().write(Bytes::from_static(b"one ")).unwrap();
        output.p2_stream().write(Bytes::from_static(b"line\n")).unwrap();
        assert_eq!(log.lines(), ["[web] one line"]);
    }
}
