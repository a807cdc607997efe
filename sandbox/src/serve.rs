//! Putting the parts together and answering requests.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use minijinja::{Value, context};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::app::{App, Failure};
use crate::card::{self, Certified, IssueError};
use crate::clients::{Client, Clients, Decoupled, RedirectRule};
use crate::clock::{Clock, SandboxClock};
use crate::faults::{self, Faults};
use crate::keys::{KeyError, Keys};
use crate::names::{
    ALL_HOSTS, CARD_HOST, HostNames, LOCAL_SSL_TEST_HOST, LOOKALIKE_HOST, OUTBOX_HOST, PHONE_HOST, SIDEP_HOST,
    SMURTAB_HOST, SSL_TEST_HOST, Sites,
};
use crate::pages::{LoadPagesError, Pages};
use crate::people::{self, People, ReadPeopleError};
use crate::persons::{Persons, ReadPersonsError};
use crate::random::NoRandomness;
use crate::relying::{RelyingParties, Service, SetUpError};
use crate::store::{Enrolments, Store};
use crate::templates::set::{TemplateSet, Templates};
use crate::templates::{self, ReadTemplatesError};
use crate::tls::{Certificates, Peer, RunFolder, TlsError};
use crate::web::{error_page, found};
use crate::{lookalike, outbox, phone, portal, provider, relying};

/// Largest request body. Every form here is far smaller.
const MAX_BODY: usize = 32 * 1024;

/// How long open requests may take once the sandbox is told to stop.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a sandbox is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Socket to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether to speak TLS.
    pub tls: bool,
    /// How links are written.
    pub host_names: HostNames,
    /// File that names the decision point.
    pub decision_point: Option<PathBuf>,
    /// Pushes that one person may get within a minute.
    pub pushes_per_minute: usize,
    /// File with own persons and services.
    pub people: Option<PathBuf>,
    /// Login pages.
    pub templates: Templates,
    /// Directory that keeps the software cards; otherwise they are made for this run.
    pub cards: Option<PathBuf>,
}

