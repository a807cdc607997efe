//! Sends requests at chosen moments and notes when the answers came: one thread, non-blocking sockets, HTTP/1.1 kept alive.
//!
//! In an open load the moments are drawn beforehand and do not wait for answers. A request that finds no free connection waits its
//! turn, and its time counts from the moment at which it was due: a server that stalls is charged for all that it kept waiting
//! (no coordinated omission). What this does not do: TLS, chunked bodies, redirects.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Requests that may be sent, each as its bytes.
pub(crate) type Kinds = [Vec<u8>];

/// One answer.
pub(crate) struct Answer {
    /// Which request it answers.
    pub(crate) kind: usize,
    /// From the moment at which it was due.
    pub(crate) took: Duration,
    /// HTTP status.
    pub(crate) status: u16,
    /// Its text.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// True for a decision that permits.
    pub(crate) fn permits(&self) -> bool {
        self.status == 200 && self.body.starts_with(b"{\"decision\":true")
    }
}

/// When requests are sent.
pub(crate) enum Pace {
    /// On each connection as soon as the last is answered, for so long.
    AsFastAsAnswered(Duration),
    /// At these moments from the start, each with its kind.
    At(Vec<(Duration, usize)>),
}

/// Longest silence of a server before the run is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// A wait of the system's is exact to a millisecond; what is nearer is waited for awake.
const AWAKE: Duration = Duration::from_millis(2);
/// More than the largest answer.
const LARGEST_ANSWER: usize = 64 << 10;

struct Connection {
    stream: TcpStream,
    /// Kind and due moment of the request under way.
    asked: Option<(usize, Instant)>,
    received: Vec<u8>,
}

/// Runs one load and returns every answer in the order of arrival.
pub(crate) fn run(address: SocketAddr, kinds: &Kinds, connections: usize, pace: &Pace) -> Result<Vec<Answer>> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(connections.max(16));
    let mut open = Vec::with_capacity(connections);
    for index in 0..connections {
        let stream = std::net::TcpStream::connect(address).context("the server takes no connection")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        open.push(Connection { stream, asked: None, received: Vec::new() });
    }
    let mut free: Vec<usize> = (0..connections).rev().collect();
    let mut waiting: VecDeque<(Instant, usize)> = VecDeque::new();
    let mut answers = Vec::new();
    let begun = Instant::now();
    let mut heard = begun;
    let mut due = match pace {
        Pace::AsFastAsAnswered(_) => [].iter(),
        Pace::At(moments) => moments.iter(),
    }
    .peekable();
    loop {
        let now = Instant::now();
        match pace {
            Pace::AsFastAsAnswered(span) if now - begun < *span => waiting.extend(free.iter().map(|_| (now, 0))),
            Pace::AsFastAsAnswered(_) => {}
            Pace::At(_) => {
                while let Some((after, kind)) = due.next_if(|(after, _)| begun + *after <= now) {
                    waiting.push_back((begun + *after, *kind));
                }
            }
        }
        while let (Some(place), Some((moment, kind))) = (free.last().copied(), waiting.front().copied()) {
            free.pop();
            waiting.pop_front();
            let request = kinds.get(kind).context("a kind of request that is not there")?;
            let connection = open.get_mut(place).context("a connection that is not there")?;
            // A few hundred bytes always fit into the empty buffer of a local socket.
            connection.stream.write_all(request).context("a request could not be sent")?;
            connection.asked = Some((kind, moment));
        }
        let under_way = free.len() < connections;
        if !under_way && waiting.is_empty() && due.peek().is_none() {
            return Ok(answers);
        }
        ensure!(!under_way || now - heard < PATIENCE, "the server has not answered for {PATIENCE:?}");
        if !under_way {
            heard = now;
        }
        let next = due.peek().map(|(after, _)| (begun + *after).saturating_duration_since(now));
        let wait = next.map_or(Duration::from_secs(1), |left| left.saturating_sub(AWAKE));
        // Whole milliseconds, rounded down: the rest is waited for awake.
        let wait = Duration::from_millis(u64::try_from(wait.as_millis())?);
        if let Err(error) = poll.poll(&mut events, Some(wait))
            && error.kind() != ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        for event in &events {
            let Token(place) = event.token();
            let connection = open.get_mut(place).context("an event of no connection")?;
            if let Some(answer) = connection.read()? {
                answers.push(answer);
                free.push(place);
            }
            heard = Instant::now();
        }
    }
}

impl Connection {
    /// Takes what has arrived; the answer once it is whole.
    fn read(&mut self) -> Result<Option<Answer>> {
        let mut chunk = [0; 16 << 10];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(read) => self.received.extend_from_slice(chunk.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("a connection broke"),
            }
        }
        ensure!(self.received.len() < LARGEST_ANSWER, "an answer without end");
        let Some((status, body)) = parse(&self.received)? else { return Ok(None) };
        let body = body.to_vec();
        let (kind, due) = self.asked.take().context("an answer to nothing")?;
        self.received.clear();
        Ok(Some(Answer { kind, took: due.elapsed(), status, body }))
    }
}

/// Status and body, when all of it is there.
fn parse(bytes: &[u8]) -> Result<Option<(u16, &[u8])>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = response.parse(bytes)? else { return Ok(None) };
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = std::str::from_utf8(length.context("an answer without its length")?.value)?.trim().parse()?;
    let body = bytes.get(end..end + length);
    Ok(response.code.zip(body))
}

/// One POST of JSON as bytes.
pub(crate) fn post(address: SocketAddr, path: &str, secret: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {secret}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// One GET as bytes.
pub(crate) fn get(address: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").into_bytes()
}

/// Sends one request and waits for its answer.
pub(crate) fn once(address: SocketAddr, request: Vec<u8>) -> Result<Answer> {
    let answers = run(address, &[request], 1, &Pace::At(vec![(Duration::ZERO, 0)]))?;
    answers.into_iter().next().context("no answer")
}

/// Moments of independent arrivals (a Poisson process) at so many a second, the same ones in every run: `seed` chooses them.
/// `kind` says what each is.
pub(crate) fn arrivals(per_second: f64, span: Duration, seed: u64, kind: impl Fn(usize) -> usize) -> Pace {
    let mut state = seed | 1;
    let mut at = 0.0;
    let mut moments = Vec::new();
    while at < span.as_secs_f64() {
        // xorshift64* (Vigna, 2016): even spread is all that is wanted of it.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let bits = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        #[expect(clippy::cast_precision_loss, reason = "32 bits")]
        let uniform = (bits as f64 + 1.0) / 4_294_967_297.0;
        at -= uniform.ln() / per_second;
        moments.push((Duration::from_secs_f64(at), kind(moments.len())));
    }
    Pace::At(moments)
}
