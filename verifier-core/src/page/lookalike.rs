//! The ladder of look-alike rules for hosts that are not genuine. First rules; each verdict names its rule by a code.

use super::origin::{Assessment, UrlFacts, Verdict};

/// Judges a host that is not in the exact table.
pub(super) fn assess(facts: &UrlFacts<'_>) -> Assessment {
    let host = facts.host;
    if host == "esante.gouv.fr" || host.ends_with(".esante.gouv.fr") {
        return Assessment {
            verdict: Verdict::Family,
            code: "URL-FAMILY",
        };
    }
    let squeezed: String = host
        .chars()
        .filter(|c| !matches!(c, '.' | '-' | '_'))
        .collect();
    if squeezed.contains("esantegouv") || squeezed.contains("walletesw") {
        return Assessment {
            verdict: Verdict::Spoof,
            code: "URL-EMBEDDED",
        };
    }
    if facts.has_userinfo {
        return Assessment {
            verdict: Verdict::Suspect,
            code: "URL-USERINFO",
        };
    }
    Assessment {
        verdict: Verdict::Unknown,
        code: "URL-UNKNOWN",
    }
}
