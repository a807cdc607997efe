//! The last few of something that is costly to make and asked for all the time. Readers wait for nobody.

use arc_swap::ArcSwap;

/// At most so many; the one that was kept first makes room for one more.
pub(super) struct Recent<T> {
    kept: ArcSwap<Vec<T>>,
    most: usize,
}

impl<T: Clone> Recent<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { kept: ArcSwap::default(), most }
    }

    /// What the first one that fits gives.
    pub(super) fn find<R>(&self, fits: impl FnMut(&T) -> Option<R>) -> Option<R> {
        self.kept.load().iter().find_map(fits)
    }

    pub(super) fn keep(&self, one: T) {
        self.kept.rcu(|kept| {
            let surplus = (kept.len() + 1).saturating_sub(self.most);
            kept.iter().skip(surplus).chain([&one]).cloned().collect::<Vec<_>>()
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.kept.load().len()
    }
}
