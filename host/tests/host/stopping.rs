//! Asked to stop, the program answers what is under way, writes it down, and ends with 0.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::support::host::{SMURTAB_SECRET, question, userinfo, write_config};
use super::support::keys::Key;
use super::support::program::{Served, until};
use super::support::provider::Provider;

#[tokio::test]
async fn a_request_under_way_is_answered_and_written_down() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let served = Served::start(&write_config(directory.path(), &provider));
    let address = served.url().trim_start_matches("http://").to_owned();
    let body = question("no-handle").to_string();
    let (first, rest) = body.split_at(body.len() / 2);

    let mut connection = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /access/v1/evaluation HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {SMURTAB_SECRET}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // Another request on another connection is answered, so this one has been read too.
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    assert_eq!(client.get(format!("http://{address}/livez")).send().await.unwrap().status(), 200);

    served.signal("TERM");
    until("nobody else is let in", async || TcpStream::connect(&address).await.is_err()).await;
    connection.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("HTTP-LOGIN-UNKNOWN"), "{answer}");
    assert_eq!(served.end(), Some(0));
    let log = std::fs::read_to_string(directory.path().join("decisions.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
}
