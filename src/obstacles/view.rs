//! An obstacle as people see it.

use serde::Serialize;

use super::{
    model::{Case, ObstacleAction, ObstacleId, ObstacleState, ObstacleStep},
    rules::{self, Person},
};
use crate::{
    access::Actor,
    items::ItemId,
    kernel::{
        id::{PrincipalId, UnitId},
        time::Timestamp,
    },
    plans::PlanId,
};

/// What stands in a unit's way at a leaf of the plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ObstacleView {
    /// Its id.
    pub id: ObstacleId,
    /// The plan.
    pub plan_id: PlanId,
    /// The leaf.
    pub item_id: ItemId,
    /// Code of the leaf.
    #[schema(example = "II.2.c")]
    pub item_code: String,
    /// Name of the leaf.
    pub item_title: String,
    /// The unit that meets it.
    pub unit_id: UnitId,
    /// Code of that unit.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// What is in the way.
    #[schema(example = "Máy quét hỏng, chưa có kinh phí thay")]
    pub description: String,
    /// What the unit proposes.
    #[schema(example = "Bổ sung kinh phí mua 02 máy quét trong Quý III")]
    pub proposal: Option<String>,
    /// Where it stands.
    pub state: ObstacleState,
    /// Who raised it.
    pub raised_by: PrincipalId,
    /// Office held at that moment.
    pub raised_position: Option<String>,
    /// When.
    pub raised_at: Timestamp,
    /// What was done about it, in order.
    pub steps: Vec<ObstacleStepView>,
    /// The moves that the caller may make now.
    pub allowed_actions: Vec<ObstacleAction>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

/// One step taken on an obstacle.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ObstacleStepView {
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

impl ObstacleView {
    /// The view of an obstacle for this caller.
    #[must_use]
    pub fn of(case: Case, actor: &Actor) -> Self {
        let Case { obstacle, item_code, item_title, unit_code, steps } = case;
        let allowed_actions =
            Person::of(actor).map(|person| rules::allowed_actions(&obstacle, &person)).unwrap_or_default();
        Self {
            id: obstacle.id,
            plan_id: obstacle.plan_id,
            item_id: obstacle.item_id,
            item_code,
            item_title,
            unit_id: obstacle.unit_id,
            unit_code,
            description: obstacle.description,
            proposal: obstacle.proposal,
            state: obstacle.state,
            raised_by: obstacle.raised_by,
            raised_position: obstacle.raised_position,
            raised_at: obstacle.raised_at,
            steps: steps.into_iter().map(ObstacleStepView::of).collect(),
            allowed_actions,
            version: obstacle.version,
        }
    }
}

impl ObstacleStepView {
    fn of(step: ObstacleStep) -> Self {
        Self {
            action: step.action,
            text: step.text,
            taken_by: step.taken_by,
            position: step.position,
            unit_id: step.unit_id,
            taken_at: step.taken_at,
        }
    }
}
