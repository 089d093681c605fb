//! Chores of the project, in Rust: `cargo xtask test`, `cargo xtask bench`.

fn main() {}
