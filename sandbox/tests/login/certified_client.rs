//! A certified OpenID Connect library logs in: `openid-client` on Node plays the service, this test the browser and the phone.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::program_world::start;
use crate::world::{CALLBACK, DOCTOR, World};

/// The script as a child process that talks in lines of JSON.
struct Service {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Service {
    fn start(world: &World) -> Self {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut node = Command::new("node");
        node.current_dir(root).arg("tests/interop/openid-client.mjs").args([world.ready.issuer.as_str(), CALLBACK]);
        if let Some(ca) = &world.ready.ca {
            node.env("NODE_EXTRA_CA_CERTS", ca);
        }
        let mut child =
            node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("node is installed");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { _child: child, input, output: BufReader::new(output).lines() }
    }

    async fn says(&mut self) -> Value {
        let line = self.output.next_line().await.unwrap().expect("the script goes on; its error stands above");
        serde_json::from_str(&line).unwrap()
    }

    async fn tell(&mut self, message: Value) {
        self.input.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }
}

async fn logs_in(arguments: &[&str]) {
    let (_program, world) = start(arguments);
    let mut service = Service::start(&world);
    let mut browser = world.browser();

    let open = service.says().await;
    let answer = world.log_in(&mut browser, open["open"].as_str().unwrap(), DOCTOR).await;
    service.tell(json!({"cameBack": answer.as_str()})).await;
    let found = service.says().await;
    assert_eq!(found["claims"]["SubjectNameID"], DOCTOR);
    assert_eq!((&found["claims"]["acr"], &found["claims"]["authMode"]), (&json!("eidas1"), &json!("MOBILE")));
    assert_eq!(found["info"]["SubjectRefPro"]["exercices"][0]["codeProfession"], "10");
    assert!(found["expiresIn"].as_u64().is_some_and(|left| (100..=120).contains(&left)), "{found}");
    assert_eq!(service.says().await, json!({"refreshed": true, "active": true}));

    let leave = service.says().await;
    let left = browser.get(leave["open"].as_str().unwrap()).await;
    assert_eq!(left.location(), format!("{CALLBACK}?state=bye"));
    service.tell(json!({"left": true})).await;
    assert_eq!(service.says().await, json!({"afterLogout": "invalid_grant"}));
    assert_eq!(service.says().await, json!({"pushed": ["client_id", "request_uri"]}));

    service.tell(json!({"loginHint": DOCTOR})).await;
    let asked = service.says().await;
    assert_eq!(asked, json!({"phone": "07", "expiresIn": 120, "interval": 1}));
    let (status, approved) = world.answer(DOCTOR, json!({"pin": "1234", "number": "07"})).await;
    assert_eq!(status, 200, "{approved}");
    assert_eq!(service.says().await["claims"]["SubjectNameID"], DOCTOR);
}

#[tokio::test]
async fn over_plain_http() {
    logs_in(&[]).await;
}

#[tokio::test]
async fn over_tls_with_the_authority_of_the_run() {
    logs_in(&["--tls"]).await;
}

/// The snippet of the README, with the address of this run and values for what it leaves to its reader.
#[tokio::test]
async fn the_snippet_of_the_readme_leads_to_a_login() {
    let (_program, world) = start(&[]);
    let readme = include_str!("../../README.md");
    let snippet = readme.split("```js\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let documented = "http://127.0.0.1:8080/auth/realms/esante-wallet";
    assert!(snippet.contains(documented));
    let snippet = snippet.replace(documented, &world.ready.issuer);
    let whole = format!(
        "const verifier = \"v\".repeat(43), state = \"the state\", nonce = \"n\";\n{snippet}\nconsole.log(url.href);"
    );
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut node = Command::new("node");
    node.current_dir(root).args(["--input-type=module", "--eval", &whole]);
    let output = node.output().await.unwrap();
    let url = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer = world.log_in(&mut world.browser(), url.trim(), DOCTOR).await;
    assert!(answer.as_str().starts_with("http://127.0.0.1:3000/callback?"), "{answer}");
    assert_eq!(crate::world::param(&answer, "state").as_deref(), Some("the state"));
}
