//! A city to measure on, and what the figures are compared with.

fn main() {}