/// Why the sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The socket is taken or not ours to take.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Requested address.
        address: SocketAddr,
        /// Answer of the system.
        cause: std::io::Error,
    },
    /// Real host names only make sense with a certificate for them.
    #[error("--host-names genuine needs --tls")]
    GenuineWithoutTls,
    /// Where a file should be read at every login there is a directory, so no login would ever get a decision.
    #[error("--decision-point names a directory: {}", .0.display())]
    DecisionPoint(PathBuf),
    /// No keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// No certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No cards.
    #[error(transparent)]
    Cards(#[from] IssueError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// No pages.
    #[error(transparent)]
    Pages(#[from] LoadPagesError),
    /// No persons.
    #[error(transparent)]
    Persons(#[from] ReadPersonsError),
    /// Own persons or services that are refused.
    #[error(transparent)]
    People(#[from] ReadPeopleError),
    /// Own pages that are refused.
    #[error(transparent)]
    Templates(#[from] ReadTemplatesError),
    /// No demo services.
    #[error(transparent)]
    Services(#[from] SetUpError),
}

impl StartError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "SBX-LISTEN",
            Self::GenuineWithoutTls => "SBX-GENUINE-TLS",
            Self::DecisionPoint(_) => "SBX-DP-FILE",
            Self::Keys(_) => "SBX-KEY",
            Self::Tls(_) => "SBX-TLS",
            Self::Cards(_) => "SBX-CARDS",
            Self::Randomness(_) => "SBX-NO-RANDOMNESS",
            Self::Pages(_) => "SBX-PAGE",
            Self::Persons(_) => "SBX-PERSONS",
            Self::People(_) => "SBX-PEOPLE",
            Self::Templates(_) => "SBX-TEMPLATES",
            Self::Services(_) => "SBX-SERVICES",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "choose another port, or port 0 for a free one: --listen 127.0.0.1:0",
            Self::GenuineWithoutTls => "add --tls",
            Self::DecisionPoint(_) => "name the TOML file in it; it may be written later",
            Self::Cards(_) => "name another directory with --cards, or empty this one: new cards are made in it",
            Self::People(_) => "correct the file; the README chapter of the sandbox shows its form",
            Self::Templates(_) => "see `vigie-sandbox templates --list` for the files and their placeholders",
            Self::Tls(TlsError::Write(_)) => "make the temporary directory writable, or set TMPDIR",
            _ => "this is a mistake in the program; report it with this line",
        }
    }
}

/// The line that tells scripts where everything is.
#[derive(Debug, Clone, Serialize)]
pub struct Ready {
    /// Issuer of tokens.
    pub issuer: String,
    /// Origin of the login pages.
    pub wallet: String,
    /// Phone API.
    pub phone_api: String,
    /// Outbox API.
    pub outbox_api: String,
    /// Reader and cards, for scripts.
    pub card_api: String,
    /// Reader and cards, for people.
    pub desk: String,
    /// Directory of the software cards, one `.p12` and one `.pem` per person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cards: Option<PathBuf>,
    /// Directory of the certificates of services, one `.p12` and one `.pem` per client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificates: Option<PathBuf>,
    /// Origin of the host that asks for a card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// The SSL test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssl_test: Option<String>,
    /// Origin of the endpoints for services that show a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls: Option<String>,
    /// Certificate of the authority of this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Digest of the server key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spki_sha256: Option<String>,
    /// Socket.
    pub listen: SocketAddr,
    /// Demo services.
    pub relying_parties: RelyingPartyLinks,
    /// Phone page.
    pub phone: String,
    /// Imitation page.
    pub lookalike: String,
    /// Names that a browser maps to the socket.
    pub hosts: Vec<&'static str>,
}

/// Landing pages of the demo services.
#[derive(Debug, Clone, Serialize)]
pub struct RelyingPartyLinks {
    /// SMURT@B-like.
    pub smurtab: String,
    /// SI-DEP-like.
    pub sidep: String,
}

/// A sandbox that is bound to its socket and ready to answer.
#[derive(Debug)]
pub struct Sandbox {
    app: Arc<App>,
    socket: TcpListener,
    certificates: Option<Certificates>,
    folder: Option<RunFolder>,
}

impl Sandbox {
    /// Makes keys, certificates and pages, and takes the socket.
    pub async fn bind(options: Options, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        if options.host_names == HostNames::Genuine && !options.tls {
            return Err(StartError::GenuineWithoutTls);
        }
        if let Some(directory) = options.decision_point.as_ref().filter(|path| path.is_dir()) {
            return Err(StartError::DecisionPoint(directory.clone()));
        }
        // Both HTTP stacks (client and server) use this one provider; a second installation attempt changes nothing.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listen_error = |cause| StartError::Listen { address: options.listen, cause };
        let socket = TcpListener::bind(options.listen).await.map_err(listen_error)?;
        let listen = socket.local_addr().map_err(listen_error)?;
        let sites = Sites::derive(listen, options.tls, options.host_names);
        let clock = SandboxClock::new(clock);
        let now_ms = clock.now_ms();
        let folder = if options.tls { Some(RunFolder::make(&std::env::temp_dir())?) } else { None };
        let mut certified = match &folder {
            Some(folder) => {
                Some(Certified::open(&options.cards.clone().unwrap_or_else(|| folder.path().join("cards")))?)
            }
            None => None,
        };
        let certificates = match &certified {
            Some(certified) => Some(Certificates::make(certified.issuers())?),
            None => None,
        };
        let ca_pem = certificates.as_ref().map(|certificates| certificates.ca_pem.as_str());
        let relying = RelyingParties::make(listen, ca_pem, options.decision_point)?;
        let mut clients = relying.clients(&sites);
        let demo = Client::new(
            "demo-client",
            "demo-secret",
            "Service de démonstration",
            RedirectRule::AnyLoopback,
            RedirectRule::AnyLoopback,
        );
        clients.push(demo.decoupled(Decoupled::Allowed));
        clients.push(portal::client(&sites)?);
        let taken: Vec<&str> = clients.iter().map(Client::id).collect();
        let People { persons, clients: own } = people::read(options.people.as_deref(), Persons::built_in()?, &taken)?;
        clients.extend(own);
        let clients = Clients::new(clients);
        if let (Some(certified), Some(certificates), Some(folder)) = (&mut certified, &certificates, &folder) {
            certified.issue_to_persons(&persons, now_ms)?;
            certified.issue_to_services(&folder.path().join("services"), &clients, now_ms)?;
            folder.write_ca(&certificates.ca_pem)?;
        }
        let pages = match &options.templates {
            Templates::BuiltIn(set) => Pages::built_in(*set)?,
            Templates::Folder(folder) => Pages::built_in(TemplateSet::Forms)?.with(templates::read(folder)?)?,
        };
        let faults = Faults::new(pages.first());
        let store = Store::new(clock, Enrolments::of(&persons));
        store.with(|state, _| {
            state.hand_out_cards(
                persons.iter().filter_map(|person| Some((person.id().to_owned(), person.card_code()?))),
            );
        });
        let app = App {
            sites,
            store,
            persons,
            clients,
            certified,
            keys: Keys::make()?,
            pages,
            relying,
            pushes_per_minute: options.pushes_per_minute,
            faults: Mutex::new(faults),
        };
        Ok(Self { app: Arc::new(app), socket, certificates, folder })
    }

    /// Where everything is.
    #[must_use]
    pub fn ready(&self) -> Ready {
        let sites = &self.app.sites;
        Ready {
            issuer: sites.issuer(),
            wallet: sites.wallet.clone(),
            phone_api: format!("{}/api/phone", sites.script),
            outbox_api: format!("{}/api/outbox", sites.script),
            card_api: format!("{}/api/card", sites.script),
            desk: format!("{}/card", sites.script),
            cards: self.app.certified.as_ref().map(|certified| certified.folder().to_owned()),
            client_certificates: self.folder.as_ref().map(|folder| folder.path().join("services")),
            card: sites.certified.as_ref().map(|certified| certified.card.clone()),
            ssl_test: sites.certified.as_ref().map(|certified| format!("{}/testssl", certified.ssl_test)),
            mtls: sites.certified.as_ref().map(|certified| certified.mtls.clone()),
            ca: self.folder.as_ref().map(RunFolder::ca),
            spki_sha256: self.certificates.as_ref().map(|certificates| certificates.spki_sha256.clone()),
            listen: sites.listen,
            relying_parties: RelyingPartyLinks {
                smurtab: Service::Smurtab.home(sites),
                sidep: Service::Sidep.home(sites),
            },
            phone: format!("{}/phone", sites.phone),
            lookalike: format!("{}/lookalike/", sites.lookalike),
            hosts: ALL_HOSTS.to_vec(),
        }
    }

    /// Answers requests until `stop` is done; then open requests are finished, but not waited for longer than a moment.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let router = router(self.app).into_make_service_with_connect_info::<Peer>();
        // Removed when the last answer is out.
        let _folder = self.folder;
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let stop = async move {
            stop.await;
            let _ = stopping.send(());
        };
        let patience = async move {
            match stopped.await {
                Ok(()) => tokio::time::sleep(PATIENCE).await,
                // The server has ended by itself.
                Err(_) => std::future::pending().await,
            }
        };
        let served = async {
            match self.certificates {
                Some(certificates) => {
                    axum::serve(certificates.listen(self.socket), router).with_graceful_shutdown(stop).await
                }
                None => axum::serve(self.socket, router).with_graceful_shutdown(stop).await,
            }
        };
        tokio::select! {
            result = served => result,
            () = patience => Ok(()),
        }
    }
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/faults", get(faults::page).post(faults::submit))
        .route("/api/faults", get(faults::read).post(faults::change))
        .route("/assets/{name}", get(asset))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .merge(provider::routes(&app))
        .merge(phone::routes())
        .merge(outbox::routes())
        .merge(relying::routes())
        .merge(lookalike::routes())
        .merge(card::routes())
        .merge(portal::routes())
        .fallback(not_found)
        .layer(middleware::from_fn(provider::mtls::terminate))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::map_response(harden))
        .with_state(app)
}

