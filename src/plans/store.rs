//! All SQL about plans.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::model::{Plan, PlanId, PlanStatus};
use crate::{
    db::{AnyConnection, is_unique_violation},
    error::{Code, Error, FieldError, Result},
    kernel::{
        id::WardId,
        page::{Page, PageRequest},
    },
    schema::plans,
};

/// Which plans are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub year: Option<i32>,
    pub status: Option<PlanStatus>,
}

/// A ward's plans, the latest year first.
pub(super) fn list_plans(
    connection: &mut AnyConnection,
    ward_id: WardId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Plan>> {
    let mut query = plans::table
        .filter(plans::ward_id.eq(ward_id))
        .select(Plan::as_select())
        .order(plans::year.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(year) = filter.year {
        query = query.filter(plans::year.eq(year));
    }
    if let Some(status) = filter.status {
        query = query.filter(plans::status.eq(status));
    }
    if let Some(after) = &page.after {
        let year: i32 = after.parse().map_err(|_| Error::new(Code::InvalidCursor))?;
        query = query.filter(plans::year.lt(year));
    }
    Ok(page.page(query.load(connection)?, |plan: &Plan| plan.year.to_string()))
}

/// A plan of this ward.
pub(super) fn find_plan(connection: &mut AnyConnection, ward_id: WardId, id: PlanId) -> Result<Option<Plan>> {
    Ok(plans::table
        .find(id)
        .filter(plans::ward_id.eq(ward_id))
        .select(Plan::as_select())
        .first(connection)
        .optional()?)
}

/// The plan of this ward and year.
pub(super) fn find_plan_of_year(
    connection: &mut AnyConnection,
    ward_id: WardId,
    year: i32,
) -> Result<Option<Plan>> {
    Ok(plans::table
        .filter(plans::ward_id.eq(ward_id))
        .filter(plans::year.eq(year))
        .select(Plan::as_select())
        .first(connection)
        .optional()?)
}

/// Holds a plan in this state until the transaction ends, so that it stays there while its content changes.
///
/// `false` when it is in another (by now).
pub(super) fn lock_plan(connection: &mut AnyConnection, id: PlanId, status: PlanStatus) -> Result<bool> {
    let locked = diesel::update(plans::table.find(id).filter(plans::status.eq(status)))
        .set(plans::version.eq(plans::version))
        .execute(connection)?;
    Ok(locked > 0)
}

/// Adds a plan.
pub(super) fn insert_plan(connection: &mut AnyConnection, plan: &Plan) -> Result<()> {
    diesel::insert_into(plans::table)
        .values((
            plans::id.eq(plan.id),
            plans::ward_id.eq(plan.ward_id),
            plans::year.eq(plan.year),
            plans::title.eq(&plan.title),
            plans::number.eq(&plan.number),
            plans::issued_on.eq(plan.issued_on),
            plans::legal_bases.eq(&plan.legal_bases),
            plans::note.eq(&plan.note),
            plans::basis.eq(plan.basis),
            plans::status.eq(plan.status),
            plans::version.eq(plan.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    Ok(())
}

/// Writes a changed plan over the version and the status that were read.
pub(super) fn update_plan(connection: &mut AnyConnection, plan: &Plan, from: PlanStatus) -> Result<()> {
    let row =
        plans::table.find(plan.id).filter(plans::version.eq(plan.version - 1)).filter(plans::status.eq(from));
    let changed = diesel::update(row)
        .set((
            plans::title.eq(&plan.title),
            plans::number.eq(&plan.number),
            plans::issued_on.eq(plan.issued_on),
            plans::legal_bases.eq(&plan.legal_bases),
            plans::note.eq(&plan.note),
            plans::basis.eq(plan.basis),
            plans::status.eq(plan.status),
            plans::version.eq(plan.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

fn conflict(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error, "plans_year") {
        Error::fields(Code::PlanYearTaken, vec![FieldError::new("/year", Code::PlanYearTaken)])
    } else {
        error.into()
    }
}
