//! The verification core as a WebAssembly component.
