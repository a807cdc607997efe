//! The link of an activation mail, drawn again as a QR code: a last resort, for a mail whose picture cannot be seen.
//!
//! Drawn is only a link that leads to a genuine host, and exactly the text that was judged: a caller who dictates another
//! one, or a mail that imitates, gets no QR code here. The link is neither kept nor sent; it stands in the field until the
//! person wipes it or leaves. Whether the app takes a QR code that the mail did not bring is not published, and the page says
//! so.

use qrcode::bits::Bits;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::ec::construct_codewords;
use qrcode::{Color, EcLevel, Version};
use verifier_core::page::{Flavour, Verdict};

use crate::address;

/// The empty margin that readers need, in modules (ISO/IEC 18004).
const QUIET: usize = 4;

/// Version 10 at level L holds 271 bytes in 57 modules (ISO/IEC 18004, table 7): room for a link of a mail, and modules that
/// a phone makes out on a screen of 320 pixels.
const VERSION: Version = Version::Normal(10);
const LEVEL: EcLevel = EcLevel::L;
const WIDTH: usize = 57;

/// Longest link that is drawn, in characters.
const LINK: usize = 271;

/// Why nothing is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This is no link.
    NoLink,
    /// It leads elsewhere; the rule that said so.
    Foreign(&'static str),
}

/// A QR code as a path of an SVG picture of 65 × 65 modules, margin included; the page's `viewBox` says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawing {
    /// The dark modules, one rectangle for each run of them.
    pub(super) path: String,
}

/// Judges a link, and draws it if it is genuine.
pub(super) fn draw(text: &str, flavour: Flavour) -> Result<Drawing, Refusal> {
    let link = text.trim();
    // The browser's parser passes over line feeds and turns backslashes; a phone may not. Then what is judged is not what is drawn.
    let plain = link.len() <= LINK && link.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let (address, _) = address::parse(link).filter(|_| plain).ok_or(Refusal::NoLink)?;
    let assessment = address.assess(flavour);
    if !matches!(assessment.verdict, Verdict::Exact(_)) {
        return Err(Refusal::Foreign(assessment.code));
    }
    encode(link).ok_or(Refusal::NoLink)
}

/// The code of a text. One size and one mask for all: with both fixed the tables of the other thirty-nine sizes and the
/// comparison of masks stay out of the shipped Wasm, 10 kB; every reader takes every mask.
fn encode(text: &str) -> Option<Drawing> {
    let mut bits = Bits::new(VERSION);
    bits.push_byte_data(text.as_bytes()).ok()?;
    bits.push_terminator(LEVEL).ok()?;
    let (data, correction) = construct_codewords(&bits.into_bytes(), VERSION, LEVEL).ok()?;
    let mut canvas = Canvas::new(VERSION, LEVEL);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    canvas.apply_mask(MaskPattern::DiagonalLines);
    let mut path = String::new();
    for (y, row) in canvas.into_colors().chunks(WIDTH).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|left, right| left == right) {
            if run.first() == Some(&Color::Dark) {
                let (left, top, length) = (x + QUIET, y + QUIET, run.len());
                path.push_str(&format!("M{left} {top}h{length}v1h-{length}z"));
            }
            x += run.len();
        }
    }
    Some(Drawing { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_drawn_and_nothing_else() {
        for bytes in [0, 1, 100, LINK] {
            let drawing = encode(&"a".repeat(bytes)).unwrap();
            // Two finder patterns: where they begin above, and where they end below.
            assert!(drawing.path.starts_with("M4 4h7v1h-7z"), "{bytes}: {}", drawing.path);
            assert!(drawing.path.contains(&format!("M4 {}h7", QUIET + WIDTH - 1)), "{bytes}");
        }
        assert_eq!(encode(&"a".repeat(LINK + 1)), None);
    }
}
