//! Write a Vigie policy: one trait, one macro, typed input.
