//! Pages of the operator that a person is led to: where a session ends, and the portal of the account.

use verifier_core::page::Environment;
use verifier_core::page::origin::GENUINE;

use crate::tab::words::VerdictWord;

/// Keycloak's end of a session (psc-facts 1.2). Opened by a click, so that nobody is logged out by surprise.
const LOGOUT_PATH: &str = "/auth/realms/esante-wallet/protocol/openid-connect/logout";

/// Where the session of this browser ends.
pub(crate) fn logout(verdict: Option<VerdictWord>) -> String {
    format!("https://{}{LOGOUT_PATH}", host(verdict, "auth."))
}

/// The portal, which ends all sessions of the account.
pub(crate) fn portal(verdict: Option<VerdictWord>) -> String {
    format!("https://{}/login-page", host(verdict, "wallet."))
}

/// The host of the tab's environment whose name starts so; elsewhere that of production.
fn host(verdict: Option<VerdictWord>, first_label: &str) -> &'static str {
    let environment = match verdict {
        Some(VerdictWord::Bas) => Environment::Bas,
        Some(VerdictWord::Local) => Environment::Local,
        _ => Environment::Production,
    };
    let own = GENUINE.iter().filter(|row| row.environment == environment);
    own.map(|row| row.host).find(|host| host.starts_with(first_label)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_environment_has_its_own() {
        let check = |verdict, expect: &str| assert_eq!(logout(verdict), format!("https://{expect}{LOGOUT_PATH}"));
        check(None, "auth.esw.esante.gouv.fr");
        check(Some(VerdictWord::Spoof), "auth.esw.esante.gouv.fr");
        check(Some(VerdictWord::Bas), "auth.bas.psc.esante.gouv.fr");
        check(Some(VerdictWord::Local), "auth.psc.localhost");
        assert_eq!(portal(Some(VerdictWord::Production)), "https://wallet.esw.esante.gouv.fr/login-page");
    }
}
