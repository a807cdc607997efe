//! The genuine issuers. Used to name what was found, never to accept: the audience's own issuer string decides, byte for byte.

/// Production.
pub const PRODUCTION: &str = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet";

/// The national sandbox ("bac à sable", BAS).
pub const SANDBOX: &str = "https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet";

/// The national sandbox until 2022; the host no longer resolves and old documents still print it.
pub const SANDBOX_RETIRED: &str = "https://auth.bas.esw.esante.gouv.fr/auth/realms/esante-wallet";

/// Short name of an issuer for evidence.
#[must_use]
pub fn environment(issuer: &str) -> &'static str {
    match issuer {
        PRODUCTION => "production",
        SANDBOX => "bas",
        SANDBOX_RETIRED => "bas-retired",
        _ => "other",
    }
}

/// What an issuer is known as, in words for an error message.
pub(super) fn described(issuer: &str) -> &'static str {
    match environment(issuer) {
        "production" => "the production provider",
        "bas" => "the national sandbox",
        "bas-retired" => "the retired national sandbox",
        // The confusion seen most often in published code: the browser-facing host instead of the issuer's.
        _ if issuer.contains("://wallet.") => "the browser-facing host, which issues nothing",
        _ => "another provider",
    }
}
