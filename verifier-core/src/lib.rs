//! What Vigie knows about Pro Santé Connect, as one pure library that runs natively, in browsers and in WebAssembly components.
//!
//! Bytes become typed values once, typed values become verified values once, verified values become a decision with its
//! evidence. There is no clock, no network, no disk, no environment and no randomness here: `now` is an argument, keys are
//! an argument, random bytes are an argument, and whoever holds those is called an *edge*. The same inputs therefore give
//! the same bytes everywhere, which the vectors in `tests/vectors` prove for each build.
//!
//! # The paved path
//!
//! | question | ask |
//! |---|---|
//! | Is this host genuine? | [`page::assess`] |
//! | What is this page showing? | [`page::recognise`] |
//! | Is this identifier well formed? | [`ids::NationalId::parse`] |
//! | Which number is on the screen, and for how long? | [`login::NumberMatch`] |
//! | Is this login good? | `token::verify_login` |
//! | Is its session still alive? | `token::verify_introspection` |
//! | What do the policies say together? | [`decision::combine`] |
//! | What went wrong, and what now? | `code()`, `Display` and `help()` of every error; [`guidance`] for the person at the desktop |
//!
//! # Who is up against whom
//!
//! Each attack is answered where it would enter. The names in brackets are codes or vectors.
//!
//! - **A forged token.** Only RS256, PS256 and ES256; `none` and the HMAC family are refused by name (`TOK-ALG-NONE`,
//!   `TOK-ALG-HMAC`), so that a public key is never used as a secret. Keys come from the issuer's set alone, never from
//!   the token (`TOK-EMBEDDED-KEY`), and exactly one must fit by `kid`, `use`, `alg` and type (`TOK-KEY-AMBIGUOUS`). Lengths and
//!   ranges of signatures are checked before any engine sees them, so engines cannot differ (`TOK-SIGNATURE-FORM`).
//! - **A token read two ways.** Duplicate members, padding, trailing bits, other alphabets and nested types are refused.
//!   The one tolerance, a repeated `acr` of equal value, is what genuine tokens need and is reported in the evidence.
//! - **A genuine token in the wrong place.** Issuer byte for byte, audience alone, `azp`, claims type, nonce as a typed
//!   expectation (*exactly this* or *none was sent*), times with at most 30 s of skew, a lifetime that PSC could have issued.
//! - **A genuine token twice.** Every verified login names what must be remembered (`token::OneShot`); an ECDSA
//!   signature that was rewritten does not make a second token of it.
//! - **Attributes of somebody else.** UserInfo must state the same `sub`; access token and UserInfo must not contradict the ID
//!   token's national id; practices are never mixed; an ambiguous RPPS is unknown, and unknown satisfies no rule.
//! - **A weaker login than demanded.** Levels are ordered and compared with *at least*; a missing level is no level.
//! - **A look-alike page.** Exact hosts only; everything else is neutral, amber or red and never filled.
//! - **A costly input.** Every bound stands in [`limits`] with its origin and is checked before the work it limits.
//! - **A log.** `Debug` of identifiers, tokens, numbers and persons is redacted; errors carry neither.
//!
//! Not answered here: a compromised workstation, a stolen session cookie, a relay of the number in real time (which
//! number matching cannot stop), and a provider that lies.
//!
//! # Defaults
//!
//! Nothing that matters for security has one. Issuer, client id, minimum level, nonce, skew, maximum age, the encoding of
//! `cnf` and whether it is required are named by the caller, each time.
//!
//! # Words
//!
//! | word | means |
//! |---|---|
//! | PSC | Pro Santé Connect, the national OpenID provider for health professionals |
//! | e-CPS, CPS | the app and the card of a health professional; a login by app is matched by a two-digit number |
//! | RPPS, ADELI, FINESS | national registers of professionals and of establishments |
//! | national id | a type digit and a register number, for example `8` and the RPPS: what is typed at a login |
//! | level | `acr`: `eidas1 < eidas2 < eidas3` |
//! | practice | one activity together with the exercise that it belongs to |
//! | acting as | the one practice in which the person uses a service now |
//! | evidence | the ordered list of checks, passes included |
//! | one-shot | something that may be used once and must be remembered until it expires |
//! | skin | one build of this library: native, browser, component with host cryptography, pure component |
//! | edge | the code that owns clock, network, storage or page, and calls this library |
//!
//! # Features
//!
//! `token` (default) brings JOSE, claims, UserInfo and the lines `token`, `userinfo` and `login` of [`report`]; the browser
//! extension does without. `rustcrypto` (default) brings signature checks in pure Rust; a host with its own cryptography
//! implements `token::SignatureVerifier` instead.

#![forbid(unsafe_code)]

pub mod activation;
pub mod code;
pub mod decision;
pub mod evidence;
pub mod guidance;
pub mod ids;
pub mod limits;
pub mod login;
pub mod page;
pub mod report;
#[cfg(feature = "token")]
pub mod token;
pub mod wire;
