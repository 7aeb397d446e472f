//! Explanations: requests to explain a figure, and what the standing office and the leader make of the unit's claim (RULES §5).

pub mod http;
