//! Redis behind the port of the host, to run its contract on another kind of store.
//!
//! The host has no Redis store: Spin has, and this one does what Spin's does, command by command. It ignores labels,
//! counts with `INCRBY`, sets with `MSET` and lists with `KEYS *`. The server is a process of the test's own, with the
//! settings that `docs/stores.md` asks for. Where there is no `redis-server`, Redis is left out and said so; with
//! `PORTCULLIS_REQUIRE_REDIS=1` that is a failure.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, Once};

use portcullis_host::{Change, Changed, Key, KeyValue, KeyValueError, MAX_PAGE, Pending};
use tempfile::TempDir;

/// A running server with a folder of its own.
pub(crate) struct Server {
    child: Child,
    /// Kept open, so that the server can write to it.
    _log: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Server {
    /// Starts a server, and returns when it listens; `None` if there is none on this machine and none is required.
    pub(crate) fn start() -> Option<Self> {
        let is_there = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_ok();
        if !is_there {
            let is_required = std::env::var_os("PORTCULLIS_REQUIRE_REDIS").is_some_and(|value| value == "1");
            assert!(!is_required, "there is no `redis-server`; Debian's package of that name has it");
            say_that_it_is_left_out();
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (child, log) = run(&folder);
        Some(Self { child, _log: log, folder })
    }

    /// Kills the server in the middle of whatever it does, and starts another one on what it has left.
    pub(crate) fn crash(&mut self) {
        self.stop();
        (self.child, self._log) = run(&self.folder);
    }

    /// The store on it.
    pub(crate) fn store(&self) -> Redis {
        Redis { connections: Arc::new(Connections { socket: socket(&self.folder), idle: Mutex::default() }) }
    }

    fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("redis.sock")
}

fn run(folder: &TempDir) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        .args(["--maxmemory-policy", "noeviction", "--dir"])
        .arg(folder.path())
        .arg("--unixsocket")
        .arg(socket(folder))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ready to accept connections") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "redis-server has ended");
    }
    (child, log)
}

fn say_that_it_is_left_out() {
    static ONCE: Once = Once::new();
    // Not by a macro: what those write is shown only when a test fails.
    ONCE.call_once(|| {
        io::stderr().write_all(b"\n!! NOT RUN: stores on Redis: there is no `redis-server`\n").unwrap();
    });
}

/// The store.
#[derive(Clone)]
pub(crate) struct Redis {
    connections: Arc<Connections>,
}

struct Connections {
    socket: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

type Connection = BufReader<UnixStream>;

/// What a server answers.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Array(Vec<Self>),
    Bytes(Vec<u8>),
    Error(String),
    Integer(i64),
    Nothing,
    Status(String),
}

impl KeyValue for Redis {
    fn get<'a>(&'a self, _label: &'a str, keys: Vec<Key>) -> Pending<'a, Vec<Option<Vec<u8>>>> {
        self.with(move |connection| {
            keys.iter().map(|key| value(ask(connection, &[b"GET", key.as_str().as_bytes()])?)).collect()
        })
    }

    fn keys<'a>(&'a self, _label: &'a str, after: Option<Key>) -> Pending<'a, Vec<Key>> {
        self.with(move |connection| {
            let Reply::Array(replies) = ask(connection, &[b"KEYS", b"*"])? else {
                return Err(KeyValueError::Failed("no list of keys".to_owned()));
            };
            let texts = replies.into_iter().filter_map(|reply| value(reply).ok().flatten());
            let mut keys = texts
                .map(|text| Key::try_from(String::from_utf8_lossy(&text).into_owned()))
                .collect::<Result<Vec<_>, _>>()?;
            keys.retain(|key| after.as_ref().is_none_or(|after| key > after));
            keys.sort_unstable();
            keys.truncate(MAX_PAGE);
            Ok(keys)
        })
    }

