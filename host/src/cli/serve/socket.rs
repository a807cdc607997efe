//! The socket of `vigie serve`: held to what may go over it, encrypted where it is configured, its certificate renewed at SIGHUP.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::config::Config;
use crate::http::server::Socket;
use crate::http::tls::{AskCallers, Tls};
use crate::problem::{Explain, Sentence};
use crate::service::StartError;

/// What the configuration says of the socket, for the address that it will have.
pub(in crate::cli) fn prepare(config: &Config, address: SocketAddr) -> Result<Socket, StartError> {
    config.server.check_address(address, config.mode, &config.audiences)?;
    let ask = if config.audiences.iter().any(|audience| audience.callers.need_certificate()) {
        AskCallers::ForCertificate
    } else {
        AskCallers::Nothing
    };
    let tls = config.server.tls.as_ref().map(|files| Tls::load(files, ask)).transpose()?;
    Ok(Socket { tls: tls.map(Arc::new), ..Socket::default() })
}

/// The URL that the socket answers under.
pub(in crate::cli) fn url(socket: &Socket, address: SocketAddr) -> String {
    let scheme = if socket.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// Said at every start: nobody should find out later that nothing stands behind a subject but the caller's word.
pub(in crate::cli) fn warn_of_asserted(config: &Config) {
    for audience in config.audiences.iter().filter(|audience| audience.login.is_none()) {
        let caller = if audience.callers.are_open() { "whoever reaches this socket" } else { "its caller" };
        eprintln!(
            "vigie: CFG-ASSERTED: audience {:?} verifies no login: {caller} says who the subject is, and its policies are told so.",
            audience.id
        );
    }
}

/// At the signal HUP certificate and key are read again. Files that cannot be used are said so, and the old ones stay.
pub(super) async fn renew_certificate(tls: Option<Arc<Tls>>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Some(tls), Ok(mut asked)) = (tls, signal(SignalKind::hangup())) else { return };
    while asked.recv().await.is_some() {
        match tls.reload() {
            Ok(()) => tracing::info!("certificate and key were read again"),
            Err(error) => tracing::error!(code = error.code(), "{}", Sentence(&error)),
        }
    }
}
