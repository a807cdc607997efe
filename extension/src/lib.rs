//! Vigie in the browser: the core as WebAssembly behind a Manifest V3 extension.
