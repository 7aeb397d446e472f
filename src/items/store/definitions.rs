//! All SQL about the definitions that indicators had before.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};

use crate::{
    db::{AnyConnection, one_of},
    error::Result,
    items::model::{ItemId, MeasureVersion},
    schema::measure_versions,
};

/// The definitions that these items had before, each item's oldest first.
pub(in crate::items) fn list_definitions(
    connection: &mut AnyConnection,
    ids: &[ItemId],
) -> Result<Vec<MeasureVersion>> {
    Ok(measure_versions::table
        .filter(one_of(measure_versions::item_id, ids))
        .select(MeasureVersion::as_select())
        .order((measure_versions::item_id.asc(), measure_versions::number.asc()))
        .load(connection)?)
}

/// Keeps a definition that another replaces.
pub(in crate::items) fn insert_definition(
    connection: &mut AnyConnection,
    version: &MeasureVersion,
) -> Result<()> {
    diesel::insert_into(measure_versions::table).values(version).execute(connection)?;
    Ok(())
}
