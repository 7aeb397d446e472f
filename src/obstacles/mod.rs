//! Obstacles (khó khăn, vướng mắc): raised by a unit, answered or escalated by the standing office, decided by a leader
//! (plan, closing paragraph).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod view;

pub use self::model::{Obstacle, ObstacleAction, ObstacleId, ObstacleState};
