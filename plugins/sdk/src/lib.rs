//! Write a policy for Vigie: what a relying party demands of a login, as a few lines of Rust in a sandbox.
//!
//! # What a policy is
//!
//! `vigie serve` verifies a Pro Santé Connect login: signature, issuer, audience, nonce, level, age, UserInfo. What is left is the
//! relying party's own question: is *this* login good enough for *that*? A policy answers it. It is told who logged in, how
//! strongly and with which practices, and what is asked for; it answers permit, deny or abstain, with a reason that the person
//! at the desktop can read. It can only restrict: every required policy of an audience must permit, and a policy that fails is
//! a refusal.
//!
//! It runs as a WebAssembly component, in a fresh instance for each question, with nothing but its arguments: no clock, no
//! network, no files, no token and no memory of earlier questions. The same question gets the same answer, always.
//!
//! # A whole policy
//!
//! Three things: settings that a deployment may choose, reasons that it may be given, and a function that decides.
//!
//! ```
//! use vigie_policy::{Description, Level, Login, Outcome, Policy, Reason, Request, export_policy};
//!
//! pub struct NightWard;
//!
//! export_policy!(NightWard);
//!
//! vigie_policy::settings! {
//!     pub struct Settings {
//!         /// FINESS of the hospital.
//!         finess: String,
//!     }
//! }
//!
//! const OURS: Reason = Reason::new("WARD-OURS", "Accès accordé.", "Access granted.");
//! const STRONGER: Reason = Reason::new(
//!     "WARD-LEVEL",
//!     "Reconnectez-vous avec votre carte pour modifier.",
//!     "Log in again with your card to make changes.",
//! );
//! const ELSEWHERE: Reason = Reason::new(
//!     "WARD-ELSEWHERE",
//!     "Aucun de vos exercices n'est rattaché à cet hôpital.",
//!     "None of your practices is at this hospital.",
//! );
//!
//! impl Policy for NightWard {
//!     const DESCRIPTION: Description = Description {
//!         name: "night-ward",
//!         version: "1.0.0",
//!         summary: "Lets in whoever practises at one hospital; changes need a card.",
//!         settings_schema: r#"{"type":"object","required":["finess"],"properties":{"finess":{"type":"string"}}}"#,
//!         reasons: &[OURS, STRONGER, ELSEWHERE],
//!         needs_login: true,
//!     };
//!
//!     type Settings = Settings;
//!
//!     fn decide(settings: &Settings, login: &Login, request: &Request) -> Outcome {
//!         let here = |finess: &String| *finess == settings.finess;
//!         let mut practices = login.identity.acting_practices();
//!         if !practices.any(|practice| practice.structure.as_ref().and_then(|place| place.finess.as_ref()).is_some_and(here)) {
//!             return Outcome::deny(ELSEWHERE);
//!         }
//!         if request.action != "read" && !login.reaches(Level::Eidas2) {
//!             return Outcome::step_up(STRONGER, Level::Eidas2);
//!         }
//!         Outcome::permit(OURS)
//!     }
//! }
//!
//! // A test needs no WebAssembly: `Case` asks the policy exactly as the component is asked.
//! use vigie_policy::{Case, Effect, Practice, Structure};
//!
//! let at = |finess: &str| Practice {
//!     structure: Some(Structure { finess: Some(finess.into()), ..Structure::default() }),
//!     ..Practice::default()
//! };
//! let nurse = Case::new().settings(r#"{"finess":"990000001"}"#).practice(at("990000001"));
//! assert_eq!(nurse.ask::<NightWard>().effect, Effect::Permit);
//!
//! let outcome = nurse.clone().with(|request| request.action = "write".into()).ask::<NightWard>();
//! assert_eq!(outcome.reason.code(), "WARD-LEVEL");
//! assert_eq!(outcome.obligations[0].properties, r#"{"acr_value":"eidas2"}"#);
//!
//! let elsewhere = Case::new().settings(r#"{"finess":"990000001"}"#).practice(at("990000002"));
//! assert_eq!(elsewhere.ask::<NightWard>().reason.code(), "WARD-ELSEWHERE");
//!
//! // Settings are checked when the policy is loaded, and say where they are wrong.
//! let errors = vigie_policy::validate_settings::<NightWard>(r#"{"fines":"990000001"}"#).err().unwrap();
//! assert_eq!((errors[0].path.as_str(), errors[0].message.as_str()), ("/fines", "unknown member; known here: finess"));
//! ```
//!
//! # Rules that are easy to get wrong
//!
//! - **One practice at a time.** A person may be a doctor in one place and an employee in another. Ask
//!   [`Identity::acting_practices`] and let a rule hold within one [`Practice`]; never look for the profession in one and the
//!   structure in the next.
//! - **Levels are ordered.** [`Login::reaches`] and `<` compare them; PSC has answered `eidas1`, `eidas2` and `eidas3`, and a rule
//!   written with `==` locks out the stronger ones. A login without a level has none, not the lowest.
//! - **Absent is not a match.** Codes are `Option`s, for the directory leaves many of them empty: two absent values are not equal.
//! - **Say no in words.** [`Reason::new`] wants French and English, and checks the code when the policy is compiled.
//! - **Nothing personal in remarks.** [`Outcome::with_remark`] and [`log`](mod@log) end up in the decision log.
//!
//! # Testing
//!
//! [`Case`] asks the policy natively, exactly as its component is asked. Questions and expected answers in files are
//! [`vectors`]: `cargo test` asks them of the policy, `vigie policy test` of the component, and they travel with it. Reach
//! every reason code. [`schema`] holds the JSON Schema of the description to the settings that the policy reads.
//!
//! # Building
//!
//! A policy is a crate with `crate-type = ["cdylib"]` and nothing else in that list: cargo does not optimise across crates where
//! a library is made beside it, which is 9 kB of 36. Build with `panic = "abort"`, `opt-level = "z"`, `lto = "fat"`,
//! `codegen-units = 1` and `strip = true`:
//!
//! ```text
//! cargo rustc --release --lib --target wasm32-unknown-unknown -- -Clinker=wasm-component-ld -Clink-arg=-zstack-size=32768
//! ```
//!
//! The result is a component of 20 to 25 kB that imports nothing but `vigie:policy` types, and `vigie:policy/log` if it logs. Five of
//! them are the contract itself. The SDK keeps the rest small with an allocator of forty lines (an instance lives for one call,
//! so nothing is ever freed) and a JSON reader of its own; `format!`, floating-point numbers and `{:?}` bring 5 to 50 kB at a time.

