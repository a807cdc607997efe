//! Pro Santé Connect and the e-CPS on one laptop.

fn main() {}
