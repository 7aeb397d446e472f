//! Obstacles and the steps taken on them, as the database keeps them.

use diesel::{
    Insertable, Queryable, QueryableByName, Selectable,
    sql_types::{BigInt, Text, Timestamp as SqlTimestamp},
};

use crate::{
    id_type,
    items::ItemId,
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        time::Timestamp,
    },
    plans::PlanId,
    schema::{obstacle_steps, obstacles},
    text_enum,
};

id_type! {
    /// Identifies an obstacle.
    ObstacleId
}

id_type! {
    /// Identifies a step taken on an obstacle.
    StepId
}

text_enum! {
    /// Where an obstacle stands.
    pub enum ObstacleState {
        /// Waits for the standing office.
        Open = "open",
        /// Answered by the standing office.
        Answered = "answered",
        /// Waits for a leader.
        Escalated = "escalated",
        /// Decided by a leader.
        Decided = "decided",
        /// Taken back by the unit.
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// What a person may do about an obstacle.
    pub enum ObstacleAction {
        /// The standing office answers, and that ends it.
        Answer = "answer",
        /// The standing office brings it before the leaders.
        Escalate = "escalate",
        /// A leader decides.
        Decide = "decide",
        /// The unit takes it back.
        Withdraw = "withdraw",
    }
}

impl ObstacleAction {
    /// What the audit trail calls it.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::Answer => "obstacle.answered",
            Self::Escalate => "obstacle.escalated",
            Self::Decide => "obstacle.decided",
            Self::Withdraw => "obstacle.withdrawn",
        }
    }
}

/// What stands in a unit's way at a leaf of the plan.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = obstacles, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct Obstacle {
    /// Its id.
    pub id: ObstacleId,
    /// Its ward.
    pub ward_id: WardId,
    /// The plan.
    pub plan_id: PlanId,
    /// The leaf.
    pub item_id: ItemId,
    /// The unit that meets it.
    pub unit_id: UnitId,
    /// What is in the way.
    pub description: String,
    /// What the unit proposes.
    pub proposal: Option<String>,
    /// Where it stands.
    pub state: ObstacleState,
    /// Who raised it.
    pub raised_by: PrincipalId,
    /// Office held at that moment.
    pub raised_position: Option<String>,
    /// When.
    pub raised_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

/// An obstacle that waits for somebody, as a list of work shows it.
#[derive(Clone, Debug, QueryableByName)]
pub struct WaitingObstacle {
    /// The obstacle.
    #[diesel(sql_type = Text)]
    pub obstacle_id: ObstacleId,
    /// Code of the leaf.
    #[diesel(sql_type = Text)]
    pub item_code: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub item_title: String,
    /// The unit that meets it.
    #[diesel(sql_type = Text)]
    pub unit_id: UnitId,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub unit_code: String,
    /// What is in the way.
    #[diesel(sql_type = Text)]
    pub description: String,
    /// Where it stands.
    #[diesel(sql_type = Text)]
    pub state: ObstacleState,
    /// When it was raised.
    #[diesel(sql_type = SqlTimestamp)]
    pub raised_at: Timestamp,
    /// Rows of the whole list.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
}

/// One step taken on an obstacle.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = obstacle_steps, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct ObstacleStep {
    /// Its id.
    pub id: StepId,
    /// The obstacle.
    pub obstacle_id: ObstacleId,
    /// What was done.
    pub action: ObstacleAction,
    /// The answer, the decision, or the reason.
    pub text: String,
    /// Who did it.
    pub taken_by: PrincipalId,
    /// Office held at that moment.
    pub position: Option<String>,
    /// Unit at that moment.
    pub unit_id: UnitId,
    /// When.
    pub taken_at: Timestamp,
}

/// An obstacle with all that its view shows.
#[derive(Clone, Debug)]
pub struct Case {
    /// The obstacle.
    pub obstacle: Obstacle,
    /// Code of the leaf.
    pub item_code: String,
    /// Name of the leaf.
    pub item_title: String,
    /// Code of the unit.
    pub unit_code: String,
    /// What was done about it, in order.
    pub steps: Vec<ObstacleStep>,
}
