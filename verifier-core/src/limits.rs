//! Every bound on input, each with where the figure comes from.
//!
//! A bound is checked before the work that it limits. None of them is a setting: a relying party that could lift one could
//! also disarm it.

/// Longest compact token, in bytes. Published PSC tokens are 1 to 2 kB (`psc-facts` 2.1–2.2); common servers refuse request
/// headers above 8 kB, so a bearer token beyond 16 kB could not have been delivered.
pub const TOKEN_BYTES: usize = 16 * 1024;

/// Longest JWK Set, in bytes. A Keycloak answer with one signing and one encryption key and their certificates is about 6 kB.
pub const JWKS_BYTES: usize = 64 * 1024;

/// Most keys in a JWK Set. Keycloak publishes active and passive keys of each algorithm; rotation rarely leaves more than six.
pub const JWKS_KEYS: usize = 32;

/// Longest UserInfo answer, in bytes. The published one-activity sample is 2.2 kB; each further activity adds about 1 kB.
pub const USERINFO_BYTES: usize = 128 * 1024;

/// Longest introspection answer, in bytes: a handful of claims (`psc-facts` 1.8).
pub const INTROSPECTION_BYTES: usize = 32 * 1024;

/// Longest JSON line of `report::answer`, in bytes: a token, a JWK Set and a UserInfo answer with room for escapes.
pub const LINE_BYTES: usize = 512 * 1024;

/// Deepest nesting of any JSON. UserInfo needs six levels (object, SubjectRefPro, exercices, exercise, activities, activity),
/// a report line wraps it in one more.
pub const JSON_DEPTH: usize = 16;

/// Most members of one JSON object. The richest published object (an activity) has 33.
pub const JSON_MEMBERS: usize = 256;

/// Most activities over all exercises. The richest published person has three; the bound keeps answers to policies small.
pub const PRACTICES: usize = 128;

/// Most entries of `otherIds`: the register knows four origins (RPPS, ADELI, EDIT, PSI).
pub const OTHER_IDS: usize = 16;

/// Most values of `aud`. PSC names one client; anything beyond the audience itself is refused, so the bound only caps work.
pub const AUDIENCES: usize = 16;

/// Longest single text value taken over from a claim, in bytes. Official names of structures stay below 200.
pub const TEXT_BYTES: usize = 1024;

/// Longest `kid`, in bytes. Keycloak uses 43 characters (a base64url SHA-256).
pub const KID_BYTES: usize = 256;

/// Smallest RSA modulus, in bits (NIST SP 800-131A, RFC 7518 3.3 and 3.5).
pub const RSA_MODULUS_MIN_BITS: usize = 2048;

/// Largest RSA modulus, in bits: verification time grows with the square and nothing in use is larger.
pub const RSA_MODULUS_MAX_BITS: usize = 4096;

/// Smallest RSA public exponent (FIPS 186-5 5.4: above 2^16).
pub const RSA_EXPONENT_MIN: u64 = 65_537;

/// Largest RSA public exponent, so that a key cannot be made slow on purpose; every engine of ours accepts 32 bits.
pub const RSA_EXPONENT_MAX: u64 = u32::MAX as u64;

/// Largest tolerated difference between two clocks, in seconds: tokens live 120 s (`psc-facts` 1.6), so more would weigh
/// as much as the lifetime itself.
pub const CLOCK_SKEW_MAX_S: u32 = 30;

/// Clock skew that callers start from when they have no reason to choose another, in seconds.
pub const CLOCK_SKEW_USUAL_S: u32 = 10;

/// Longest accepted `exp - iat`, in seconds. PSC issues 120 s for both tokens (`psc-facts` 1.6); ten minutes leave room for
/// a change on their side and still bound how long a one-shot must be remembered.
pub const TOKEN_LIFETIME_MAX_S: u64 = 600;

/// Longest identifier that is read, in characters. The longest real one is a SIRET with its type digit, `/` and a local part;
/// local parts of 23 characters are published, so 64 leaves room without reading a page of text.
pub const IDENTIFIER_CHARS: usize = 64;

/// Longest single text of a page observation, in bytes: the longest sentence that a rule matches is below 200, and the
/// content script cuts at 200 characters.
pub const PAGE_TEXT_BYTES: usize = 2_000;

/// Most entries of any one list of a page observation. A login page has a few dozen; the content script stops at 40.
pub const PAGE_ENTRIES: usize = 200;
