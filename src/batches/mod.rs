//! Batches: many figures at once, by codes, and the template that units fill in.

pub mod http;
