//! Obstacles (khó khăn, vướng mắc): raised by a unit, answered or escalated by the standing office, decided by a leader.

pub mod http;
