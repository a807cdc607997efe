//! vigie: verification policies for Pro Santé Connect logins, in a sandbox.

fn main() {}
