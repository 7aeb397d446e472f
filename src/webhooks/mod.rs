//! Webhooks: what other systems asked to be told, and telling them, signed, again and again until it arrives.

pub mod http;
