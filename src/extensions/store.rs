//! All SQL about extensions.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};

use super::model::Extension;
use crate::{
    db::{AnyConnection, one_of},
    error::Result,
    kernel::{
        id::UnitId,
        page::{Page, PageRequest},
    },
    periods::PeriodId,
    schema::extensions,
};

/// The extensions of a period, of this unit if one is given, newest first.
pub(super) fn list_extensions(
    connection: &mut AnyConnection,
    period_id: PeriodId,
    unit_id: Option<UnitId>,
    page: &PageRequest,
) -> Result<Page<Extension>> {
    let mut query = extensions::table
        .filter(extensions::period_id.eq(period_id))
        .select(Extension::as_select())
        .order(extensions::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(unit_id) = unit_id {
        query = query.filter(extensions::unit_id.eq(unit_id));
    }
    if let Some(after) = &page.after {
        query = query.filter(extensions::id.lt(after.clone()));
    }
    Ok(page.page(query.load(connection)?, |extension| extension.id.to_string()))
}

/// The extensions of these units in these periods.
pub(super) fn list_of(
    connection: &mut AnyConnection,
    periods: &[PeriodId],
    units: &[UnitId],
) -> Result<Vec<Extension>> {
    Ok(extensions::table
        .filter(one_of(extensions::period_id, periods))
        .filter(one_of(extensions::unit_id, units))
        .select(Extension::as_select())
        .load(connection)?)
}

/// Adds an extension.
pub(super) fn insert_extension(connection: &mut AnyConnection, new: &Extension) -> Result<()> {
    use extensions as e;
    diesel::insert_into(e::table)
        .values((
            e::id.eq(new.id),
            e::ward_id.eq(new.ward_id),
            e::period_id.eq(new.period_id),
            e::unit_id.eq(new.unit_id),
            e::until.eq(new.until),
            e::reason.eq(&new.reason),
            e::waives_lateness.eq(new.waives_lateness),
            e::moves_due.eq(new.moves_due),
            e::granted_by.eq(new.granted_by),
            e::granted_at.eq(new.granted_at),
        ))
        .execute(connection)?;
    Ok(())
}
