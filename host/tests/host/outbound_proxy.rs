//! A hospital's proxy: the provider is reached through it, with credentials from a file, and what is said stays between the two ends.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::support::host::{Host, SMURTAB_SECRET, claims, eager, login_body, userinfo};
use super::support::keys::Key;
use super::support::provider::{ACCESS_TOKEN, HOST, Provider};

/// What a proxy was asked: each head of a request, and every byte after it that it could read.
#[derive(Default)]
struct Seen {
    heads: Mutex<Vec<String>>,
    bytes: Mutex<Vec<u8>>,
}

/// A proxy that knows CONNECT, demands credentials, and leads to the test's provider.
async fn start_proxy(provider: SocketAddr, credentials: &'static str) -> (SocketAddr, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Seen::default());
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(tunnel(stream, provider, credentials, Arc::clone(&shared)));
        }
    });
    (address, seen)
}

async fn tunnel(mut client: TcpStream, provider: SocketAddr, credentials: &str, seen: Arc<Seen>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let wanted = base64::engine::general_purpose::STANDARD.encode(credentials);
    let known = head.contains(&format!("Basic {wanted}"));
    seen.heads.lock().unwrap().push(head);
    if !known {
        client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await.ok()?;
        return None;
    }
    let mut server = TcpStream::connect(provider).await.ok()?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let up = async {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            seen.bytes.lock().unwrap().extend_from_slice(&buffer[..count]);
            to_server.write_all(&buffer[..count]).await.ok()?;
        }
        Some(())
    };
    tokio::join!(up, tokio::io::copy(&mut from_server, &mut to_client)).0
}

async fn host_behind(proxy: SocketAddr, provider: &Provider, credentials: &str) -> Host {
    let file = provider.extra_ca.with_extension("proxy");
    std::fs::write(&file, credentials).unwrap();
    Host::start_edited(provider, &eager(), |text| {
        let mut config: toml::Table = toml::from_str(&text).unwrap();
        config["development"].as_table_mut().unwrap().remove("connect_to");
        let mut outbound = toml::Table::new();
        outbound.insert("proxy".into(), format!("http://{proxy}").into());
        outbound.insert("proxy_credentials_file".into(), file.display().to_string().into());
        config.insert("provider".into(), outbound.into());
        toml::to_string(&config).unwrap()
    })
    .await
}

#[tokio::test]
async fn the_provider_is_reached_through_it_and_it_reads_nothing() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let (proxy, seen) = start_proxy(provider.address, "vigie:p:w").await;
    let host = host_behind(proxy, &provider, "vigie:p:w\n").await;
    host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let heads = seen.heads.lock().unwrap();
    assert!(
        !heads.is_empty() && heads.iter().all(|head| head.starts_with(&format!("CONNECT {HOST}:443 "))),
        "{heads:?}"
    );
    let bytes = String::from_utf8_lossy(&seen.bytes.lock().unwrap()).into_owned();
    assert!(!bytes.is_empty() && !bytes.contains(ACCESS_TOKEN) && !bytes.contains("/userinfo"), "it is TLS to the end");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_a_provider_that_cannot_be_reached() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let (proxy, seen) = start_proxy(provider.address, "vigie:right").await;
    let host = host_behind(proxy, &provider, "vigie:wrong").await;
    let body = login_body(&provider.key.sign(&claims("smurtab")));
    let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &body).await;
    assert_eq!((status, answer["code"].as_str()), (502, Some("HTTP-PROVIDER-UNREACHABLE")), "{answer}");
    assert!(!answer.to_string().contains("wrong") && answer["help"].as_str().unwrap().contains("proxy"), "{answer}");
    assert_eq!((seen.heads.lock().unwrap().is_empty(), provider.key_fetches()), (false, 0), "there is no way past it");
}
