//! The audit trail as inspectors read it; what writes it is [`crate::audit`] (RULES §9).

pub mod http;
