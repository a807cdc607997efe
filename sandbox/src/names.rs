//! The hosts that the sandbox plays and the URLs that follow from them.
//!
//! Two ways of naming: *loopback*, where everything stands under `http(s)://127.0.0.1:PORT` for scripts and servers, and
//! *genuine*, where the provider stands under its real host names so that a browser with a host mapping sees the page where
//! it really lives. One router answers whatever the host; names only decide which links are written into answers.
//!
//! Paths follow the published layout (psc-facts §1.2).

use std::net::SocketAddr;

/// Host of the production login pages.
pub(crate) const WALLET_HOST: &str = "wallet.esw.esante.gouv.fr";
/// Host of the production token service.
pub(crate) const AUTH_HOST: &str = "auth.esw.esante.gouv.fr";
/// Host of the imitation. `.test` never resolves in public (RFC 2606).
pub(crate) const LOOKALIKE_HOST: &str = "wallet.esw.esante.gouv.fr.vigie-lookalike.test";
/// First demo relying party.
pub(crate) const SMURTAB_HOST: &str = "smurtab.psc.localhost";
/// Second demo relying party.
pub(crate) const SIDEP_HOST: &str = "sidep.psc.localhost";
/// The simulated phone.
pub(crate) const PHONE_HOST: &str = "phone.psc.localhost";
/// The simulated mail and SMS.
pub(crate) const OUTBOX_HOST: &str = "outbox.psc.localhost";

/// Where a browser is asked for the certificate of a card. The operator's own name for this is not published.
pub(crate) const CARD_HOST: &str = "card.psc.localhost";
/// The SSL test, under the name that the SI-DEP guide prints.
pub(crate) const SSL_TEST_HOST: &str = "testssl.asipsante.fr";
/// The SSL test for a browser that maps nothing.
pub(crate) const LOCAL_SSL_TEST_HOST: &str = "testssl.psc.localhost";
/// Where services present a certificate instead of a secret (RFC 8705 §5).
pub(crate) const MTLS_HOST: &str = "mtls.psc.localhost";

/// Every name that the certificate carries and that a browser may map to the sandbox.
pub(crate) const ALL_HOSTS: [&str; 16] = [
    WALLET_HOST,
    AUTH_HOST,
    "wallet.bas.psc.esante.gouv.fr",
    "auth.bas.psc.esante.gouv.fr",
    "wallet.psc.localhost",
    "auth.psc.localhost",
    LOOKALIKE_HOST,
    SMURTAB_HOST,
    SIDEP_HOST,
    PHONE_HOST,
    OUTBOX_HOST,
    CARD_HOST,
    SSL_TEST_HOST,
    LOCAL_SSL_TEST_HOST,
    MTLS_HOST,
    "psc.localhost",
];

/// Path of the realm, the same in every environment.
pub(crate) const REALM: &str = "/auth/realms/esante-wallet";

/// How links are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum HostNames {
    /// Everything under the loopback address.
    Loopback,
    /// The real host names, reached by a browser through its host mapping. Needs TLS.
    Genuine,
}

/// Where each part of the sandbox is found. All values are origins without a trailing slash.
#[derive(Debug, Clone)]
pub(crate) struct Sites {
    /// Login pages.
    pub wallet: String,
    /// Token service.
    pub auth: String,
    /// Demo relying parties.
    pub smurtab: String,
    /// Demo relying parties.
    pub sidep: String,
    /// Simulated phone.
    pub phone: String,
    /// Imitation login page.
    pub lookalike: String,
    /// What scripts use, without any name resolution.
    pub script: String,
    /// What needs a certificate of the client, and so TLS.
    pub certified: Option<CertifiedSites>,
    /// Whether cookies carry `Secure`.
    pub secure: bool,
    /// The socket that answers for all of them.
    pub listen: SocketAddr,
}

/// The hosts that ask a client for its certificate. They always stand under a name, because the name chooses them: clients name
/// no address in their first message (RFC 6066 §3). Every name under `localhost` leads to the loopback interface (RFC 6761 §6.3).
#[derive(Debug, Clone)]
pub(crate) struct CertifiedSites {
    /// Cards.
    pub card: String,
    /// SSL test.
    pub ssl_test: String,
    /// Services.
    pub mtls: String,
}

impl Sites {
    /// Derives every link from the socket, the scheme and the way of naming.
    #[must_use]
    pub(crate) fn derive(listen: SocketAddr, tls: bool, names: HostNames) -> Self {
        let scheme = if tls { "https" } else { "http" };
        let script = format!("{scheme}://{listen}");
        let named = |host: &str| match names {
            HostNames::Loopback => script.clone(),
            // A genuine origin has no port: the browser maps the name, port included.
            HostNames::Genuine => format!("{scheme}://{host}"),
        };
        let certified = tls.then(|| {
            let under = |host: &str| match names {
                HostNames::Loopback => format!("https://{host}:{}", listen.port()),
                HostNames::Genuine => format!("https://{host}"),
            };
            let ssl_test = if names == HostNames::Genuine { SSL_TEST_HOST } else { LOCAL_SSL_TEST_HOST };
            CertifiedSites { card: under(CARD_HOST), ssl_test: under(ssl_test), mtls: under(MTLS_HOST) }
        });
        Self {
            certified,
            wallet: named(WALLET_HOST),
            auth: named(AUTH_HOST),
            smurtab: named(SMURTAB_HOST),
            sidep: named(SIDEP_HOST),
            phone: named(PHONE_HOST),
            lookalike: named(LOOKALIKE_HOST),
            script,
            secure: tls,
            listen,
        }
    }

    /// The issuer of every token.
    #[must_use]
    pub(crate) fn issuer(&self) -> String {
        format!("{}{REALM}", self.auth)
    }

    /// An endpoint of the realm, such as `protocol/openid-connect/token`.
    #[must_use]
    pub(crate) fn realm(&self, path: &str) -> String {
        format!("{}{REALM}/{path}", self.auth)
    }
}
