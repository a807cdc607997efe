//! Numbers that must not be believed: several, in other scripts, turned around, on the wrong page or on the wrong host. What is
//! shown is either exactly what the genuine page says, or nothing with a reason.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use vigie_e2e::browser::until;

use crate::arena::{Arena, ELSEWHERE, LOOKALIKE, Left, Plays, WALLET, encoded};

/// One host for every step of the ladder, and whether the `dev` flavour runs there at all.
pub(crate) const LADDER: &[(&str, Runs)] = &[
    ("wallet-esw-esante-gouv.fr", Runs::No),
    ("wallet.esw.esante.gouv.fr.somebody.test", Runs::No),
    ("esantegouv.fr", Runs::No),
    ("wallet.esw.esante.gouv.fr.", Runs::AsLookalike),
    ("xn--wallt-esw-esante-gouv-tij.fr", Runs::No),
    ("wallet.esw.esamte.gouv.fr", Runs::No),
    ("pro-sante-connect.test", Runs::No),
    ("psc-connexion.test", Runs::No),
    ("www.esante.gouv.fr", Runs::No),
    ("auth.bas.esw.esante.gouv.fr", Runs::No),
];

/// Whether the content script runs on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    /// It does not.
    No,
    /// The browser takes the host for one of ours, and the extension does not.
    AsLookalike,
}

/// What stands in the place of the number, or a style of the page, and the reason that is given.
const UNREADABLE: &[(&str, &str, &str)] = &[
    ("three numbers", "<p>47</p><p>12</p><p>90</p>", "PAGE-NUMBER-SEVERAL"),
    ("the same number twice", "<p>47</p><p>47</p>", "PAGE-NUMBER-SEVERAL"),
    (
        "forty numbers",
        "<p>10</p><p>11</p><p>12</p><p>13</p><p>14</p><p>15</p><p>16</p><p>17</p><p>18</p><p>19</p>",
        "PAGE-NUMBER-SEVERAL",
    ),
    ("Arabic-Indic digits", "<p>٤٧</p>", "PAGE-NUMBER-FOREIGN-DIGIT"),
    ("full-width digits", "<p>４７</p>", "PAGE-NUMBER-FOREIGN-DIGIT"),
    ("mathematical digits", "<p>𝟒𝟕</p>", "PAGE-NUMBER-NONE"),
    ("a number and its double in another script", "<p>47</p><p>７４</p>", "PAGE-NUMBER-FOREIGN-DIGIT"),
    ("a number turned around by a letter", "<p>\u{202e}47</p>", "PAGE-NUMBER-NONE"),
    ("a number with a letter in it", "<p>4\u{200b}7</p>", "PAGE-NUMBER-NONE"),
    ("three digits", "<p>479</p>", "PAGE-NUMBER-NONE"),
    ("one digit", "<p>4</p>", "PAGE-NUMBER-NONE"),
    (
        "a number that only a style sheet writes",
        "<style>#n::before { content: '47' }</style><p id=\"n\"></p>",
        "PAGE-NUMBER-NONE",
    ),
    ("a number nobody sees", "<p style=\"opacity: .01\">47</p>", "PAGE-NUMBER-NONE"),
];

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    let unreadable = UNREADABLE.iter().map(|(name, number, reason)| {
        plays.trial(format!("numbers: {name}"), async move |arena| is_unread(arena, number, reason).await)
    });
    let ladder = LADDER.iter().map(|(host, runs)| {
        plays.trial(format!("numbers: the waiting page on {host}"), async move |arena| {
            is_wrong(arena, host, *runs).await
        })
    });
    let others = [
        plays.trial("numbers: a decoy that nobody sees beside the number", decoy),
        plays.trial("numbers: a number on the page that asks for the identifier", wrong_page),
        plays.trial("numbers: relayed by a look-alike", relayed),
        plays.trial("numbers: the right host on another port", wrong_port),
        plays.trial("numbers: a page that is left, and comes back", left_and_back),
        plays.trial("numbers: a tab that goes on to somebody", gone_on),
    ];
    unreadable.chain(ladder).chain(others).collect()
}

async fn is_unread(arena: &Arena, number: &str, reason: &str) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/number.html?what={}", encoded(number))).await?;
    arena.state("number-unread").await?;
    arena.says(reason).await?;
    arena.offers_nothing().await?;
    arena.badge_reads(&tab, "").await?;
    arena.end(&tab, Left::Nothing).await
}

