//! The ladder of rules for a host that is not in the exact table, from red to silence. The first rule that holds gives the
//! verdict; each has a code.
//!
//! | rule | holds when | verdict |
//! |---|---|---|
//! | `URL-HOMOGRAPH` | seen as a genuine host, or as a name of the operator, through letters of another script or digits | spoof |
//! | `URL-EMBEDDED` | a name of the operator is built into another domain (`esante-gouv.fr`, `wallet.esw.esante.gouv.fr.example`) | spoof |
//! | `URL-TRAILING-DOT` | a genuine host followed by a dot | suspect |
//! | `URL-USERINFO` | something stands before an `@` | suspect |
//! | `URL-PUNYCODE` | an `xn--` label that is none | suspect |
//! | `URL-TYPO` | one or two slips away from a name of the operator | suspect |
//! | `URL-BRAND` | the product's own name on another domain | suspect |
//! | `URL-KEYWORDS` | a word of the product beside a word of logging in | suspect |
//!
//! Two things keep the ladder quiet where it must be: names that the guides and the facts mention are neutral
//! (`URL-FAMILY`, `URL-KNOWN`, `URL-RETIRED`), always on a dot boundary; and a name under `.gouv.fr`, which only the
//! State can register, is never called a forgery for *containing* a name, only for imitating its letters.
//!
//! Order and guards follow Chromium's published look-alike heuristics in idea; the protected names are few and fixed, so no
//! list of popular sites is needed. What it cannot do: a name that says nothing about PSC is silent, whatever its page shows.

use super::distance::{has_part_within, is_within};
use super::origin::{Assessment, GENUINE, UrlFacts, Verdict};
use super::skeleton::{Disguise, Seen};

/// The operator's domain. Everything under it is neutral, nothing under it is trusted for being there.
const OPERATOR: &str = "esante.gouv.fr";

/// Former sandbox names, still printed in integration guides; one no longer resolves.
const RETIRED: &[&str] = &["wallet.bas.esw.esante.gouv.fr", "auth.bas.esw.esante.gouv.fr"];

/// Hosts and domains that the guides and the facts send a clinician to. `medecin.fr` and `pharmacien.fr` are sectoral
/// suffixes under which members of a profession register names of their own, so only the Orders' hosts stand here.
const KNOWN: &[&str] = &[
    // SI-DEP portal, SI-DEP guide.
    "aphp.fr",
    // ATSAM download and the health insurance's professional space, SI-DEP guide.
    "ameli.fr",
    // SSL test and former name of the operator, SI-DEP guide.
    "asipsante.fr",
    // The Order of physicians: contact data, SI-DEP guide.
    "monespace.medecin.fr",
    "conseil-national.medecin.fr",
    // DMP and Mon espace santé, a relying party in the facts.
    "monespacesante.fr",
    "dmp.fr",
    // Other Orders and public bodies whose help pages the facts cite.
    "ordre.pharmacien.fr",
    "ordre-infirmiers.fr",
    "onpp.fr",
    "mssante.fr",
    "sesam-vitale.fr",
    "santepubliquefrance.fr",
    "sante.gouv.fr",
    "esante-occitanie.fr",
    "esante-bretagne.fr",
    "mes-ara.fr",
];

/// Names of the operator that no other domain has a reason to contain, squeezed and as skeletons.
const OWN_NAMES: &[&str] = &["esantegouv", "eswesante", "walletbaspsc", "authbaspsc"];

/// Host parts of the operator, as whole words or runs of words.
const OWN_RUNS: &[&str] = &["walletesw", "authesw", "walletpsc", "authpscesante"];

const BRAND: &str = "prosanteconnect";

/// Words of the product, as skeletons of whole words.
const PRODUCT: &[&str] = &["psc", "ecps", "rpps", "cartecps", "cartecpx", "prosante", BRAND];

/// Words of the product that mean other things as well: they count beside a word of logging in within one label.
const PRODUCT_WEAK: &[&str] = &["cps", "esante"];

/// Every word of the product contains one of these, so that most of the web is let through without taking words apart.
const PRODUCT_CORES: &[&str] = &["psc", "cps", "cpx", "rpps", "sante"];

/// Words of logging in, written as skeletons (`i` is `l`).
const ACTION: &[&str] = &[
    "wallet",
    "auth",
    "oauth",
    "logln",
    "slgnln",
    "sso",
    "connect",
    "connexlon",
    "connectlon",
    "connecter",
    "authentlflcatlon",
    "authentlcatlon",
    "ldentlflcatlon",
    "ldentlflant",
    "actlvatlon",
    "actlver",
    "valldatlon",
    "verlflcatlon",
    "verlfler",
    "verlf",
    "verlfy",
    "securlte",
    "secure",
    "compte",
    "portall",
];

