//! A loopback proxy that answers `CONNECT` alone: it leads the sandbox's host names to the sandbox and refuses every other name.
//!
//! Firefox has no host mapping of its own. Through this proxy it asks for the real names, on the real port, and nothing of
//! what it would tell its maker leaves the machine. What was refused is remembered, so that a story can hold it to be nothing.
//!
//! RFC 9110, section 9.3.6.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// They reach the sandbox.
    There,
    /// They break, those that stand and those that are tried.
    Gone,
}

/// A request has a method, a name, a port and a handful of headers.
const HEAD_BYTES: usize = 8 * 1024;

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    refused: Arc<Mutex<Vec<String>>>,
    network: watch::Sender<Network>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Leads these names, on port 443, to `target`.
    pub(crate) async fn start(names: &[String], target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no loopback port for the proxy")?;
        let address = listener.local_addr()?;
        let allowed: Arc<[String]> = names.iter().map(|name| format!("{name}:443")).collect();
        let refused = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&refused);
        let (network, seen) = watch::channel(Network::There);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (allowed, remembered, mut seen) = (Arc::clone(&allowed), Arc::clone(&remembered), seen.clone());
                tokio::spawn(async move {
                    // A connection that breaks is the browser's affair.
                    tokio::select! {
                        biased;
                        _ = seen.wait_for(|network| *network == Network::Gone) => {}
                        _ = serve(client, target, &allowed, &remembered) => {}
                    }
                });
            }
        });
        Ok(Self { address, refused, network, task })
    }

    /// Changes what becomes of connections.
    pub(crate) fn set(&self, network: Network) {
        self.network.send_replace(network);
    }

    /// What was asked for and refused, in order: `host:port`, or the first line of what was no `CONNECT`.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut client: TcpStream,
    target: SocketAddr,
    allowed: &[String],
    refused: &Mutex<Vec<String>>,
) -> Result<()> {
    let asked = read_head(&mut client).await?;
    let name = asked.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or(&asked).to_owned();
    if !asked.starts_with("CONNECT ") || !allowed.contains(&name) {
        refused.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
        return Ok(());
    }
    let mut server = TcpStream::connect(target).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// The first line of a request, read to the end of its headers. Byte by byte: what follows belongs to the tunnel.
async fn read_head(client: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(head.len() < HEAD_BYTES, "a request head of more than {HEAD_BYTES} bytes");
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    Ok(head.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Network, Proxy};

    async fn answer(proxy: &Proxy, request: &str) -> String {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn without_a_network_nothing_answers() {
        let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let names = ["wallet.psc.localhost".to_owned()];
        let proxy = Proxy::start(&names, target.local_addr().unwrap()).await.unwrap();
        let mut standing = TcpStream::connect(proxy.address).await.unwrap();
        standing.write_all(b"CONNECT wallet.psc.localhost:443 HTTP/1.1\r\n\r\n").await.unwrap();
        let mut begun = [0_u8; 12];
        standing.read_exact(&mut begun).await.unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200");
        proxy.set(Network::Gone);
        // The tunnel that stood ends, after the rest of what it had said.
        assert!(standing.read_to_end(&mut Vec::new()).await.unwrap() < 100);
        let mut tried = TcpStream::connect(proxy.address).await.unwrap();
        tried.write_all(b"CONNECT wallet.psc.localhost:443 HTTP/1.1\r\n\r\n").await.unwrap();
        // It is closed, or broken off because its request was never read.
        assert_eq!(tried.read_to_end(&mut Vec::new()).await.unwrap_or_default(), 0);
    }

    #[tokio::test]
    async fn known_names_lead_to_the_target_and_all_others_nowhere() {
        let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let names = ["wallet.psc.localhost".to_owned()];
        let proxy = Proxy::start(&names, target.local_addr().unwrap()).await.unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = target.accept().await.unwrap();
            let mut asked = [0_u8; 5];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(b"world").await.unwrap();
            asked
        });
        let through = answer(&proxy, "CONNECT wallet.psc.localhost:443 HTTP/1.1\r\nHost: x\r\n\r\nhello").await;
        assert!(through.starts_with("HTTP/1.1 200") && through.ends_with("\r\n\r\nworld"), "{through}");
        assert_eq!(&server.await.unwrap(), b"hello");
        assert!(proxy.refused().is_empty());

        for closed in [
            "CONNECT wallet.psc.localhost:80 HTTP/1.1\r\n\r\n",
            "CONNECT notwallet.psc.localhost:443 HTTP/1.1\r\n\r\n",
            "CONNECT example.org:443 HTTP/1.1\r\n\r\n",
            "GET http://wallet.psc.localhost/ HTTP/1.1\r\n\r\n",
        ] {
            assert!(answer(&proxy, closed).await.starts_with("HTTP/1.1 403"), "{closed}");
        }
        assert_eq!(proxy.refused().len(), 4);
        assert_eq!(proxy.refused().get(2).map(String::as_str), Some("example.org:443"));
    }
}
