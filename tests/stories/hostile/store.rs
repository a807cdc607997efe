//! The package that people get: on the hosts that only developers use, it is not there.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::arena::{Arena, LOOKALIKE, Left, Plays, WALLET};

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    vec![plays.trial("store: the two production hosts and no other", async |_| {
        let store = Arena::start("vigie-chromium-store").await?;
        let story = reaches_two_hosts(&store).await;
        store.browser.close().await;
        story
    })]
}

async fn reaches_two_hosts(arena: &Arena) -> Result<()> {
    let hosts = ["https://wallet.bas.psc.esante.gouv.fr", "https://wallet.psc.localhost", LOOKALIKE];
    for host in hosts {
        for page in ["login.html", "number.html"] {
            let tab = arena.open(&format!("{host}/{page}")).await?;
            ensure!(tab.worlds(arena).is_empty(), "the content script runs on {host}");
            let answer = arena.order_fill(&tab).await?;
            ensure!(answer == "EXT-FILL-NO-PAGE", "on {host} an order is answered {answer}");
            ensure!(arena.badge(&tab).await?.is_empty(), "there is a badge on {host}");
            arena.end(&tab, Left::Nothing).await?;
        }
    }
    let tab = arena.open(&format!("{WALLET}/login.html")).await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    ensure!(answer == "filled", "on the genuine host the order is answered {answer}");
    arena.end(&tab, Left::Written).await?;
    tab.go("https://auth.esw.esante.gouv.fr/number.html").await?;
    arena.badge_reads(&tab, "47").await?;
    arena.quiet(&tab)
}
