//! The three sums behind the check digits. Each takes characters that were already held to their grammar; a character
//! outside it makes the sum fail rather than panic.

/// Luhn (ISO/IEC 7812-1 annex B) over ASCII digits, the last one being the key. Letters count as their rank in the
/// alphabet, as ADELI and FINESS use them (A = 1, B = 2, …).
pub(super) fn luhn(text: &str) -> bool {
    let mut sum = 0u32;
    for (from_right, byte) in text.bytes().rev().enumerate() {
        let Some(value) = digit_or_rank(byte) else {
            return false;
        };
        let value = if from_right % 2 == 1 { value * 2 } else { value };
        sum += value / 10 + value % 10;
    }
    sum.is_multiple_of(10)
}

/// The sum of the digits.
pub(super) fn digit_sum(text: &str) -> u32 {
    text.bytes().filter_map(digit_or_rank).sum()
}

/// The remainder of a decimal number by 97, digit by digit so that no integer is too small for it.
pub(super) fn remainder_97(digits: impl Iterator<Item = u8>) -> u32 {
    digits.fold(0, |rest, byte| (rest * 10 + u32::from(byte.saturating_sub(b'0'))) % 97)
}

fn digit_or_rank(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'E' => Some(u32::from(byte - b'A') + 1),
        _ => None,
    }
}
