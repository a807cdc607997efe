//! Fields that a person does not see: nothing is offered, and nothing is written when it is ordered all the same.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::arena::{Arena, Left, Plays, WALLET, encoded};

/// When it is noticed.
#[derive(Clone, Copy)]
enum Noticed {
    /// In the page's report: the field is hidden.
    Field,
    /// In the page's report: nothing of the form is seen at all.
    Form,
    /// Before the write: the field is there, and too small to be seen.
    Write,
}

/// What hides the field, as a style sheet of the page.
const WAYS: &[(&str, Noticed, &str)] = &[
    ("opacity of the field", Noticed::Field, "#field { opacity: 0 }"),
    ("opacity of its label", Noticed::Field, "#label { opacity: .01 }"),
    ("opacity of its form", Noticed::Form, "#form { opacity: .3 }"),
    ("opacity of the section", Noticed::Form, "#middle { opacity: .01 }"),
    ("opacity of the main part", Noticed::Form, "#outer { opacity: .01 }"),
    ("opacity of the body", Noticed::Form, "body { opacity: .01 }"),
    ("opacity of the document", Noticed::Form, "html { opacity: .01 }"),
    ("opacity of two ancestors, each harmless", Noticed::Form, "#outer { opacity: .8 } #form { opacity: .8 }"),
    ("a filter on the field", Noticed::Field, "#field { filter: opacity(0) }"),
    ("a filter on the body", Noticed::Form, "body { filter: brightness(100) contrast(0) }"),
    ("a mask", Noticed::Form, "#middle { mask-image: linear-gradient(transparent, transparent) }"),
    ("a blend with the background", Noticed::Field, "#field { mix-blend-mode: lighten; border: 0 }"),
    ("visibility", Noticed::Form, "#form { visibility: hidden }"),
    ("no box", Noticed::Field, "#field { display: none }"),
    ("skipped content", Noticed::Form, "#middle { content-visibility: hidden }"),
    ("one pixel", Noticed::Write, "#field { width: 1px; height: 1px; padding: 0; border: 0 }"),
    ("a scale", Noticed::Write, "#form { transform: scale(.02) }"),
    ("far to the left", Noticed::Field, "#field { position: absolute; left: -9999px }"),
    ("far above", Noticed::Form, "#form { transform: translateY(-5000px) }"),
];

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    let ways = WAYS.iter().map(|(name, noticed, style)| {
        plays.trial(format!("hidden: {name}"), async move |arena| is_not_seen(arena, *noticed, style).await)
    });
    ways.collect()
}

async fn is_not_seen(arena: &Arena, noticed: Noticed, style: &str) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/hidden.html?style={}", encoded(style))).await?;
    let (state, expected) = match noticed {
        Noticed::Field | Noticed::Form => ("unrecognised", "EXT-FILL-NO-FIELD"),
        Noticed::Write => ("identifier", "EXT-FIELD-HIDDEN"),
    };
    arena.state(state).await?;
    match noticed {
        Noticed::Field => arena.says("PAGE-FIELD-HIDDEN").await?,
        Noticed::Form => {}
        Noticed::Write => {
            let answer = arena.press_fill().await?;
            ensure!(answer == expected, "the popup is answered {answer}");
            arena.says(expected).await?;
            return arena.end(&tab, Left::Nothing).await;
        }
    }
    arena.offers_nothing().await?;
    let answer = arena.order_fill(&tab).await?;
    ensure!(answer == expected, "an order is answered {answer}");
    arena.end(&tab, Left::Nothing).await
}