    fn change<'a>(&'a self, _label: &'a str, change: Change) -> Pending<'a, Changed> {
        self.with(move |connection| match change {
            Change::Delete(keys) => {
                let names = keys.iter().map(|key| key.as_str().as_bytes());
                let command: Vec<&[u8]> = std::iter::once(&b"DEL"[..]).chain(names).collect();
                ask(connection, &command).map(|_| Changed::Done)
            }
            Change::Increment(key, by) => {
                let by = by.to_string();
                let reply = ask(connection, &[b"INCRBY", key.as_str().as_bytes(), by.as_bytes()])?;
                let Reply::Integer(counter) = reply else {
                    return Err(KeyValueError::Failed(format!("not a counter: {reply:?}")));
                };
                Ok(Changed::Counter(counter))
            }
            Change::Set(pairs) => {
                let pairs = pairs.iter().flat_map(|(key, value)| [key.as_str().as_bytes(), value.as_bytes()]);
                let command: Vec<&[u8]> = std::iter::once(&b"MSET"[..]).chain(pairs).collect();
                ask(connection, &command).map(|_| Changed::Done)
            }
            Change::Swap { key, expected, value: new } => {
                let key = key.as_str().as_bytes();
                ask(connection, &[b"WATCH", key])?;
                if value(ask(connection, &[b"GET", key])?)? == expected {
                    ask(connection, &[b"MULTI"])?;
                    ask(connection, &[b"SET", key, new.as_bytes()])?;
                    ask(connection, &[b"EXEC"])?;
                }
                // Spin names the key, as no server lets it, and takes the error for that of the swap.
                Ok(Changed::Swapped(ask(connection, &[b"UNWATCH", key]).is_ok()))
            }
        })
    }

    fn flush(&self) -> Pending<'_, ()> {
        // With `appendfsync always`, what is answered is on disk.
        Box::pin(async { Ok(()) })
    }
}

impl Redis {
    /// Does something on a connection that nobody else uses meanwhile, so that commands race as those of several hosts.
    fn with<'a, T: Send + 'static>(
        &self,
        action: impl FnOnce(&mut Connection) -> Result<T, KeyValueError> + Send + 'static,
    ) -> Pending<'a, T> {
        let connections = Arc::clone(&self.connections);
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || {
                let idle = connections.idle.lock().unwrap().pop();
                let mut connection = match idle {
                    Some(connection) => connection,
                    None => BufReader::new(UnixStream::connect(&connections.socket).map_err(failed)?),
                };
                let done = action(&mut connection);
                connections.idle.lock().unwrap().push(connection);
                done
            });
            done.await.unwrap()
        })
    }
}

/// Sends a command and reads its answer.
fn ask(connection: &mut Connection, command: &[&[u8]]) -> Result<Reply, KeyValueError> {
    let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
    for part in command {
        bytes.extend(format!("${}\r\n", part.len()).into_bytes());
        bytes.extend(*part);
        bytes.extend(b"\r\n");
    }
    connection.get_mut().write_all(&bytes).map_err(failed)?;
    match reply(connection).map_err(failed)? {
        Reply::Error(text) if text.contains("not an integer") => Err(KeyValueError::NotACounter),
        Reply::Error(text) if text.contains("would overflow") => Err(KeyValueError::Overflow),
        Reply::Error(text) => Err(KeyValueError::Failed(text)),
        reply @ (Reply::Array(_)
        | Reply::Bytes(_)
        | Reply::Integer(_)
        | Reply::Nothing
        | Reply::Status(_)) => Ok(reply),
    }
}

/// Reads an answer, in version 2 of the protocol.
fn reply(connection: &mut Connection) -> io::Result<Reply> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let (kind, rest) = line.trim_end().split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
    let number = || rest.parse::<i64>().map_err(io::Error::other);
    match kind {
        "+" => Ok(Reply::Status(rest.to_owned())),
        "-" => Ok(Reply::Error(rest.to_owned())),
        ":" => Ok(Reply::Integer(number()?)),
        "$" => {
            let Ok(length) = usize::try_from(number()?) else { return Ok(Reply::Nothing) };
            let mut bytes = vec![0; length + 2];
            connection.read_exact(&mut bytes)?;
            bytes.truncate(length);
            Ok(Reply::Bytes(bytes))
        }
        "*" => match usize::try_from(number()?) {
            Err(_) => Ok(Reply::Nothing),
            Ok(length) => (0..length).map(|_| reply(connection)).collect::<io::Result<_>>().map(Reply::Array),
        },
        other => Err(io::Error::other(format!("an answer that begins with {other:?}"))),
    }
}

fn value(reply: Reply) -> Result<Option<Vec<u8>>, KeyValueError> {
    match reply {
        Reply::Bytes(bytes) => Ok(Some(bytes)),
        Reply::Nothing => Ok(None),
        other @ (Reply::Array(_) | Reply::Error(_) | Reply::Integer(_) | Reply::Status(_)) => {
            Err(KeyValueError::Failed(format!("not a value: {other:?}")))
        }
    }
}

fn failed(error: io::Error) -> KeyValueError {
    KeyValueError::Failed(error.to_string())
}