/// Words of logging in that mean nothing else, for the weak words of the product.
const ACTION_PLAIN: &[&str] = &["wallet", "auth", "logln", "connexlon", "authentlflcatlon", "actlvatlon"];

/// Judges a host that is not in the exact table. `host` is in lower case.
pub(super) fn assess(facts: &UrlFacts<'_>, host: &str) -> Assessment {
    let (host, dotted) = match host.strip_suffix('.') {
        Some(rest) => (rest, true),
        None => (host, false),
    };
    let (verdict, code) = judge(facts, host, dotted);
    Assessment { verdict, code }
}

fn judge(facts: &UrlFacts<'_>, host: &str, dotted: bool) -> (Verdict, &'static str) {
    if dotted && GENUINE.iter().any(|row| row.host == host) {
        return (Verdict::Suspect, "URL-TRAILING-DOT");
    }
    // Under a known domain, too, nobody has a reason to spell a login host almost right.
    if !is_under(host, OPERATOR) && !is_under(host, "localhost") && is_near_genuine(host) {
        return (Verdict::Suspect, "URL-TYPO");
    }
    if let Some(code) = neutral(host) {
        return if facts.has_userinfo { (Verdict::Suspect, "URL-USERINFO") } else { (Verdict::Family, code) };
    }
    if is_address_or_loopback(host) {
        return (Verdict::Unknown, "URL-LOCAL");
    }
    let seen = Seen::new(host);
    let state = host.ends_with(".gouv.fr");
    if let Some(code) = forgery(&seen, host, state) {
        return (Verdict::Spoof, code);
    }
    let suspicion = if facts.has_userinfo {
        Some("URL-USERINFO")
    } else if seen.disguise() == Disguise::Undecodable {
        Some("URL-PUNYCODE")
    } else {
        slip(&seen, state).or_else(|| mention(&seen, state))
    };
    match suspicion {
        Some(code) => (Verdict::Suspect, code),
        None => (Verdict::Unknown, "URL-UNKNOWN"),
    }
}

/// Names that are neither genuine login pages nor anything to warn about.
fn neutral(host: &str) -> Option<&'static str> {
    if RETIRED.contains(&host) {
        Some("URL-RETIRED")
    } else if is_under(host, OPERATOR) {
        Some("URL-FAMILY")
    } else if KNOWN.iter().any(|domain| is_under(host, domain)) {
        Some("URL-KNOWN")
    } else {
        None
    }
}

/// Whether `host` is `domain` or a name under it. The dot matters: `notesante.gouv.fr` is not under `esante.gouv.fr`.
fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Addresses and names of this machine: nobody imitates anything with them, and the sandbox lives there.
fn is_address_or_loopback(host: &str) -> bool {
    let numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    numeric || host.contains(':') || is_under(host, "localhost")
}

/// Red: the name is made to be read as one of the operator's.
fn forgery(seen: &Seen, host: &str, state: bool) -> Option<&'static str> {
    let looks_like = seen.dotted();
    if is_under(&looks_like, OPERATOR) || GENUINE.iter().any(|row| row.host == looks_like) {
        return Some("URL-HOMOGRAPH");
    }
    if names_operator(seen) {
        let written: String = host.chars().filter(|c| !matches!(c, '.' | '-')).collect();
        let plainly = OWN_NAMES.iter().chain(OWN_RUNS).any(|name| written.contains(name));
        return match (plainly, state) {
            (false, _) => Some("URL-HOMOGRAPH"),
            (true, false) => Some("URL-EMBEDDED"),
            (true, true) => None,
        };
    }
    let disguised_brand = seen.labels.iter().any(|label| {
        let plain: String = label.skeleton.chars().filter(|c| *c != '-').collect();
        match label.disguise {
            Disguise::Script => ["esante", "prosante", "ecps", "wallet"].iter().any(|name| plain.contains(name)),
            Disguise::Digits => plain.contains(BRAND),
            Disguise::None | Disguise::Accents | Disguise::Undecodable => false,
        }
    });
    disguised_brand.then_some("URL-HOMOGRAPH")
}

/// Whether a name of the operator is seen anywhere in the host.
fn names_operator(seen: &Seen) -> bool {
    let squeezed = seen.squeezed();
    OWN_NAMES.iter().any(|name| squeezed.contains(name)) || has_run(&seen.words(), OWN_RUNS)
}

