//! Documents: the ward's library of evidence (RULES §8).

pub mod http;
