//! Sign-ons: people sign in through the city's identity provider (OpenID Connect, authorization code with PKCE).

pub mod http;
