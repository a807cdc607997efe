//! The key of a NIR, checked as it is typed. The number stays in the field: nothing is kept, sent or repeated on the page.

use verifier_core::ids::{KeyCheck, Nir, NirStatus, ParseIdError};

use crate::words::say;
use crate::{advice, page};

/// Says what the number in the field is.
pub(super) fn draw() {
    let (tone, text) = judge(&page::value("nir"));
    page::set_attribute("nir", "aria-invalid", if tone == "stop" { "true" } else { "false" });
    page::set_attribute("nir-said", "data-tone", tone);
    page::set_text("nir-said", &text);
}

fn judge(text: &str) -> (&'static str, String) {
    match Nir::parse(text) {
        Err(ParseIdError::Empty) => ("plain", String::new()),
        Err(ParseIdError::Length { .. }) => ("plain", say("nirLength", &[])),
        Err(error) => ("stop", advice::text(&format!("code.{}", error.code()))),
        Ok(nir) => {
            let (tone, key) = match nir.key() {
                KeyCheck::Valid => ("good", "nirValid"),
                KeyCheck::Mismatch => ("stop", "nirMismatch"),
                KeyCheck::None => ("plain", "nirNoKey"),
            };
            let provisional = match nir.status() {
                NirStatus::Attributed => String::new(),
                NirStatus::Provisional => say("nirProvisional", &[]),
            };
            (tone, format!("{} {provisional}", say(key, &[])).trim_end().to_owned())
        }
    }
}
