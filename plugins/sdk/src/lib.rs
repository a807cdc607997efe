//! Write a Vigie policy: one trait, one macro, typed input.

// The generated bindings name this crate from outside, because policies expand them.
#[cfg(target_arch = "wasm32")]
extern crate self as vigie_policy;

mod json;
pub mod log;
mod outcome;
mod policy;
mod request;
mod settings;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

pub use outcome::{Effect, Obligation, Outcome, Reason};
pub use policy::{COMMON_REASONS, Description, LOGIN_REQUIRED, Policy, SETTINGS_REFUSED, evaluate, validate_settings};
pub use request::{
    AuthMode, CheckOutcome, Entity, Evidence, Identifier, Identity, Level, Login, Practice, Request, Structure,
    UserinfoSource,
};
pub use serde;
pub use settings::SettingError;

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
