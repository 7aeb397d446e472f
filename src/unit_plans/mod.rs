//! Unit plans: a unit's own plan, whose items contribute to the ward's (plan V.1.a).

pub mod http;
