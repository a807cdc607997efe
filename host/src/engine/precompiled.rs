//! Machine code of a component, and the only place that has wasmtime run any.
//!
//! `Component::deserialize` is unsafe because it believes its input: whoever can choose the bytes runs native code in this process.
//! So there are two ways to a [`Precompiled`] and no third. Either this host's own compiler has just made it, in a process that we
//! started and whose output nobody else can write to; or it was sealed by this host after such a compilation, and the seal, an
//! HMAC-SHA-256 (RFC 2104) with a key that only this account can read, still holds over exactly these bytes. A seal also names
//! the component and the engine that the code was made for, so that a file under another's name is as good as forged. Whoever can
//! read the key runs as this account, and needs no forged file any more.

use aws_lc_rs::hmac;
use wasmtime::component::Component;

use super::cache::Name;

/// Machine code that this host made.
pub(super) struct Precompiled {
    bytes: Vec<u8>,
    /// Where the code begins: behind the seal, in a file that was read.
    start: usize,
}

/// Eight bytes that say what kind of file it is, and which form of it.
const MAGIC: &[u8; 8] = b"VIGIECW1";
/// Of HMAC-SHA-256.
const SEAL: usize = 32;

impl Precompiled {
    /// Takes what the compiler made just now.
    pub(super) fn made(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    /// Takes a sealed file, if this host sealed it for this component and this engine.
    pub(super) fn unseal(key: &hmac::Key, name: &Name, file: Vec<u8>) -> Option<Self> {
        let start = MAGIC.len() + SEAL;
        let (magic, rest) = file.split_at_checked(MAGIC.len())?;
        let (seal, code) = rest.split_at_checked(SEAL)?;
        if magic != MAGIC {
            return None;
        }
        hmac::verify(key, &sealed(name, code), seal).ok()?;
        Some(Self { bytes: file, start })
    }

    /// The file to keep.
    pub(super) fn seal(&self, key: &hmac::Key, name: &Name) -> Vec<u8> {
        let code = self.code();
        let mut file = Vec::with_capacity(MAGIC.len() + SEAL + code.len());
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(hmac::sign(key, &sealed(name, code)).as_ref());
        file.extend_from_slice(code);
        file
    }

    /// Has wasmtime take the code in. It copies what it is given, so the bytes that were checked are the bytes that run.
    ///
    /// # Errors
    /// The code is for another engine, or the component wants more than the pool has.
    pub(super) fn load(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Component> {
        #[expect(unsafe_code, reason = "the bytes are this host's own, see above")]
        // SAFETY: a `Precompiled` exists only for output of our compiler, fresh or under a seal that holds; see the module's text.
        unsafe {
            Component::deserialize(engine, self.code())
        }
    }

    fn code(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

/// What the seal is over: kind of file, component, engine, code.
fn sealed(name: &Name, code: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(MAGIC.len() + 64 + code.len());
    text.extend_from_slice(MAGIC);
    text.extend_from_slice(name.component().bytes());
    text.extend_from_slice(name.engine().bytes());
    text.extend_from_slice(code);
    text
}