/// Headers of every answer.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

async fn asset(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    app.pages.asset(&name).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

async fn not_found(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    error_page(
        &app.pages,
        StatusCode::NOT_FOUND,
        "Page introuvable",
        "Cette adresse n'existe pas dans le bac à sable.",
        "Revenez à la page d'accueil du bac à sable.",
        "SBX-NOT-FOUND",
    )
}

/// `/`: by host, the landing page of what that host plays; on the loopback address, everything.
async fn index(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failure> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let landing = match name {
        SMURTAB_HOST => "/rp/smurtab/",
        SIDEP_HOST => "/rp/sidep/",
        PHONE_HOST => "/phone",
        OUTBOX_HOST => "/outbox",
        LOOKALIKE_HOST => "/lookalike/",
        SSL_TEST_HOST | LOCAL_SSL_TEST_HOST => "/testssl",
        CARD_HOST => "/card",
        name if name.starts_with("wallet.") => "/login-page",
        _ => {
            let sites = &app.sites;
            let links: Vec<Value> = [
                ("SMURT@B (démonstration)", Service::Smurtab.home(sites)),
                ("SI-DEP (démonstration)", Service::Sidep.home(sites)),
                ("Téléphone e-CPS simulé", format!("{}/phone", sites.phone)),
                ("Portail Pro Santé Connect simulé", format!("{}/login-page", sites.wallet)),
                ("Pannes à la demande", "/faults".to_owned()),
                ("Courriels et SMS simulés", "/outbox".to_owned()),
                ("Ordre professionnel simulé", "/ordre".to_owned()),
                ("Lecteur et cartes simulés", "/card".to_owned()),
            ]
            .into_iter()
            .map(|(label, url)| context! { label, url })
            .collect();
            return app.pages.render(
                "index.html",
                StatusCode::OK,
                context! { links, issuer => sites.issuer(), api => format!("{}/api/phone", sites.script) },
            );
        }
    };
    Ok(found(landing))
}