async fn decoy(arena: &Arena) -> Result<()> {
    let number = encoded(
        "<p>47</p><p hidden>12</p><p style=\"opacity: 0\">90</p><p style=\"position: fixed; left: -999px\">33</p>",
    );
    let tab = arena.open(&format!("{WALLET}/number.html?what={number}")).await?;
    arena.badge_reads(&tab, "47").await?;
    arena.state("number").await?;
    arena.end(&tab, Left::Nothing).await
}

async fn wrong_page(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/login.html")).await?;
    tab.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"font-size: 96px\">47</p>')").await?;
    tab.page.evaluate("document.title = 'Connexion 2'").await?;
    arena.state("identifier").await?;
    arena.badge_reads(&tab, "").await?;
    arena.end(&tab, Left::Nothing).await
}

/// Nothing of ours on the host, no badge, no digits, no fill.
async fn is_wrong(arena: &Arena, host: &str, runs: Runs) -> Result<()> {
    for page in ["number.html", "login.html"] {
        let tab = arena.open(&format!("https://{host}/{page}")).await?;
        match runs {
            Runs::No => ensure!(tab.worlds(arena).is_empty(), "the content script runs on {host}"),
            Runs::AsLookalike => arena.badge_reads(&tab, "!").await?,
        }
        arena.offers_nothing().await?;
        let badge = arena.badge(&tab).await?;
        ensure!(!badge.contains(|letter: char| letter.is_ascii_digit()), "the badge reads {badge}");
        let answer = arena.order_fill(&tab).await?;
        let expected = if runs == Runs::No { "EXT-FILL-NO-PAGE" } else { "EXT-FILL-NOT-GENUINE" };
        ensure!(answer == expected, "an order is answered {answer}");
        arena.end(&tab, Left::Nothing).await?;
    }
    Ok(())
}

/// The look-alike shows a genuine number, as a relay would.
async fn relayed(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{LOOKALIKE}/number.html")).await?;
    arena.badge_reads(&tab, "!").await?;
    arena.state("lookalike").await?;
    arena.says("URL-EMBEDDED").await?;
    arena.offers_nothing().await?;
    let kept = arena.kept().await?;
    ensure!(!kept.contains("\"47") && !kept.contains("47\\"), "digits of a look-alike were kept: {kept}");
    tab.go(&format!("{LOOKALIKE}/login.html")).await?;
    arena.state("lookalike").await?;
    // The address alone makes the popup say so, before the new page has reported.
    until("the order to be refused for the host", async || match arena.order_fill(&tab).await?.as_str() {
        "EXT-FILL-NOT-GENUINE" => Ok(Ok(())),
        "EXT-FILL-NO-PAGE" => Ok(Err("no page is known yet".to_owned())),
        other => anyhow::bail!("an order is answered {other}"),
    })
    .await?;
    arena.end(&tab, Left::Nothing).await
}

async fn wrong_port(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}:8443/number.html")).await?;
    arena.badge_reads(&tab, "!").await?;
    arena.offers_nothing().await?;
    let answer = arena.order_fill(&tab).await?;
    ensure!(answer == "EXT-FILL-NOT-GENUINE", "an order is answered {answer}");
    arena.end(&tab, Left::Nothing).await
}

/// Into the cache for going back, and out of it: no number while it is away.
async fn left_and_back(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/number.html")).await?;
    arena.badge_reads(&tab, "47").await?;
    tab.page.evaluate("window.stays = true").await?;
    ensure!(arena.kept().await?.contains("\\n47\\n"), "the digits are looked for in a form in which they are not kept");
    tab.go(&format!("{ELSEWHERE}/login.html")).await?;
    arena.badge_reads(&tab, "").await?;
    arena.offers_nothing().await?;
    let kept = arena.kept().await?;
    ensure!(!kept.contains("\\n47\\n"), "the digits are kept while their page is away: {kept}");
    // The page is gone before it can answer, now and then.
    let _ = tab.page.evaluate("history.back()").await;
    until("the waiting page to be back", async || {
        let address = tab.page.evaluate("location.host").await.unwrap_or_default();
        Ok(if address == "wallet.esw.esante.gouv.fr" { Ok(()) } else { Err(format!("it is {address}")) })
    })
    .await?;
    ensure!(tab.page.evaluate("window.stays").await? == true, "the page was loaded again, not taken from the cache");
    arena.badge_reads(&tab, "47").await?;
    arena.end(&tab, Left::Nothing).await
}

/// The waiting page hands its tab to somebody, who shows the same page.
async fn gone_on(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/number.html")).await?;
    arena.badge_reads(&tab, "47").await?;
    arena.state("number").await?;
    tab.go(&format!("{ELSEWHERE}/number.html")).await?;
    arena.badge_reads(&tab, "").await?;
    arena.offers_nothing().await?;
    arena.end(&tab, Left::Nothing).await
}
