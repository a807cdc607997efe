//! The gate every component passes before it runs: size, digest, imports, exports, compilation.
//!
//! Names are read from the file as it is, so that a component outside its contract never reaches the compiler.
//! The list of imports is short and closed, and a refusal names the import, because "it imports wasi:random/random" tells an
//! author what to change. The linker has nothing else either, so this gate is for the message; the absence is the protection.

use std::path::Path;

use wasmparser::{BinaryReaderError, Encoding, Parser, Payload};
use wasmtime::component::Component;

use super::{Engine, LoadComponentError};
use crate::digest::Digest;

/// 32 MiB: an interpreter compiled to a component fits, a container image does not.
pub const LARGEST_COMPONENT: u64 = 32 << 20;

/// What a component is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A relying party's policy.
    Policy,
    /// The verification core, with or without its own cryptography.
    Verifier,
}

/// An interface as `package/interface` and the versions of it that are compatible with ours.
struct Interface {
    name: &'static str,
    /// Semver with a leading zero: the same minor version, any patch.
    compatible: &'static str,
}

const POLICY_TYPES: Interface = Interface { name: "vigie:policy/types", compatible: "0.1." };
const POLICY_LOG: Interface = Interface { name: "vigie:policy/log", compatible: "0.1." };
const POLICY_LIFECYCLE: Interface = Interface { name: "vigie:policy/lifecycle", compatible: "0.1." };
const POLICY_DECIDE: Interface = Interface { name: "vigie:policy/decide", compatible: "0.1." };
const VERIFIER_KEYS: Interface = Interface { name: "vigie:verifier/keys", compatible: "0.2." };
const VERIFIER_CRYPTO: Interface = Interface { name: "vigie:verifier/crypto", compatible: "0.2." };
const VERIFIER_VERIFY: Interface = Interface { name: "vigie:verifier/verify", compatible: "0.2." };
const VERIFIER_INSPECT: Interface = Interface { name: "vigie:verifier/inspect", compatible: "0.2." };

impl Interface {
    fn is(&self, name: &str) -> bool {
        name.split_once('@').is_some_and(|(base, version)| base == self.name && version.starts_with(self.compatible))
    }
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Verifier => "verifier",
        }
    }

    fn may_import(self) -> &'static [Interface] {
        match self {
            Self::Policy => &[POLICY_TYPES, POLICY_LOG],
            Self::Verifier => &[POLICY_TYPES, VERIFIER_KEYS, VERIFIER_CRYPTO],
        }
    }

    fn must_export(self) -> &'static [Interface] {
        match self {
            Self::Policy => &[POLICY_LIFECYCLE, POLICY_DECIDE],
            Self::Verifier => &[VERIFIER_VERIFY, VERIFIER_INSPECT],
        }
    }
}

/// A component that passed the gate.
pub struct Inspected {
    /// As configured, for messages.
    pub file: String,
    /// Of the file's bytes.
    pub digest: Digest,
    /// Of the file in bytes.
    pub size: u64,
    /// Full names of what it imports, all of them allowed.
    pub imports: Vec<String>,
    /// Full names of what it exports.
    pub exports: Vec<String>,
    pub(super) component: Component,
}

impl Inspected {
    /// True for a verifier that leaves its signature checks to the host.
    pub fn asks_for_crypto(&self) -> bool {
        self.imports.iter().any(|import| VERIFIER_CRYPTO.is(import))
    }
}

impl Engine {
    /// Reads a component file and compares its digest with the pinned one before anything looks inside.
    ///
    /// # Errors
    /// The file is absent, too large or another one than pinned, does not compile, or leaves its contract.
    pub fn load(&self, path: &Path, pinned: Option<Digest>, role: Role) -> Result<Inspected, LoadComponentError> {
        let file = path.display().to_string();
        let unreadable =
            |error: std::io::Error| LoadComponentError::Unreadable { file: file.clone(), kind: error.kind() };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > LARGEST_COMPONENT {
            return Err(LoadComponentError::TooLarge { file, size });
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        self.inspect(file, &bytes, pinned, role)
    }

    /// As [`Engine::load`], from memory.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn inspect(
        &self,
        file: String,
        bytes: &[u8],
        pinned: Option<Digest>,
        role: Role,
    ) -> Result<Inspected, LoadComponentError> {
        let digest = Digest::of(bytes);
        if let Some(expected) = pinned.filter(|expected| *expected != digest) {
            return Err(LoadComponentError::Digest { file, expected, found: digest });
        }
        let Names { imports, exports } =
            Names::read(bytes).map_err(|reason| LoadComponentError::Compile { file: file.clone(), reason })?;
        let foreign = imports.iter().find(|import| !role.may_import().iter().any(|interface| interface.is(import)));
        if let Some(import) = foreign {
            return Err(LoadComponentError::Import { file, import: import.clone(), role: role.name() });
        }
        for interface in role.must_export() {
            if !exports.iter().any(|export| interface.is(export)) {
                let found = exports.iter().find(|export| export.split('@').next() == Some(interface.name)).cloned();
                return Err(LoadComponentError::Export { file, export: interface.name.to_owned(), found });
            }
        }
        let component = self.compile(&file, digest, bytes)?;
        let size = bytes.len() as u64;
        Ok(Inspected { file, digest, size, imports, exports, component })
    }
}

/// What the outermost component imports and exports, by name.
#[derive(Default)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Names {
    /// Reads the file's own table of contents; nothing in it is run or translated.
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut names = Self::default();
        // Components and modules lie in one another, each with an end.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(unreadable)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err("it is a core module, not a component".into());
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        names.imports.push(import.map_err(unreadable)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        names.exports.push(export.map_err(unreadable)?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }
}

fn unreadable(error: BinaryReaderError) -> String {
    format!("it cannot be read as a component from byte {} on", error.offset())
}
