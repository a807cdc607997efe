//! Set-up, build, demo, tests and packages of Vigie.

fn main() {}
