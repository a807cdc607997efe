//! The `vigie-sandbox` program: options, the line that says where everything is, and a clean end.
//!
//! Standard output carries that one line and nothing else; the banner and the log go to standard error.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;
use vigie_sandbox::{HostNames, Options, Ready, Sandbox, SystemClock, Templates};

/// Pro Santé Connect and the e-CPS on one laptop, for development and tests. Never trust it.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// How to say where everything is.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Speak TLS with a certificate made for this run.
    #[arg(long)]
    tls: bool,
    /// How links are written: under the loopback address, or under the real host names (needs --tls and a browser that
    /// maps those names).
    #[arg(long, value_enum, default_value_t = HostNames::Loopback)]
    host_names: HostNames,
    /// Directory that keeps the software cards from run to run; needs --tls. Without it they are made anew at every start.
    #[arg(long, value_name = "DIR", requires = "tls")]
    cards: Option<PathBuf>,
    /// TOML file that names the decision point: url = "…", [secrets] smurtab = "…", sidep = "…". Read at every login.
    #[arg(long, value_name = "FILE")]
    decision_point: Option<PathBuf>,
    /// TOML file with own test persons and clients; unknown keys are refused.
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Login pages: one of the sets that come with the program, or a directory with own ones; see `templates --list`.
    #[arg(long, default_value = "forms", value_name = "forms|spa|guide|awkward|DIR")]
    templates: Templates,
    /// Pushes that one person may get within a minute.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pushes_per_minute: u16,
    /// Listen on an address that other machines can reach. Anybody there can then log in as anybody.
    #[arg(long)]
    allow_remote: bool,
}

/// What it does instead of serving.
#[derive(Debug, Subcommand)]
enum Command {
    /// What own login pages are made of.
    Templates {
        /// List the files of a --templates directory and their placeholders.
        #[arg(long, required = true)]
        list: bool,
    },
}

const AFTER_HELP: &str = "Log in with your own client:
  vigie-sandbox --listen 127.0.0.1:8080
  issuer     http://127.0.0.1:8080/auth/realms/esante-wallet
  discovery  <issuer>/.well-known/wallet-openid-configuration
  client     demo-client, secret demo-secret, any loopback redirect URI
  request    scope=openid scope_all, acr_values=eidas1, response_type=code
  then type 899700218896 on the login page, open http://127.0.0.1:8080/phone/899700218896 as the phone,
  PIN 1234, and choose the number that stands on the login page.
  http://127.0.0.1:8080/ lists every page; sandbox/README.md has snippets for libraries and servers.

Cards:
  vigie-sandbox --listen 127.0.0.1:8443 --tls --cards cards
  import cards/899700218896.p12 (password carte) into the browser; the code of every card is 1234
  open /card for reader and card, /card/diagnostic for the component check and the SSL test";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One line of JSON.
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Templates { .. }) = arguments.command {
        print!("{}", vigie_sandbox::list_templates());
        return ExitCode::SUCCESS;
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(EnvFilter::try_from_env("VIGIE_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    if !arguments.listen.ip().is_loopback() && !arguments.allow_remote {
        return fail(
            "SBX-REMOTE",
            "this address can be reached from other machines",
            "listen on 127.0.0.1, or add --allow-remote if that is really wanted",
        );
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => {
            return fail("SBX-RUNTIME", "the program cannot start its threads", "close other programs and try again");
        }
    };
    runtime.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> ExitCode {
    let options = Options {
        listen: arguments.listen,
        tls: arguments.tls,
        host_names: arguments.host_names,
        decision_point: arguments.decision_point,
        pushes_per_minute: usize::from(arguments.pushes_per_minute),
        people: arguments.people,
        templates: arguments.templates,
        cards: arguments.cards,
    };
    let sandbox = match Sandbox::bind(options, Arc::new(SystemClock)).await {
        Ok(sandbox) => sandbox,
        Err(error) => return fail(error.code(), &error.to_string(), error.help()),
    };
    let stop = match stop_signal() {
        Ok(stop) => stop,
        Err(_) => {
            return fail("SBX-RUNTIME", "the program cannot listen for signals", "close other programs and try again");
        }
    };
    let ready = sandbox.ready();
    eprintln!(
        "vigie-sandbox is a simulation for development and tests. NEVER TRUST IT: anybody who reaches it can be anybody."
    );
    match arguments.format {
        Format::Json => match serde_json::to_string(&ready) {
            Ok(line) => println!("{line}"),
            Err(_) => return fail("SBX-READY", "the ready line cannot be written", "report this"),
        },
        Format::Human => print_human(&ready),
    }
    match sandbox.serve(stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail("SBX-SERVE", &format!("the server stopped: {error}"), "start it again"),
    }
}

/// Interrupt from the keyboard, or the polite request to end that service managers and test drivers send. Listens from the
/// moment of the call: whoever reads the ready line may end the program at once.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Interrupt from the keyboard.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        // Without a handler the program still ends, only less politely.
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn print_human(ready: &Ready) {
    println!("issuer       {}", ready.issuer);
    println!("login pages  {}", ready.wallet);
    println!("SMURT@B      {}", ready.relying_parties.smurtab);
    println!("SI-DEP       {}", ready.relying_parties.sidep);
    println!("phone        {}", ready.phone);
    println!("phone API    {}", ready.phone_api);
    println!("look-alike   {}", ready.lookalike);
    println!("card desk    {}", ready.desk);
    if let (Some(cards), Some(clients)) = (&ready.cards, &ready.client_certificates) {
        println!("cards        {} (password of the .p12 files: {})", cards.display(), vigie_sandbox::CARD_PASSWORD);
        println!("services     {}", clients.display());
    }
    if let (Some(ca), Some(spki)) = (&ready.ca, &ready.spki_sha256) {
        println!("CA           {}", ca.display());
        println!("key digest   {spki}");
    }
}

fn fail(code: &str, message: &str, help: &str) -> ExitCode {
    eprintln!("vigie-sandbox: {message} ({code}). {help}.");
    ExitCode::FAILURE
}
