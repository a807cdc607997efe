//! Machine code kept from one start to the next, so that a host with ten policies starts in a moment.
//!
//! One file for each component and each engine that could run it; a file of an older engine is never met, since its name is
//! another. What is not exactly what this host wrote is refused, logged and made again, and is never looked into: see
//! `engine/precompiled.rs`. A cache that cannot be read or written costs time and nothing else.

use std::collections::BTreeSet;
use std::hash::{Hash as _, Hasher};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};

use super::precompiled::Precompiled;
use crate::digest::Digest;
use crate::policies::folder::Folder;

/// Machine code in the host's own folder. Cloning shares it.
#[derive(Clone)]
pub struct Cache {
    folder: Arc<Folder>,
}

/// Which code: of which component, for which engine.
pub(super) struct Name {
    component: Digest,
    engine: Digest,
}

/// Ends every file name of the cache.
const ENDING: &str = ".cwasm";
/// The largest file that is read: an interpreter of 12 MB becomes 60 MB of code.
const LARGEST: u64 = 512 << 20;

impl Name {
    /// The name of a component's code for an engine.
    pub(super) fn new(component: Digest, engine: &wasmtime::Engine) -> Self {
        let mut fed = Fed(Context::new(&SHA256));
        engine.precompile_compatibility_hash().hash(&mut fed);
        Self { component, engine: Digest::from(fed.0.finish()) }
    }

    pub(super) fn component(&self) -> &Digest {
        &self.component
    }

    pub(super) fn engine(&self) -> &Digest {
        &self.engine
    }

    fn file(&self) -> String {
        format!("{}-{}{ENDING}", self.component.hex(), self.engine.hex())
    }
}

/// Collects what is hashed under SHA-256 instead of into 64 bits, which two engines could share by chance.
struct Fed(Context);

impl Hasher for Fed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        // Nobody asks: the digest is taken from the context.
        0
    }
}

impl Cache {
    /// A cache in this folder.
    pub fn new(folder: Arc<Folder>) -> Self {
        Self { folder }
    }

    /// The code that was kept, when it is there and is ours.
    pub(super) fn read(&self, name: &Name) -> Option<Precompiled> {
        let file = name.file();
        let found = match self.folder.read(&file, LARGEST) {
            Ok(found) => found?,
            Err(kind) => {
                tracing::warn!(code = "POL-CACHE", file, %kind, "kept machine code cannot be read; it is made again");
                return None;
            }
        };
        let precompiled = Precompiled::unseal(self.folder.key(), name, found);
        if precompiled.is_none() {
            tracing::error!(
                code = "POL-CACHE",
                file,
                "kept machine code is not what this host wrote: it is not used, and made again. Find out who changed it"
            );
        }
        precompiled
    }

    /// Keeps code. When it cannot, the next start compiles again.
    pub(super) fn write(&self, name: &Name, precompiled: &Precompiled) {
        if let Err(kind) = self.folder.write(&name.file(), &precompiled.seal(self.folder.key(), name)) {
            tracing::warn!(code = "POL-CACHE", %kind, "machine code cannot be kept; the next start compiles again");
        }
    }

    /// Forgets the code of every other component.
    pub fn retain(&self, components: &BTreeSet<String>) {
        self.folder.remove(|name| {
            name.strip_suffix(ENDING)
                .is_some_and(|name| !name.split('-').next().is_some_and(|component| components.contains(component)))
        });
    }
}