/// Amber: a slip of the finger away from one of the operator's names.
fn slip(seen: &Seen, state: bool) -> Option<&'static str> {
    let looks_like = seen.dotted();
    if is_near_genuine(&looks_like) {
        return Some("URL-TYPO");
    }
    let last_three =
        seen.labels.len().checked_sub(3).map(|start| {
            seen.labels.iter().skip(start).map(|label| label.skeleton.as_str()).collect::<Vec<_>>().join(".")
        });
    if last_three.is_some_and(|tail| is_within(&tail, OPERATOR, 2)) {
        return Some("URL-TYPO");
    }
    let squeezed = seen.squeezed();
    if has_part_within(&squeezed, BRAND, 2) {
        return Some(if squeezed.contains(BRAND) { "URL-BRAND" } else { "URL-TYPO" });
    }
    // `…-sante.gouv.fr` and the health ministries of other countries (`sante.gouv.…`) are one letter away from the
    // operator's name and are read as what they are.
    let speaks_of_health = seen.words().iter().any(|word| matches!(*word, "sante" | "lasante" | "masante"));
    if !state && !speaks_of_health && has_part_within(&squeezed, "esantegouv", 1) {
        return Some("URL-TYPO");
    }
    None
}

/// One or two slips away from a whole genuine host name. Genuine names hold no digit and no `i`, so they are their own
/// skeletons.
fn is_near_genuine(looks_like: &str) -> bool {
    GENUINE.iter().any(|row| is_within(looks_like, row.host, 2))
}

/// Amber: the product is named where it does not live.
fn mention(seen: &Seen, state: bool) -> Option<&'static str> {
    if state {
        return names_operator(seen).then_some("URL-EMBEDDED");
    }
    let squeezed = seen.squeezed();
    if !PRODUCT_CORES.iter().any(|core| squeezed.contains(core)) {
        return None;
    }
    let words = seen.words();
    let joined: Vec<String> = seen.labels.iter().map(|label| label.skeleton.replace('-', "")).collect();
    let all = || words.iter().copied().chain(joined.iter().map(String::as_str));
    let compound =
        |names: &[&str], others: &[&str]| all().any(|word| names.iter().any(|name| is_compound(word, name, others)));
    let product = has_run(&words, PRODUCT) || compound(PRODUCT, ACTION);
    let action = words.iter().any(|word| ACTION.contains(word)) || compound(ACTION, PRODUCT);
    if product && action {
        return Some("URL-KEYWORDS");
    }
    if words.windows(2).any(|pair| matches!(pair, ["e", "cps"])) {
        return Some("URL-BRAND");
    }
    let weak_pair = seen.labels.iter().any(|label| {
        let words: Vec<&str> = label.skeleton.split('-').collect();
        words.windows(2).any(|pair| match pair {
            [a, b] => {
                (PRODUCT_WEAK.contains(a) && ACTION_PLAIN.contains(b))
                    || (ACTION_PLAIN.contains(a) && PRODUCT_WEAK.contains(b))
            }
            _ => false,
        })
    });
    let wallet = words.contains(&"wallet") && words.iter().any(|word| PRODUCT_WEAK.contains(word));
    (weak_pair || wallet || compound(PRODUCT_WEAK, ACTION_PLAIN)).then_some("URL-KEYWORDS")
}

/// Whether one word is `name` and a word of `others` written together (`ecpslogin`, `authpsc`).
fn is_compound(word: &str, name: &str, others: &[&str]) -> bool {
    let beside = |rest: Option<&str>| rest.is_some_and(|rest| others.contains(&rest));
    beside(word.strip_prefix(name)) || beside(word.strip_suffix(name))
}

/// Whether neighbouring words, written together, give one of the names.
fn has_run(words: &[&str], names: &[&str]) -> bool {
    (0..words.len()).any(|start| {
        let mut run = String::new();
        words.iter().skip(start).take(4).any(|word| {
            run.push_str(word);
            names.contains(&run.as_str())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_the_product_is_let_through_early() {
        for word in PRODUCT.iter().chain(PRODUCT_WEAK) {
            assert!(PRODUCT_CORES.iter().any(|core| word.contains(core)), "{word}");
        }
    }

    #[test]
    fn words_are_written_as_skeletons() {
        for word in
            PRODUCT.iter().chain(PRODUCT_WEAK).chain(ACTION).chain(ACTION_PLAIN).chain(OWN_NAMES).chain(OWN_RUNS)
        {
            assert_eq!(Seen::new(word).dotted(), **word);
        }
    }

    #[test]
    fn a_domain_ends_at_a_dot() {
        let check = |host: &str, expected: bool| assert_eq!(is_under(host, OPERATOR), expected, "{host}");
        check("esante.gouv.fr", true);
        check("wallet.esw.esante.gouv.fr", true);
        check("notesante.gouv.fr", false);
        check("esante.gouv.fr.example", false);
        check("gouv.fr", false);
    }
}
