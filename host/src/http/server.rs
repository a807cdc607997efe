//! The socket: connections are counted, every step has a time limit, and stopping waits for requests under way.
//!
//! What is known of a connection, who is at its other end and with which certificate, goes with each request as a [`Connection`]; the
//! router decides everything else. How a connection is encrypted is in [`super::tls`].

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::AddExtension;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutWriter;
use tower::Layer;

use super::tls::Tls;
use crate::digest::Digest;

/// Connections at one time. One more waits in the system's queue until another ends.
const MOST_CONNECTIONS: usize = 4096;
/// Request line and headers of one request. A handle, a secret and what proxies add are a few hundred bytes.
const LARGEST_HEADERS: usize = 32 << 10;
/// When the system has no more file descriptors, accepting at full speed would only burn a processor.
const BREATH: Duration = Duration::from_millis(50);

/// How long a caller may take. A relying party's server is near, and what it sends is a few kilobytes.
#[derive(Debug, Clone)]
pub struct Times {
    /// For the TLS handshake.
    pub handshake: Duration,
    /// From the first byte to the end of the headers, and between two requests of one connection.
    pub headers: Duration,
    /// For a body.
    pub body: Duration,
    /// Without taking a byte of an answer.
    pub answer: Duration,
    /// For requests under way when the host is asked to stop.
    pub grace: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(15),
            body: Duration::from_secs(10),
            answer: Duration::from_secs(10),
            grace: Duration::from_secs(10),
        }
    }
}

/// What goes over the socket, and how slowly.
#[derive(Clone, Default)]
pub struct Socket {
    /// Encrypted when present.
    pub tls: Option<Arc<Tls>>,
    /// Time limits.
    pub times: Times,
}

/// What is known of the connection that a request came over.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The other end.
    pub(super) peer: SocketAddr,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// SHA-256 of the certificate whose key the other end proved to have.
    pub(super) certificate: Option<Digest>,
    /// How long a body may take.
    pub(super) body: Duration,
}

/// Serves in clear until `stop` is ready, then until the requests under way are answered or their time is over.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    serve_on(listener, Socket::default(), router, stop).await;
}

/// The same for any kind of socket.
pub async fn serve_on(listener: TcpListener, socket: Socket, router: Router, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let open = GracefulShutdown::new();
    let grace = socket.times.grace;
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&connections).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            both = accepted => both,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let serving = connection(stream, peer, socket.clone(), router.clone(), open.watcher());
                tokio::spawn(async move {
                    let _place = place;
                    serving.await;
                });
            }
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(grace, open.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the time to stop had passed");
    }
}

/// One connection, to its end. A caller that breaks off, is too slow or speaks something else harms itself only.
async fn connection(stream: TcpStream, peer: SocketAddr, socket: Socket, router: Router, open: Watcher) {
    // Answers are small; waiting to fill a packet would only make them late. A system that refuses is slower, not wrong.
    let _refused = stream.set_nodelay(true);
    let times = &socket.times;
    let Some(tls) = &socket.tls else {
        let about = Connection { peer, scheme: "http", certificate: None, body: times.body };
        return requests(stream, about, times, router, open).await;
    };
    let Ok(Ok(stream)) = tokio::time::timeout(times.handshake, tls.acceptor().accept(stream)).await else {
        tracing::debug!("a connection was no TLS that this host speaks");
        return;
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = certificate.map(|leaf| Digest::of(leaf));
    let about = Connection { peer, scheme: "https", certificate, body: times.body };
    requests(stream, about, times, router, open).await;
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + 'static,
    about: Connection,
    times: &Times,
    router: Router,
    open: Watcher,
) {
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(times.answer));
    let stream = TokioIo::new(Box::pin(stream));
    let routed: AddExtension<_, Connection> = Extension(about).layer(router.into_service::<hyper::body::Incoming>());
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(times.headers)
        .max_buf_size(LARGEST_HEADERS)
        .serve_connection(stream, TowerToHyperService::new(routed));
    let _ended: Result<(), hyper::Error> = open.watch(served).await;
}
