//! The look-alike ladder against two corpora: hosts of the French health sector, where red is an error, and thousands of
//! generated imitations, where "genuine" is an error and silence is nearly one.
//!
//! Imitations of the part left of `.esante.gouv.fr` are not generated: nobody but the operator can register such a name, and
//! the ladder calls it neutral on purpose.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failed test may panic"
)]

use std::collections::{BTreeMap, BTreeSet};

use verifier_core::page::{Environment, Flavour, UrlFacts, Verdict, assess, origin::GENUINE};

fn verdict(host: &str) -> (Verdict, &'static str) {
    let facts = UrlFacts { scheme: "https", host, port: None, has_userinfo: false };
    let assessment = assess(&facts, Flavour::Dev);
    (assessment.verdict, assessment.code)
}

fn benign_hosts() -> Vec<&'static str> {
    include_str!("data/benign-hosts.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Hosts that the guides and the facts name: neither red nor amber, whatever the rules become.
const NAMED: &[&str] = &[
    "portail-sidep.aphp.fr",
    "sondage.esante.gouv.fr",
    "espacepro.ameli.fr",
    "testssl.asipsante.fr",
    "monespace.medecin.fr",
    "psc-tools.esante.gouv.fr",
    "industriels.esante.gouv.fr",
    "esante.gouv.fr",
    "edit.esante.gouv.fr",
    "essaietaecps.eservices.esante.gouv.fr",
    "auth.server.api.edc-psc.esante.gouv.fr",
    "proxy-exemple.edc-psc.esante.gouv.fr",
    "wallet.bas.esw.esante.gouv.fr",
    "auth.bas.esw.esante.gouv.fr",
    "interop.esante.gouv.fr",
    "mos.esante.gouv.fr",
    "annuaire.esante.gouv.fr",
    "wps-psc.dmp.monespacesante.fr",
    "www.dmp.fr",
    "conseil-national.medecin.fr",
    "www.ordre.pharmacien.fr",
    "ordre.pharmacien.fr",
    "www.onpp.fr",
    "www.ameli.fr",
    "mailiz.mssante.fr",
    "sante-gouv-9827.slite.page",
    "www.santepubliquefrance.fr",
    "www.mes-ara.fr",
    "www.esante-bretagne.fr",
    "www.esante-occitanie.fr",
    "www.lequotidiendupharmacien.fr",
    "login.microsoftonline.com",
    "rpps.fr",
    "rpps.esante.gouv.fr",
    "smurtab.psc.localhost",
    "sidep.psc.localhost",
    "phone.psc.localhost",
    "127.0.0.1",
];

#[test]
fn hosts_of_the_guides_and_facts_are_never_red_or_amber() {
    for host in NAMED {
        let (found, code) = verdict(host);
        assert!(matches!(found, Verdict::Family | Verdict::Unknown), "{host}: {found:?} {code}");
    }
}

#[test]
fn hosts_of_the_health_sector_are_never_red_and_hardly_ever_amber() {
    let hosts = benign_hosts();
    assert!(hosts.len() >= 300, "{} hosts", hosts.len());
    let amber: Vec<_> = hosts
        .iter()
        .map(|host| (host, verdict(host)))
        .filter(|(_, (found, _))| !matches!(found, Verdict::Family | Verdict::Unknown))
        .collect();
    assert!(amber.is_empty(), "called out: {amber:?}");
}

#[test]
fn only_the_listed_hosts_are_genuine() {
    let check = |host: &str, flavour, expected: Verdict| {
        let facts = UrlFacts { scheme: "https", host, port: None, has_userinfo: false };
        assert_eq!(assess(&facts, flavour).verdict, expected, "{host}");
    };
    check("wallet.esw.esante.gouv.fr", Flavour::Store, Verdict::Exact(Environment::Production));
    check("auth.esw.esante.gouv.fr", Flavour::Store, Verdict::Exact(Environment::Production));
    check("wallet.bas.psc.esante.gouv.fr", Flavour::Store, Verdict::Family);
    check("wallet.bas.psc.esante.gouv.fr", Flavour::Dev, Verdict::Exact(Environment::Bas));
    check("wallet.psc.localhost", Flavour::Store, Verdict::Family);
    check("wallet.psc.localhost", Flavour::Dev, Verdict::Exact(Environment::Local));
    check("wallet.bas.esw.esante.gouv.fr", Flavour::Dev, Verdict::Family);
    // A name that ends like a genuine one is another host, even in the operator's own domain.
    check("evilwallet.esw.esante.gouv.fr", Flavour::Dev, Verdict::Family);
    check("x.wallet.esw.esante.gouv.fr", Flavour::Dev, Verdict::Family);
    check("x.wallet.psc.localhost", Flavour::Dev, Verdict::Unknown);
    check("wallet.esw.esante.gouv.fr.vigie-lookalike.test", Flavour::Dev, Verdict::Spoof);
}

#[test]
fn the_rest_of_the_address_counts_too() {
    let check = |scheme: &str, host: &str, port, has_userinfo, expected: &str, code: &str| {
        let found = assess(&UrlFacts { scheme, host, port, has_userinfo }, Flavour::Store);
        assert_eq!((found.verdict.as_str(), found.code), (expected, code), "{scheme} {host} {port:?} {has_userinfo}");
    };
    let genuine = "wallet.esw.esante.gouv.fr";
    check("https", genuine, None, false, "exact", "URL-EXACT");
    check("https", genuine, Some(443), false, "exact", "URL-EXACT");
    check("https", "WALLET.esw.esante.gouv.fr", None, false, "exact", "URL-EXACT");
    check("https", genuine, Some(8443), false, "suspect", "URL-PORT");
    check("https", genuine, None, true, "suspect", "URL-USERINFO");
    check("http", genuine, None, false, "suspect", "URL-HTTP");
    check("https", "wallet.esw.esante.gouv.fr.", None, false, "suspect", "URL-TRAILING-DOT");
    check("https", "wallet.esw.esante.gouv.fr..", None, false, "invalid", "URL-HOST");
    check("https", "example.org", None, true, "suspect", "URL-USERINFO");
    check("https", "", None, false, "invalid", "URL-HOST");
    check("https", &format!("{}.fr", "a".repeat(250)), None, false, "unknown", "URL-UNKNOWN");
    check("https", &format!("{}.fr", "a".repeat(251)), None, false, "invalid", "URL-HOST");
    for character in [' ', '\t', '\u{A0}', '\0', '/', '\\', '@', '?', '#', '%', '<', '>', '^', '|'] {
        check("https", &format!("www{character}.example.org"), None, false, "invalid", "URL-HOST");
    }
    check("javascript", genuine, None, false, "invalid", "URL-SCHEME");
    check("ftp", genuine, None, false, "invalid", "URL-SCHEME");
    check("https", "notesante.gouv.fr", None, false, "suspect", "URL-EMBEDDED");
    check("https", "wallet.esw.esante.gouv.fr@evil.example", None, false, "invalid", "URL-HOST");
    check("https", "xn--99999999999", None, false, "suspect", "URL-PUNYCODE");
    check("https", "esante.gouv.com", None, false, "spoof", "URL-EMBEDDED");
    check("https", "e5ante.g0uv.com", None, false, "spoof", "URL-HOMOGRAPH");
    check("https", "esnate-gouv.fr", None, false, "suspect", "URL-TYPO");
    check("https", "esnate.guov.fr", None, false, "suspect", "URL-TYPO");
    check("https", "prosntecnnect.fr", None, false, "suspect", "URL-TYPO");
    check("https", "santeconnect.fr", None, false, "unknown", "URL-UNKNOWN");
    check("https", "prosanteconnect.fr", None, false, "suspect", "URL-BRAND");
    check("https", "psc-connexion.fr", None, false, "suspect", "URL-KEYWORDS");
    check("https", "www.example.org", None, false, "unknown", "URL-UNKNOWN");
}

#[test]
fn the_local_sandbox_may_use_any_port_and_no_tls() {
    for (scheme, port) in [("http", None), ("http", Some(8080)), ("https", Some(8443)), ("https", None)] {
        let facts = UrlFacts { scheme, host: "wallet.psc.localhost", port, has_userinfo: false };
        assert_eq!(assess(&facts, Flavour::Dev).verdict, Verdict::Exact(Environment::Local), "{scheme} {port:?}");
    }
}

/// Bases to imitate: the operator's domain, alone and under its login hosts.
const BASES: &[&str] = &[
    "esante.gouv.fr",
    "wallet.esw.esante.gouv.fr",
    "auth.esw.esante.gouv.fr",
    "wallet.bas.psc.esante.gouv.fr",
    "auth.bas.psc.esante.gouv.fr",
];
const ELSEWHERE: &[&str] =
    &["com", "net", "org", "info", "eu", "io", "app", "online", "site", "top", "xyz", "co", "re", "nc", "example"];
const PRODUCT: &[&str] =
    &["psc", "ecps", "e-cps", "rpps", "carte-cps", "cartecps", "prosanteconnect", "pro-sante-connect", "pro-sante"];
const ACTION: &[&str] = &[
    "connexion",
    "login",
    "auth",
    "wallet",
    "authentification",
    "activation",
    "connect",
    "verification",
    "securite",
    "sso",
    "compte",
    "portail",
];

/// Letters that pass for each letter, as kits use them.
fn homoglyphs(letter: char) -> &'static str {
    match letter {
        'a' => "аàáâäåɑα4",
        'e' => "еéèêëėęε3",
        's' => "ѕśšş5",
        'n' => "ńñņոп",
        't' => "тţťτ7",
        'g' => "ġğģɡ9",
        'o' => "оóòôöοօ0",
        'u' => "ùúûüυս",
        'v' => "ѵνṿ",
        'f' => "ƒḟ",
        'r' => "гŕřŗ",
        'p' => "рþρ",
        'c' => "сçćč",
        _ => "",
    }
}

