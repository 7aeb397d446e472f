//! All SQL about amendments.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::model::{Amendment, AmendmentId, AmendmentStatus};
use crate::{
    db::{AnyConnection, is_unique_violation},
    error::{Code, Error, FieldError, Result},
    kernel::{
        id::WardId,
        page::{Page, PageRequest},
    },
    plans::PlanId,
    schema::amendments,
};

/// The amendments of a plan, newest first.
pub(super) fn list_amendments(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    page: &PageRequest,
) -> Result<Page<Amendment>> {
    let mut query = amendments::table
        .filter(amendments::plan_id.eq(plan_id))
        .select(Amendment::as_select())
        .order(amendments::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = &page.after {
        let after = AmendmentId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(amendments::id.lt(after));
    }
    Ok(page.page(query.load(connection)?, |amendment: &Amendment| amendment.id.to_string()))
}

/// An amendment of this ward.
pub(super) fn find_amendment(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id: AmendmentId,
) -> Result<Option<Amendment>> {
    Ok(amendments::table
        .find(id)
        .filter(amendments::ward_id.eq(ward_id))
        .select(Amendment::as_select())
        .first(connection)
        .optional()?)
}

/// Adds an amendment.
pub(super) fn insert_amendment(connection: &mut AnyConnection, new: &Amendment) -> Result<()> {
    use amendments as a;
    diesel::insert_into(a::table)
        .values((
            a::id.eq(new.id),
            a::ward_id.eq(new.ward_id),
            a::plan_id.eq(new.plan_id),
            a::number.eq(&new.number),
            a::decided_on.eq(new.decided_on),
            a::effective_on.eq(new.effective_on),
            a::reason.eq(&new.reason),
            a::changes.eq(&new.changes),
            a::status.eq(new.status),
            a::created_by.eq(new.created_by),
            a::created_at.eq(new.created_at),
            a::version.eq(new.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    Ok(())
}

/// Writes a changed draft over the version that was read.
pub(super) fn update_amendment(connection: &mut AnyConnection, after: &Amendment) -> Result<()> {
    use amendments as a;
    let row = a::table
        .find(after.id)
        .filter(a::version.eq(after.version - 1))
        .filter(a::status.eq(AmendmentStatus::Draft));
    let changed = diesel::update(row)
        .set((
            a::number.eq(&after.number),
            a::decided_on.eq(after.decided_on),
            a::effective_on.eq(after.effective_on),
            a::reason.eq(&after.reason),
            a::changes.eq(&after.changes),
            a::status.eq(after.status),
            a::approved_by.eq(after.approved_by),
            a::approved_at.eq(after.approved_at),
            a::version.eq(after.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Deletes a draft over the version that was read.
pub(super) fn delete_amendment(connection: &mut AnyConnection, amendment: &Amendment) -> Result<()> {
    use amendments as a;
    let row = a::table
        .find(amendment.id)
        .filter(a::version.eq(amendment.version))
        .filter(a::status.eq(AmendmentStatus::Draft));
    let deleted = diesel::delete(row).execute(connection)?;
    if deleted == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

fn conflict(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error, "amendments_number") {
        Error::fields(Code::CodeTaken, vec![FieldError::new("/number", Code::CodeTaken)])
    } else {
        error.into()
    }
}
