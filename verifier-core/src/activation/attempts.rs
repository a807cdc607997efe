//! Bounded tries. A value that can only go down.

/// Tries that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attempts(u8);

impl Attempts {
    /// Tries for a code of an activation. Ours: the operator publishes none. A plastic card blocks after three wrong codes,
    /// and three tries at six digits leave a guesser three chances in a million.
    pub const CODE: Self = Self(3);

    /// Tries for the PIN of an e-CPS on the phone. Ours: the operator publishes none; a plastic card blocks after three.
    pub const PIN: Self = Self(3);

    /// So many tries.
    #[must_use]
    pub const fn new(tries: u8) -> Self {
        Self(tries)
    }

    /// How many are left.
    #[must_use]
    pub fn left(self) -> u8 {
        self.0
    }

    /// After one more wrong try; `None` when that was the last one.
    #[must_use]
    pub fn spend(self) -> Option<Self> {
        self.0.checked_sub(1).filter(|left| *left > 0).map(Self)
    }
}
