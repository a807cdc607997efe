//! `mod_auth_openidc` of Debian logs a person in over TLS: Apache with the configuration that the README shows, in the foreground.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program_world::{Folder, Guarded, start};
use crate::world::{Browser, DOCTOR, Page, World};

/// Where Debian puts the modules.
const MODULES: &str = "/usr/lib/apache2/modules";

/// How long Apache may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The chapter of the README, with the addresses of this run in the place of those of the chapter.
fn chapter(world: &World, ca: &Path, here: &str) -> String {
    let readme = include_str!("../../README.md");
    let block = readme.split("```apache\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the chapter");
    let issuer = "https://127.0.0.1:8443/auth/realms/esante-wallet";
    for word in [issuer, "http://127.0.0.1:9000", "sandbox-ca.pem"] {
        assert!(block.contains(word), "{word}");
    }
    let words = [(issuer, world.ready.issuer.as_str()), ("http://127.0.0.1:9000", here)];
    let block = words.into_iter().fold(block.to_owned(), |text, (old, new)| text.replace(old, new));
    block.replace("sandbox-ca.pem", ca.to_str().unwrap())
}

fn write_configuration(world: &World, folder: &Path, port: u16) -> PathBuf {
    let pages = folder.join("pages");
    std::fs::create_dir_all(pages.join("protected")).unwrap();
    let echo = |name: &str| format!("{name}=<!--#echo var=\"{name}\" -->\n");
    let shown: String =
        ["REMOTE_USER", "OIDC_CLAIM_acr", "OIDC_CLAIM_given_name", "OIDC_CLAIM_SubjectRole"].map(echo).concat();
    std::fs::write(pages.join("protected/index.shtml"), shown).unwrap();
    std::fs::write(pages.join("bye.html"), "bye").unwrap();
    // The children of Apache are another user, who cannot look into everybody's temporary folders.
    let ca = folder.join("ca.pem");
    std::fs::copy(world.ready.ca.as_ref().unwrap(), &ca).unwrap();
    let here = format!("http://127.0.0.1:{port}");
    let modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "mime", "include", "auth_openidc"];
    let modules: String = modules.map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n")).concat();
    let folder = folder.display();
    let text = format!(
        "ServerName 127.0.0.1\nListen 127.0.0.1:{port}\nServerRoot {folder}\nPidFile {folder}/pid\nDefaultRuntimeDir {folder}\n\
         ErrorLog {folder}/error.log\nLogLevel warn\n{modules}\
         <IfModule !unixd_module>\nLoadModule unixd_module {MODULES}/mod_unixd.so\n</IfModule>\n\
         User www-data\nGroup www-data\nStartServers 1\nServerLimit 1\nThreadsPerChild 8\nMaxRequestWorkers 8\n\
         TypesConfig /dev/null\nAddType text/html .html .shtml\nAddOutputFilter INCLUDES .shtml\nDirectoryIndex index.shtml\n\
         DocumentRoot {folder}/pages\n<Directory {folder}/pages>\nOptions +Includes\nRequire all granted\n</Directory>\n{}",
        chapter(world, &ca, &here)
    );
    let path = ca.with_file_name("apache.conf");
    std::fs::write(&path, text).unwrap();
    path
}

/// Follows redirects until something else is answered, and through the login of the sandbox when it is met.
async fn follow(world: &World, browser: &mut Browser, url: &str) -> Page {
    let mut page = browser.get(url).await;
    for _ in 0..8 {
        if page.status == 200 {
            return page;
        }
        let next = page.location();
        page = if next.starts_with(&format!("{}/auth?", world.ready.wallet)) {
            let back = world.log_in(browser, &next, DOCTOR).await;
            browser.get(back.as_str()).await
        } else {
            browser.get(&next).await
        };
    }
    panic!("redirected in circles: {}", page.url)
}

#[tokio::test]
async fn a_protected_page_shows_who_came_in_and_lets_out_again() {
    let (_program, world) = start(&["--tls"]);
    let folder = Folder::make("apache");
    // Taken and given back: Apache cannot be handed a socket.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let configuration = write_configuration(&world, folder.path(), port);
    let log = || std::fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
    // Debian keeps servers off the search path of ordinary users.
    let known = Path::new("/usr/sbin/apache2");
    let mut apache = Command::new(if known.exists() { known } else { Path::new("apache2") });
    // One process, so that the end of the test is the end of all of it.
    apache.args(["-X", "-f"]).arg(&configuration).stdin(Stdio::null()).stdout(Stdio::null());
    let mut apache = Guarded(apache.spawn().expect("apache2 is installed: `cargo xtask setup`"));

    let mut browser = world.browser();
    let here = format!("http://127.0.0.1:{port}");
    let deadline = Instant::now() + PATIENCE;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(apache.0.try_wait().unwrap().is_none(), "apache ended: {}", log());
        assert!(Instant::now() < deadline, "apache does not listen: {}", log());
        tokio::task::yield_now().await;
    }

    let page = follow(&world, &mut browser, &format!("{here}/protected/")).await;
    for line in [
        &format!("REMOTE_USER={DOCTOR}"),
        "OIDC_CLAIM_acr=eidas1",
        "OIDC_CLAIM_given_name=ROBERT",
        "OIDC_CLAIM_SubjectRole=10^",
    ] {
        assert!(page.body.contains(line), "{line} in {}\n{}", page.body, log());
    }
    let again = browser.get(&format!("{here}/protected/")).await;
    assert_eq!(again.status, 200, "the session of Apache holds");

    let bye = follow(&world, &mut browser, &format!("{here}/protected/callback?logout={here}/bye.html")).await;
    assert_eq!((bye.url.path(), bye.body.as_str()), ("/bye.html", "bye"), "{}", log());
    let outside = browser.get(&format!("{here}/protected/")).await;
    assert_eq!(outside.status, 302, "nobody is logged in at Apache");
    let silent = browser.get(&world.authorize_url(&[("prompt", "none")])).await;
    assert!(silent.location().contains("error=login_required"), "nor at the provider");
    assert!(world.requests(DOCTOR).await.is_empty());
    assert_eq!(world.answer_request(DOCTOR, "none", json!({"refuse": true})).await.0, 404);
}
