//! `vigie serve`.
//!
//! The ready line on standard output is the only thing printed there, so a program that starts the host reads one line and knows
//! where to ask. Everything else goes to standard error or to the decision log.

pub(super) mod socket;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::{Format, refuse};
use crate::config::{Config, Keeping, LogInput};
use crate::engine::compiler::{Compiler, Worker};
use crate::http;
use crate::policies::watch::Wakes;
use crate::provider::Pace;
use crate::service::{Components, Service, StartError, system_clock};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Listen here instead of server.listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How often expired handles and one-shots are removed.
const SWEEP: Duration = Duration::from_secs(60);

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    start_messages();
    let config = match Config::read(&arguments.config) {
        Ok(config) => config,
        Err(error) => return refuse(&error),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(most_threads(&config)).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!(
                "vigie: CFG-RUNTIME: the threads of the server cannot be started ({error}). Raise the limits of this account (ulimit -u)."
            );
            return ExitCode::from(1);
        }
    };
    let outcome = runtime.block_on(serve(arguments, config));
    // A component call that is still running ends by its own time limit; nobody waits for its answer any more.
    runtime.shutdown_timeout(Duration::from_millis(100));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error),
    }
}

/// Threads for what must not wait behind components: the log, lists, reloads. They are made when they are needed.
const BESIDE_COMPONENTS: usize = 256;

/// One thread for each instance of the pool, so that a place in it is never a place in a queue for a thread.
fn most_threads(config: &Config) -> usize {
    (config.limits.instances as usize).saturating_add(BESIDE_COMPONENTS)
}

fn start_messages() {
    let filter = EnvFilter::try_from_env("VIGIE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // A second call, in a test, finds the first one's subscriber.
    let _already = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).json().try_init();
}

async fn serve(arguments: &Arguments, config: Config) -> Result<(), StartError> {
    warn_of_personal_data(&config);
    socket::warn_of_asserted(&config);
    let address = arguments.listen.unwrap_or(config.server.listen);
    let socket = socket::prepare(&config, address)?;
    let refused = |error: std::io::Error| StartError::Listen { address, kind: error.kind() };
    // The port first: it is what most often is wrong, and compiling takes a moment.
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let clock = system_clock();
    let components = Components::load(&config, &compiler(&config)?, &clock)?;
    let watch = config.policies.watch;
    let service = Arc::new(Service::assemble(config, components, &Pace::default(), clock)?);
    // Before the ready line: whoever reads it may send a signal at once, and one without a listener ends the program.
    let wakes = Wakes::listen(&service, watch);
    let (stop, rotations) = (stop_signal(), rotate_at_signal(Arc::clone(&service)));
    announce(&service, &socket::url(&socket, address), arguments.format);
    let mut beside = service.providers.renew_in_background();
    beside.spawn(wakes.follow(Arc::clone(&service)));
    beside.spawn(sweep(Arc::clone(&service)));
    beside.spawn(rotations);
    beside.spawn(socket::renew_certificate(socket.tls.clone()));
    http::server::serve_on(listener, socket, http::router(Arc::clone(&service)), stop).await;
    beside.abort_all();
    service.log.flush();
    Ok(())
}

/// Said at every start, whatever the level of messages: nobody should find out later what lies in that file.
pub(super) fn warn_of_personal_data(config: &Config) {
    if config.log.input == LogInput::Full {
        eprintln!(
            "vigie: CFG-LOG-INPUT: log.input is \"full\": the decision log holds who asked for what, national identifiers included. Keep \
             that file as you keep health data, and set log.input = \"none\" when the replay is done."
        );
    }
}

/// This program, as the child that compiles. The link stays right when another version is installed over the file meanwhile.
pub(super) fn compiler(config: &Config) -> Result<Compiler, StartError> {
    let link = PathBuf::from("/proc/self/exe");
    let program = match link.try_exists() {
        Ok(true) => link,
        _ => std::env::current_exe().map_err(|error| StartError::Program(error.kind()))?,
    };
    let Keeping { compile_timeout_ms, compile_memory_bytes, .. } = config.policies;
    Ok(Compiler::Worker(Worker::new(program, compile_timeout_ms, compile_memory_bytes)))
}

/// Listens from now on; ready at the first of both signals.
fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// At the signal USR1 the decision log is set aside, or opened anew where another program has moved it.
fn rotate_at_signal(service: Arc<Service>) -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = signal(SignalKind::user_defined1());
    async move {
        let Ok(mut asked) = signals else { return };
        while asked.recv().await.is_some() {
            let service = Arc::clone(&service);
            let rotated = tokio::task::spawn_blocking(move || service.log.rotate()).await;
            if let Ok(Err(error)) = rotated {
                tracing::error!(code = "HTTP-LOG", kind = %error.kind(), "the decision log cannot be set aside");
            }
        }
    }
}

async fn sweep(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let (store, now) = (service.store.clone(), service.now());
        // A failure is logged where it happens, and the next sweep tries again.
        let _swept = tokio::task::spawn_blocking(move || store.sweep(now)).await;
    }
}

fn announce(service: &Service, url: &str, format: Format) {
    let mut policies = Vec::new();
    for audience in &service.audiences {
        policies.extend(service.policies_of(audience).iter().cloned().map(|policy| (audience, policy)));
    }
    match format {
        Format::Json => {
            let list: Vec<_> = policies
                .iter()
                .map(|(audience, policy)| json!({ "audience": audience.config.id, "id": policy.id, "digest": policy.digest }))
                .collect();
            let audiences: Vec<_> = service
                .audiences
                .iter()
                .map(|audience| json!({ "id": audience.config.id, "subject": audience.config.subject() }))
                .collect();
            println!(
                "{}",
                json!({ "listening": url, "core_digest": service.core_digest, "audiences": audiences, "policies": list })
            );
        }
        Format::Human => {
            println!("vigie listens on {url}");
            println!("  core {}", service.core_digest);
            for audience in service.audiences.iter().filter(|audience| audience.config.login.is_none()) {
                println!("  {} vouches for its subjects itself, no login is verified", audience.config.id);
            }
            for (audience, policy) in &policies {
                println!("  {} asks {} ({}) {}", audience.config.id, policy.id, policy.role.name(), policy.digest);
            }
        }
    }
}
