//! How many slips of the finger separate two names: insertions, deletions, substitutions and exchanges of two neighbours
//! (optimal string alignment). Names are at most [`MAX`] bytes, so the work is bounded; the tests compare with `strsim`.

/// Longest name that is compared; anything longer is told to be far.
const MAX: usize = 64;

/// Whether `a` becomes `b` with at most `most` slips. ASCII is assumed: a byte is a character.
pub(super) fn is_within(a: &str, b: &str, most: usize) -> bool {
    a.len().abs_diff(b.len()) <= most
        && a.len() <= MAX
        && b.len() <= MAX
        && last_row(a, b, Start::Here).last().is_some_and(|slips| *slips <= most)
}

/// Whether some part of `text` becomes `name` with at most `most` slips (Sellers' variant: a match may begin anywhere).
pub(super) fn has_part_within(text: &str, name: &str, most: usize) -> bool {
    name.len() <= MAX && last_row(name, text, Start::Anywhere).iter().any(|slips| *slips <= most)
}

/// Where in the text a match begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// At its first byte.
    Here,
    /// At any byte, at no cost.
    Anywhere,
}

/// The last row of the table: at column `n`, the slips between `name` and the text up to byte `n`.
fn last_row(name: &str, text: &str, start: Start) -> Vec<usize> {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=text.len()).map(|column| if start == Start::Here { column } else { 0 }).collect();
    let mut previous_x: Option<u8> = None;
    for (row, x) in name.bytes().enumerate() {
        let mut current = Vec::with_capacity(text.len() + 1);
        let mut left = row + 1;
        current.push(left);
        let mut previous_y: Option<u8> = None;
        // Windows of two neighbouring cells of the row above, and the cell for an exchange two rows above.
        let exchanges =
            core::iter::once(None).chain(before_last.iter().copied().map(Some)).chain(core::iter::repeat(None));
        for ((y, above), exchange) in text.bytes().zip(last.windows(2)).zip(exchanges) {
            let [diagonal, up] = above else { continue };
            let mut best = (diagonal + usize::from(x != y)).min(up + 1).min(left + 1);
            if let Some(exchange) = exchange
                && previous_y == Some(x)
                && previous_x == Some(y)
            {
                best = best.min(exchange + 1);
            }
            current.push(best);
            left = best;
            previous_y = Some(y);
        }
        before_last = last;
        last = current;
        previous_x = Some(x);
    }
    last
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_exchange_of_neighbours_is_one_slip() {
        assert!(is_within("esnate", "esante", 1));
        assert!(!is_within("esanet.fr", "sante.fr", 1));
        assert!(has_part_within("www-esnategouv-fr", "esantegouv", 1));
        assert!(!has_part_within("www-example-fr", "esantegouv", 3));
    }

    proptest! {
        #[test]
        fn agrees_with_the_oracle(a in "[a-e.]{0,12}", b in "[a-e.]{0,12}", most in 0usize..4) {
            prop_assert_eq!(is_within(&a, &b, most), strsim::osa_distance(&a, &b) <= most);
        }

        #[test]
        fn a_part_is_found_wherever_it_stands(left in "[x-z]{0,6}", name in "[a-e]{5,9}", right in "[x-z]{0,6}") {
            let text = format!("{left}{name}{right}");
            prop_assert!(has_part_within(&text, &name, 0));
        }

        #[test]
        fn a_part_is_as_near_as_the_nearest_window(text in "[a-d]{0,10}", name in "[a-d]{3,6}", most in 0usize..3) {
            let windows = (0..=text.len()).flat_map(|start| (start..=text.len()).map(move |end| (start, end)));
            let nearest = windows.map(|(start, end)| strsim::osa_distance(text.get(start..end).unwrap_or_default(), &name)).min().unwrap_or(usize::MAX);
            prop_assert_eq!(has_part_within(&text, &name, most), nearest <= most);
        }
    }
}
