//! An upstream that answers with exactly the bytes it is told to, cut exactly where it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::runtime;

/// The answer to a tool call of revision 2026-07-28 that has worked.
pub const DONE: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"done"}]}}"#;

/// One step of an answer.
#[derive(Clone, Debug)]
pub enum Step {
    /// Write these bytes as one packet.
    Write(Vec<u8>),
    /// Wait until the test calls [`Scripted::go_on`].
    Wait,
    /// Write these bytes again and again, every five milliseconds.
    Repeat {
        /// What is written.
        bytes: Vec<u8>,
        /// How often.
        times: usize,
    },
    /// Close the connection.
    Close,
}

/// What the upstream received.
#[derive(Clone, Debug)]
pub struct Received {
    /// The request line and the headers, as they came.
    pub head: String,
    /// The body.
    pub body: String,
}

/// What is answered.
#[derive(Clone)]
enum Script {
    /// The same to every request.
    Same(Vec<Step>),
    /// JSON that depends on the request.
    Each(Arc<dyn Fn(&Received) -> String + Send + Sync>),
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Same(steps) => f.debug_tuple("Same").field(steps).finish(),
            Self::Each(_) => f.write_str("Each"),
        }
    }
}

impl Script {
    fn steps(&self, request: &Received) -> Vec<Step> {
        match self {
            Self::Same(steps) => steps.clone(),
            Self::Each(answer) => whole(&answer(request)),
        }
    }
}

/// The running upstream.
#[derive(Clone, Debug)]
pub struct Scripted {
    /// Where it listens.
    pub address: SocketAddr,
    script: Arc<Mutex<Script>>,
    received: Arc<Mutex<Vec<Received>>>,
    go_on: Arc<Notify>,
    /// How many answers were written to their end, and how many were hung up on.
    ends: Arc<watch::Sender<Ends>>,
}

/// How answers have ended so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Written to the end.
    pub whole: usize,
    /// The gateway hung up before.
    pub cut: usize,
}

impl Scripted {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let scripted = Self {
            address: listener.local_addr().expect("an address"),
            script: Arc::new(Mutex::new(Script::Same(Vec::new()))),
            received: Arc::default(),
            go_on: Arc::default(),
            ends: Arc::default(),
        };
        let server = scripted.clone();
        runtime::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                runtime::spawn(async move {
                    // The gateway may hang up; that is what some tests are about.
                    if server.serve(stream).await.is_err() {
                        server.ends.send_modify(|ends| ends.cut += 1);
                    }
                });
            }
        });
        scripted
    }

    /// Every following request is answered with this.
    pub fn answer(&self, script: Vec<Step>) {
        *self.script.lock().expect("no panic") = Script::Same(script);
    }

    /// Every following request is answered with this JSON.
    pub fn answer_json(&self, json: &str) {
        self.answer(whole(json));
    }

    /// Every following request is answered with the JSON that this says to it.
    pub fn answer_each(&self, answer: impl Fn(&Received) -> String + Send + Sync + 'static) {
        *self.script.lock().expect("no panic") = Script::Each(Arc::new(answer));
    }

    /// Every following request is answered with an event stream of these packets, then closed.
    pub fn answer_events(&self, packets: &[&[u8]]) {
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_vec();
        let mut script = vec![Step::Write(head)];
        for packet in packets {
            script.push(Step::Write(packet.to_vec()));
        }
        script.push(Step::Close);
        self.answer(script);
    }

    /// Lets an answer that waits go on.
    pub fn go_on(&self) {
        self.go_on.notify_one();
    }

    /// Waits until answers have ended like this.
    pub async fn ended(&self, want: impl FnMut(&Ends) -> bool) {
        let mut ends = self.ends.subscribe();
        ends.wait_for(want).await.expect("the upstream runs");
    }

    /// Takes what was received so far.
    pub fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().expect("no panic"))
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        while let Some(request) = read_request(&mut stream).await? {
            let script = self.script.lock().expect("no panic").clone();
            let steps = script.steps(&request);
            self.received.lock().expect("no panic").push(request);
            for step in steps {
                match step {
                    Step::Write(bytes) => {
                        stream.write_all(&bytes).await?;
                        stream.flush().await?;
                        // Two writes in a row would leave in one packet.
                        tokio::task::yield_now().await;
                    }
                    Step::Wait => self.go_on.notified().await,
                    Step::Repeat { bytes, times } => repeat(&mut stream, &bytes, times).await?,
                    Step::Close => {
                        self.ends.send_modify(|ends| ends.whole += 1);
                        return stream.shutdown().await;
                    }
                }
            }
        }
        Ok(())
    }
}

/// An answer of JSON.
fn whole(json: &str) -> Vec<Step> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        json.len()
    );
    vec![Step::Write([head.as_bytes(), json.as_bytes()].concat())]
}

/// Writes at a pace that lets the other side notice things in between. A peer that has hung up is an error.
async fn repeat(stream: &mut TcpStream, bytes: &[u8], times: usize) -> std::io::Result<()> {
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    let mut nothing = [0];
    for _ in 0..times {
        pace.tick().await;
        stream.write_all(bytes).await?;
        match stream.try_read(&mut nothing) {
            Ok(0) => return Err(std::io::ErrorKind::ConnectionReset.into()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<Received>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    while !is_complete(&head, &body) {
        if stream.read_buf(&mut body).await? == 0 {
            break;
        }
    }
    let body = decoded(&head, &body);
    Ok(Some(Received { head, body }))
}

fn is_complete(head: &str, body: &[u8]) -> bool {
    match header(head, "content-length") {
        Some(length) => body.len() >= length.parse().unwrap_or(0),
        None if header(head, "transfer-encoding").is_some() => body.ends_with(b"0\r\n\r\n"),
        None => true,
    }
}

/// The body without its chunk sizes.
fn decoded(head: &str, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body).into_owned();
    if header(head, "transfer-encoding").is_none() {
        return text;
    }
    let mut rest = text.as_str();
    let mut whole = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let Some(chunk) = tail.get(..size).filter(|_| size > 0) else { break };
        whole.push_str(chunk);
        rest = tail.get(size + 2..).unwrap_or_default();
    }
    whole
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}
