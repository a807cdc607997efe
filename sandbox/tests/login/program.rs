//! The program itself: its one line, its refusals to start, its end.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie-sandbox"));
    command.args(arguments).env_remove("VIGIE_LOG").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts the program and reads its line.
fn start(arguments: &[&str]) -> (Child, Value) {
    let mut child = program(arguments).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

/// A start that is refused with one sentence that names the code and the next step.
fn check_refused(arguments: &[&str], code: &str, next: &str) {
    let output = program(arguments).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(code) && text.contains(next), "{text}");
}

#[test]
fn starts_that_are_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check_refused(&["--listen", &address], "SBX-LISTEN", "--listen 127.0.0.1:0");
    check_refused(&["--listen", "0.0.0.0:0"], "SBX-REMOTE", "--allow-remote");
    check_refused(&["--host-names", "genuine"], "SBX-GENUINE-TLS", "add --tls");
}

#[test]
fn the_line_says_where_everything_is_and_the_end_leaves_nothing() {
    let (mut child, ready) =
        start(&["--listen", "127.0.0.1:0", "--format", "json", "--tls", "--host-names", "genuine"]);
    assert_eq!(ready["issuer"], "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet");
    assert_eq!(ready["wallet"], "https://wallet.esw.esante.gouv.fr");
    assert_eq!(ready["relying_parties"]["smurtab"], "https://smurtab.psc.localhost/rp/smurtab/");
    assert_eq!(ready["lookalike"], "https://wallet.esw.esante.gouv.fr.vigie-lookalike.test/lookalike/");
    assert_eq!(ready["phone"], "https://phone.psc.localhost/phone");
    let listen = ready["listen"].as_str().unwrap();
    assert_eq!(ready["phone_api"], format!("https://{listen}/api/phone"));
    assert_eq!(ready["spki_sha256"].as_str().unwrap().len(), 44);
    let ca = ready["ca"].as_str().unwrap();
    let pem = std::fs::read_to_string(ca).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----") && !pem.contains("PRIVATE"));

    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(!Path::new(ca).exists());
    let mut banner = String::new();
    child.stderr.take().unwrap().read_to_string(&mut banner).unwrap();
    assert!(banner.contains("NEVER TRUST IT"), "{banner}");
}
