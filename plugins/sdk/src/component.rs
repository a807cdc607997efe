//! The component around a policy: WIT in, [`evaluate`](crate::evaluate), WIT out. Compiled for WebAssembly only.
//!
//! The bindings lift a request straight into the types of `request.rs` and lower an answer from plain ones: `contract` below gives
//! them those types under the names that the WIT has. A change of the contract is a compile error here and nowhere else.

use core::marker::PhantomData;

use crate::log::Severity;
use crate::outcome::Outcome;
use crate::policy::{COMMON_REASONS, Policy};
use crate::settings;

/// The types of `vigie:policy/types` under their WIT names.
#[doc(hidden)]
pub mod contract {
    pub use crate::outcome::{Effect, Obligation};
    pub use crate::request::{
        AuthMode, CheckOutcome, Entity, Evidence, Identifier, Identity, Level, Login, Practice, Request, Structure,
        UserinfoSource,
    };

    /// A sentence in one language.
    #[derive(Debug)]
    pub struct Text {
        /// BCP 47.
        pub language: String,
        /// The sentence.
        pub message: String,
    }

    /// `outcome`, with the reason spelt out.
    #[derive(Debug)]
    pub struct Outcome {
        /// Permit, deny or abstain.
        pub effect: Effect,
        /// Stable code.
        pub reason_code: String,
        /// For the decision log.
        pub reason_admin: Option<String>,
        /// For the person.
        pub reason_user: Vec<Text>,
        /// What must be done.
        pub obligations: Vec<Obligation>,
    }
}

/// The bindings lift an enum from its place in the WIT, which is the order of the variants in `request.rs`: a test there compares
/// them. The host writes no other place; should it ever, the variant that claims least is taken, the one named after `else`.
macro_rules! lift {
    ($type:ident: $($variant:ident),+ else $least:ident) => {
        impl contract::$type {
            #[doc(hidden)]
            #[must_use]
            pub fn _lift(place: u8) -> Self {
                $(if place == Self::$variant as u8 {
                    return Self::$variant;
                })+
                Self::$least
            }
        }
    };
}

lift!(Level: Eidas2, Eidas3 else Eidas1);
lift!(AuthMode: Mobile, Card, IdentityBroker, Webauthn else Unknown);
lift!(CheckOutcome: Passed, Noted else Absent);
lift!(UserinfoSource: Fetched, Relayed else None);

#[allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::restriction)]
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["../wit/policy"],
        world: "vigie:policy/policy",
        with: {
            "vigie:policy/types@0.1.0": crate::component::contract,
            "vigie:policy/log@0.1.0": generate,
        },
        pub_export_macro: true,
        default_bindings_module: "vigie_policy::component::bindings",
        runtime_path: "vigie_policy::component::runtime",
        disable_run_ctors_once_workaround: true,
    });
}

#[doc(hidden)]
pub use wit_bindgen::rt as runtime;

use bindings::exports::vigie::policy::{decide, lifecycle};
use bindings::vigie::policy::log;

pub(crate) fn emit(severity: Severity, message: &str) {
    let severity = match severity {
        Severity::Debug => log::Severity::Debug,
        Severity::Info => log::Severity::Info,
        Severity::Warn => log::Severity::Warn,
    };
    log::emit(severity, message);
}

/// Carries a policy into the exports; named by [`export_policy!`](crate::export_policy) only.
#[doc(hidden)]
#[derive(Debug)]
pub struct Exported<P>(PhantomData<P>);

impl<P: Policy> lifecycle::Guest for Exported<P> {
    fn describe() -> lifecycle::Description {
        let about = P::DESCRIPTION;
        let mut reason_codes = Vec::new();
        for reason in about.reasons.iter().chain(&COMMON_REASONS) {
            reason_codes.push(String::from(reason.code()));
        }
        if P::REASONS_IN_SETTINGS {
            reason_codes.push(String::from("*"));
        }
        lifecycle::Description {
            name: String::from(about.name),
            version: String::from(about.version),
            summary: String::from(about.summary),
            needs_login: about.needs_login,
            settings_schema: String::from(about.settings_schema),
            reason_codes,
        }
    }

    fn validate_settings(settings: String) -> Result<(), Vec<lifecycle::SettingError>> {
        let Err(found) = crate::policy::validate_settings::<P>(&settings) else { return Ok(()) };
        let mut errors = Vec::new();
        for settings::SettingError { path, message } in found {
            errors.push(lifecycle::SettingError { path, message });
        }
        Err(errors)
    }
}

impl<P: Policy> decide::Guest for Exported<P> {
    fn evaluate(settings: String, request: contract::Request) -> contract::Outcome {
        let Outcome { effect, reason, remark, obligations } = crate::policy::evaluate::<P>(&settings, &request);
        contract::Outcome {
            effect,
            reason_code: String::from(reason.code()),
            reason_admin: remark,
            reason_user: vec![text("fr", reason.french()), text("en", reason.english())],
            obligations,
        }
    }
}

fn text(language: &str, message: &str) -> contract::Text {
    contract::Text { language: String::from(language), message: String::from(message) }
}
