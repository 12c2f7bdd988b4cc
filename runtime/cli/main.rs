//! The `kurant` command.

fn main() {}
