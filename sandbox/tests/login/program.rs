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
    check_refused(&["--decision-point", env!("CARGO_TARGET_TMPDIR")], "SBX-DP-FILE", "name the TOML file in it");
    let file = Written::new("cards", "");
    check_refused(&["--tls", "--cards", file.path()], "SBX-CARDS", "another directory with --cards");
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
    let cards = Path::new(ready["cards"].as_str().unwrap()).to_owned();
    assert!(cards.join("899700218896.p12").is_file() && cards.join("other-environment.p12").is_file());
    assert_eq!(ready["ssl_test"], "https://testssl.asipsante.fr/testssl");

    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(!Path::new(ca).exists() && !cards.exists());
    let mut banner = String::new();
    child.stderr.take().unwrap().read_to_string(&mut banner).unwrap();
    assert!(banner.contains("NEVER TRUST IT"), "{banner}");
}

/// A file in the directory of this test run, removed at the end of the test.
struct Written(std::path::PathBuf);

impl Written {
    fn new(name: &str, text: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn own_people_are_read_or_refused_in_one_sentence() {
    let mistyped = Written::new("mistyped.toml", "[[client]]\nid = \"a\"\nsekret = \"b\"\n");
    check_refused(&["--people", mistyped.path()], "SBX-PEOPLE", "line 3, column 1");
    check_refused(&["--people", "no-such-file.toml"], "SBX-PEOPLE", "correct the file");
    let good = Written::new(
        "good.toml",
        "[[person]]\nid = \"899700075064\"\ngiven_name = \"A\"\nfamily_name = \"B\"\ncivility = \"M\"\norigin = \"RPPS\"\n",
    );
    let (mut child, ready) = start(&["--people", good.path(), "--format", "json"]);
    assert!(ready["issuer"].is_string());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn own_pages_are_listed_served_and_refused() {
    let list = String::from_utf8(program(&["templates", "--list"]).output().unwrap().stdout).unwrap();
    for word in ["number.html", "remaining_s", "needed", "activation_qr.html"] {
        assert!(list.contains(word), "{list}");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-pages", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let argument = folder.to_str().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    check_refused(&["--templates", argument], "SBX-TEMPLATES", "holds no page");
    write("number.html", "<p>{{ number }}</p>");
    check_refused(&["--templates", argument], "SBX-TEMPLATES", "{{ login }}");
    write("number.html", "<p>{{ number }}</p>{{ login }}{{ csrf }}");
    write("waiting-room.html", "");
    check_refused(&["--templates", argument], "SBX-TEMPLATES", "waiting-room.html");
    std::fs::remove_file(folder.join("waiting-room.html")).unwrap();
    write("own.css", "p { color: red }");
    let (mut child, _) = start(&["--templates", argument, "--format", "json"]);
    child.kill().unwrap();
    child.wait().unwrap();
    check_refused(&["--templates", "no-such-folder"], "SBX-TEMPLATES", "templates --list");
    std::fs::remove_dir_all(&folder).unwrap();
}
