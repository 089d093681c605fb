//! The `kibali` binary: configuration, wiring and commands.

fn main() {}