// The generated bindings name this crate from outside, because policies expand them.
#[cfg(target_arch = "wasm32")]
extern crate self as vigie_policy;

pub mod case;
pub mod json;
pub mod log;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod memory;
mod outcome;
mod policy;
mod request;
#[cfg(any(not(target_arch = "wasm32"), doc))]
pub mod schema;
mod settings;
#[cfg(any(not(target_arch = "wasm32"), doc))]
pub mod vectors;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: memory::OneCall = memory::OneCall;

pub use case::Case;
pub use outcome::{Effect, Obligation, Outcome, Reason};
pub use policy::{COMMON_REASONS, Description, LOGIN_REQUIRED, Policy, SETTINGS_REFUSED, evaluate, validate_settings};
pub use request::{
    AuthMode, CheckOutcome, Entity, Evidence, Identifier, Identity, Level, Login, Practice, Request, Structure,
    UserinfoSource,
};
pub use settings::SettingError;

/// A list of texts, for example what a setting is when it is left out.
#[must_use]
pub fn list(texts: &[&str]) -> Vec<String> {
    let mut list = Vec::with_capacity(texts.len());
    for text in texts {
        list.push(String::from(*text));
    }
    list
}

/// Makes a type that implements [`Policy`] the policy of this component. Once in a crate; expands to nothing outside WebAssembly.
#[macro_export]
macro_rules! export_policy {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, unreachable_pub, missing_docs)]
        const _: () = {
            type Exported = $crate::component::Exported<$policy>;
    $crate::component::bindings::export!(Exported with_types_in $crate::component::bindings);
        };
    };
}
