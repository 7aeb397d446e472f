//! What units said in a period, in the revisions that a basis takes.

use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper,
};

use super::{
    super::{
        model::{FigureBasis, UnitFigure},
        reach::Visibility,
    },
    visible,
};
use crate::{
    db::AnyConnection,
    error::{Error, Result},
    items::{ItemKind, PlanItem},
    kernel::{id::UnitId, json::JsonText},
    periods::PeriodId,
    schema::{plan_items, submission_revisions, submissions, units},
};

/// The figures of all units, or of one, that the caller may know of, in the order of the plan.
pub(in crate::submissions) fn list_figures(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    period_id: PeriodId,
    kind: ItemKind,
    unit: Option<UnitId>,
    basis: FigureBasis,
) -> Result<Vec<UnitFigure>> {
    let number = submission_revisions::number.nullable();
    let query = visible(visibility)
        .inner_join(submission_revisions::table.on(submission_revisions::submission_id.eq(submissions::id)))
        .filter(submissions::period_id.eq(period_id))
        .filter(plan_items::kind.eq(kind));
    let query = match basis {
        FigureBasis::Submitted => {
            query.filter(submission_revisions::number.eq(submissions::submitted_revision))
        }
        FigureBasis::Approved => query.filter(number.eq(submissions::approved_revision)),
        FigureBasis::Published => query.filter(number.eq(submissions::published_revision)),
    };
    let query = match unit {
        Some(unit) => query.filter(submissions::unit_id.eq(unit)),
        None => query,
    };
    let rows: Vec<(PlanItem, UnitId, String, String, JsonText)> = query
        .select((
            PlanItem::as_select(),
            submissions::unit_id,
            units::code,
            units::name,
            submission_revisions::content,
        ))
        .order((plan_items::sort_path.asc(), units::code.asc(), submissions::id.asc()))
        .load(connection)?;
    rows.into_iter()
        .map(|(item, unit_id, unit_code, unit_name, content)| {
            let content = content.read().map_err(Error::internal)?;
            Ok(UnitFigure { item, unit_id, unit_code, unit_name, content })
        })
        .collect()
}
