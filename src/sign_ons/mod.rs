//! Sign-ons: people sign in through the city's identity provider (OpenID Connect, authorization code with PKCE).
//!
//! A browser leaves with a state, a nonce and a verifier and comes back with a code; what it left with waits in the
//! database, so that any instance may receive it. The provider says who it is; the account must be here already.

pub mod actions;
pub mod http;
pub mod model;
mod provider;
pub mod rules;
mod store;

pub use self::provider::Provider;
