//! Comments: what readers of a figure say about it.

pub mod http;
