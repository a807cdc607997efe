//! Randomness of the sandbox: identifiers that cannot be guessed, and the two-digit numbers of the number match.
//!
//! Everything comes straight from the operating system through `getrandom`. Numbers are drawn by rejection: a byte taken
//! modulo 100 would favour 00 to 55, and the one-in-three chance of a blind tap is already large enough.

use crate::encoding::base64url;

/// The operating system gave no random bytes. Nothing can be issued safely; the request fails.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// `N` random bytes.
pub(crate) fn make_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// 256 random bits in base64url: authorization codes, cookies, CSRF tokens, refresh tokens.
pub(crate) fn make_opaque() -> Result<String, NoRandomness> {
    Ok(base64url(&make_bytes::<32>()?))
}

/// 128 random bits in base64url, for identifiers that stand in URLs.
pub(crate) fn make_handle() -> Result<String, NoRandomness> {
    Ok(base64url(&make_bytes::<16>()?))
}

/// A random (version 4) UUID in its usual text form, as PSC writes `jti` and `sid`.
pub(crate) fn make_uuid() -> Result<String, NoRandomness> {
    Ok(uuid::Builder::from_random_bytes(make_bytes::<16>()?).into_uuid().to_string())
}

/// A whole number below `bound`, every value equally likely.
pub(crate) fn make_below(bound: u8) -> Result<u8, NoRandomness> {
    // The largest multiple of `bound` that a byte can count up to: values from there on are drawn again.
    let usable = (256 / u16::from(bound.max(1))) * u16::from(bound.max(1));
    loop {
        let [byte] = make_bytes::<1>()?;
        if u16::from(byte) < usable {
            return Ok(byte % bound.max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_drawn_about_equally_often() {
        // 100 000 draws of 100 values: 1000 each on average, standard deviation about 31. Six of them is never seen.
        let mut counts = [0_u32; 100];
        for _ in 0..100_000 {
            counts[usize::from(make_below(100).unwrap())] += 1;
        }
        assert!(counts.iter().all(|count| (810..1190).contains(count)), "{counts:?}");
    }

    #[test]
    fn bounds_are_kept() {
        for bound in [1, 2, 3, 100, 255] {
            for _ in 0..500 {
                assert!(make_below(bound).unwrap() < bound);
            }
        }
    }
}
