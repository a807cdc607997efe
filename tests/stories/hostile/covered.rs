//! Fields with something over them: the page is recognised, and the write is refused.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::arena::{Arena, Left, Plays, WALLET, encoded};

/// What lies over the field, or cuts it away, as a style sheet of the page. `#over` is fixed, white and as large as the window.
const WAYS: &[(&str, &str)] = &[
    ("a white sheet", ""),
    ("a sheet of glass", "#over { opacity: 0 }"),
    ("a sheet that lets clicks through", "#over { pointer-events: none }"),
    (
        "a sheet that lets clicks through, under a pane that does too",
        "#over, body::after { pointer-events: none } body::after { content: ''; position: fixed; inset: 0 }",
    ),
    (
        "a picture that lets clicks through",
        "#over { display: none } body::after { content: ''; position: fixed; inset: 0; background: white; pointer-events: none }",
    ),
    (
        "a sheet with a hole where one would look",
        "#over { clip-path: path(evenodd, 'M0 0H2000V2000H0Z M194 106h12v12h-12Z') }
         #field { position: fixed; left: 100px; top: 100px; width: 200px; height: 24px; box-sizing: border-box }",
    ),
    (
        "a picture before the form",
        "#over { display: none } #form { position: relative } #form::before { content: ''; position: absolute; inset: -50px; background: white }",
    ),
    ("a field that is clipped away", "#over { display: none } #field { clip-path: inset(100%) }"),
    ("an ancestor that is clipped away", "#over { display: none } #middle { clip-path: inset(100%) }"),
    ("a box without height", "#over { display: none } #form { height: 0; overflow: hidden }"),
    ("below the window, and fixed there", "#over { display: none } #form { position: fixed; top: 300vh }"),
    ("turned away", "#over { display: none } #field { transform: rotateY(180deg); backface-visibility: hidden }"),
];

/// What the page does in the top layer.
const TOP_LAYER: &[&str] = &["popover", "modal"];

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    let styles = WAYS.iter().map(|(name, style)| {
        let address = format!("{WALLET}/covered.html?style={}", encoded(style));
        plays.trial(format!("covered: {name}"), async move |arena| is_covered(arena, &address).await)
    });
    let layers = TOP_LAYER.iter().map(|what| {
        let address = format!("{WALLET}/top-layer.html?what={what}");
        plays.trial(format!("covered: top layer, {what}"), async move |arena| is_covered(arena, &address).await)
    });
    let war = plays.trial("covered: top layer, war", war);
    styles.chain(layers).chain([war]).collect()
}

async fn is_covered(arena: &Arena, address: &str) -> Result<()> {
    let tab = arena.open(address).await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    ensure!(answer == "EXT-FIELD-COVERED", "the order is answered {answer}");
    arena.says("EXT-FIELD-COVERED").await?;
    arena.end(&tab, Left::Nothing).await
}

/// The popover goes and comes two hundred times a second, within one task each time, so that it is never seen to be away.
async fn war(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/top-layer.html?what=war")).await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    ensure!(answer == "EXT-FIELD-COVERED", "the order is answered {answer}");
    arena.end(&tab, Left::Nothing).await
}
