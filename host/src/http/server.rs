//! The socket: connections are counted, headers have a time limit, and stopping waits for requests under way.
//!
//! The router decides everything else. TLS is not here yet: the host listens beside the application or behind a proxy.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Connections at one time. One more waits in the system's queue until another ends.
const MOST_CONNECTIONS: usize = 4096;
/// From the first byte to the end of the headers, and between two requests of one connection.
const HEADER_TIME_LIMIT: Duration = Duration::from_secs(15);
/// Requests under way get this long when the host is asked to stop.
const GRACE: Duration = Duration::from_secs(10);
/// When the system has no more file descriptors, accepting at full speed would only burn a processor.
const BREATH: Duration = Duration::from_millis(50);

/// Serves until `stop` is ready, then until the requests under way are answered or their time is over.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let open = GracefulShutdown::new();
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
            Ok((stream, _)) => {
                let served = open.watch(connection(stream, &router));
                tokio::spawn(async move {
                    let _place = place;
                    // A caller that breaks off or sends no HTTP harms itself only.
                    let _ended: Result<(), hyper::Error> = served.await;
                });
            }
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, open.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the time to stop had passed");
    }
}

type Connection = http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Answering>>;
type Answering = axum::routing::RouterIntoService<hyper::body::Incoming, ()>;

fn connection(stream: TcpStream, router: &Router) -> Connection {
    // Answers are small; waiting to fill a packet would only make them late. A system that refuses is slower, not wrong.
    let _refused = stream.set_nodelay(true);
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_LIMIT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone().into_service()))
}
