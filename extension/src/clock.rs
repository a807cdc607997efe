//! Counting down towards an absolute time. Pure.
//!
//! The time limit is Pro Santé Connect's own; none is added. It is shown every second and spoken at 30 s, at 10 s and at the
//! end only.

/// Whole seconds left, rounded up, so that 0 means that the time is up.
pub(crate) fn left_s(deadline_ms: u64, now_ms: u64) -> u64 {
    deadline_ms.saturating_sub(now_ms).div_ceil(1_000)
}

/// How much of the time is left, from 1 to 0.
#[expect(clippy::cast_precision_loss, reason = "a bar of a few hundred pixels")]
pub(crate) fn share_left(shown_at_ms: u64, deadline_ms: u64, now_ms: u64) -> f64 {
    let whole = deadline_ms.saturating_sub(shown_at_ms).max(1);
    let left = deadline_ms.saturating_sub(now_ms).min(whole);
    left as f64 / whole as f64
}

/// The sentence to speak when the time left passes a mark, given what was left a moment ago.
pub(crate) fn announcement(left_s: u64, before_s: Option<u64>) -> Option<&'static str> {
    let before_s = before_s?;
    [(0, "spokenEnd"), (10, "spokenTen"), (30, "spokenThirty")]
        .into_iter()
        .find(|(mark, _)| left_s <= *mark && before_s > *mark)
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds() {
        let check = |deadline, now, expect| assert_eq!(left_s(deadline, now), expect, "{deadline} {now}");
        check(94_000, 0, 94);
        check(94_000, 1, 94);
        check(94_000, 1_000, 93);
        check(94_000, 93_999, 1);
        check(94_000, 94_000, 0);
        check(94_000, 99_000, 0);
    }

    #[test]
    fn share() {
        let check = |now, expect: f64| assert!((share_left(1_000, 11_000, now) - expect).abs() < 1e-9, "{now}");
        check(0, 1.0);
        check(1_000, 1.0);
        check(6_000, 0.5);
        check(11_000, 0.0);
        check(20_000, 0.0);
    }

    #[test]
    fn what_is_spoken() {
        let check = |left, before, expect| assert_eq!(announcement(left, before), expect, "{left} {before:?}");
        check(94, None, None);
        check(31, Some(32), None);
        check(30, Some(31), Some("spokenThirty"));
        check(29, Some(30), None);
        check(10, Some(11), Some("spokenTen"));
        check(0, Some(1), Some("spokenEnd"));
        check(5, Some(60), Some("spokenTen"));
        check(0, Some(0), None);
    }
}