fn ascii(host: &str) -> Option<String> {
    idna::domain_to_ascii(host).ok().filter(|ascii| !ascii.is_empty())
}

fn imitations() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut made: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    let mut add = |kind, host: String| {
        if let Some(host) = ascii(&host) {
            made.entry(kind).or_default().insert(host);
        }
    };
    for base in BASES {
        let start = base.len() - "esante.gouv.fr".len();
        for (at, letter) in base.char_indices().filter(|(at, _)| *at >= start) {
            for other in homoglyphs(letter).chars() {
                let (left, right) = (&base[..at], &base[at + 1..]);
                add("homoglyph", format!("{left}{other}{right}"));
                add("homoglyph", format!("{}.example", format!("{left}{other}{right}").replace('.', "-")));
            }
            // Slips of one finger.
            let (left, right) = (&base[..at], &base[at + 1..]);
            add("deletion", format!("{left}{right}"));
            add("doubling", format!("{left}{letter}{letter}{right}"));
            for other in "aeinorstz".chars().filter(|other| *other != letter) {
                add("substitution", format!("{left}{other}{right}"));
                add("insertion", format!("{left}{other}{letter}{right}"));
            }
            if let Some(next) = right.chars().next() {
                add("transposition", format!("{left}{next}{letter}{}", &right[1..]));
            }
        }
        for tail in ELSEWHERE {
            let name = base.trim_end_matches(".fr");
            add("other top-level domain", format!("{name}.{tail}"));
            for domain in ["secure", "portail-medecin", "login-sante", "a1b2c3", "ameli-assure"] {
                add("embedded", format!("{base}.{domain}.{tail}"));
                add("embedded", format!("{}.{domain}.{tail}", base.replace('.', "-")));
                add("embedded", format!("{domain}.{}.{tail}", base.replace('.', "-")));
                add("embedded", format!("{domain}-{}.{tail}", base.replace('.', "")));
                add("embedded", format!("{}-{domain}.{tail}", name.replace('.', "-")));
            }
        }
        for (at, _) in base.char_indices().filter(|(at, _)| *at > start) {
            add("hyphen", format!("{}-{}", &base[..at], &base[at..]));
        }
    }
    for brand in ["prosanteconnect", "pro-sante-connect"] {
        for tail in ["fr", "com", "eu", "online"] {
            add("brand", format!("{brand}.{tail}"));
            for (at, letter) in brand.char_indices() {
                for other in homoglyphs(letter).chars() {
                    add("brand homoglyph", format!("{}{other}{}.{tail}", &brand[..at], &brand[at + 1..]));
                }
                add("brand slip", format!("{}{}.{tail}", &brand[..at], &brand[at + 1..]));
                add("brand slip", format!("{}{letter}{letter}{}.{tail}", &brand[..at], &brand[at + 1..]));
                if let Some(next) = brand[at + 1..].chars().next() {
                    add("brand slip", format!("{}{next}{letter}{}.{tail}", &brand[..at], &brand[at + 2..]));
                }
            }
        }
    }
    for product in PRODUCT {
        for action in ACTION {
            for tail in ["fr", "com", "info", "online"] {
                for host in [
                    format!("{product}-{action}.{tail}"),
                    format!("{action}-{product}.{tail}"),
                    format!("{product}.{action}.{tail}"),
                    format!("{action}.{product}.{tail}"),
                    format!("{product}{action}.{tail}"),
                    format!("mon-{product}-{action}.{tail}"),
                    format!("{action}.{product}-medecin.{tail}"),
                ] {
                    add("keywords", host);
                }
            }
        }
    }
    made
}

#[test]
fn imitations_are_never_genuine_and_nearly_always_called_out() {
    let genuine: Vec<&str> = GENUINE.iter().map(|row| row.host).collect();
    let (mut total, mut called, mut silent) = (0_usize, 0_usize, Vec::new());
    for (kind, hosts) in imitations() {
        let (mut of_kind, mut called_of_kind) = (0, 0);
        for host in &hosts {
            if genuine.contains(&host.as_str()) || host.ends_with(".esante.gouv.fr") || *host == "esante.gouv.fr" {
                continue;
            }
            let (found, code) = verdict(host);
            assert!(!matches!(found, Verdict::Exact(_)), "{host} is called genuine");
            of_kind += 1;
            if matches!(found, Verdict::Spoof | Verdict::Suspect) {
                called_of_kind += 1;
            } else {
                silent.push(format!("{kind}: {host} ({found:?} {code})"));
            }
        }
        println!("{kind}: {called_of_kind} of {of_kind}");
        total += of_kind;
        called += called_of_kind;
    }
    println!("{called} of {total} called out; silent: {silent:#?}");
    assert!(total >= 4_000, "only {total} imitations");
    assert!(called * 1000 >= total * 990, "{called} of {total}; silent: {silent:#?}");
}
