//! All SQL about wards.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::model::Ward;
use crate::{
    db::{AnyConnection, is_unique_violation},
    error::{Code, Error, FieldError, Result},
    kernel::{
        id::WardId,
        page::{Page, PageRequest},
    },
    schema::wards,
};

/// Wards by code; only those that publish to everyone, if asked.
pub(super) fn list_wards(
    connection: &mut AnyConnection,
    open_only: bool,
    page: &PageRequest,
) -> Result<Page<Ward>> {
    let mut query =
        wards::table.select(Ward::as_select()).order(wards::code.asc()).limit(page.fetch()).into_boxed();
    if open_only {
        query = query.filter(wards::public_results.eq(true));
    }
    if let Some(after) = &page.after {
        query = query.filter(wards::code.gt(after.clone()));
    }
    Ok(page.page(query.load(connection)?, |ward| ward.code.clone()))
}

/// A ward by id.
pub(super) fn find_ward(connection: &mut AnyConnection, id: WardId) -> Result<Option<Ward>> {
    Ok(wards::table.find(id).select(Ward::as_select()).first(connection).optional()?)
}

/// A ward by code.
pub(super) fn find_by_code(connection: &mut AnyConnection, code: &str) -> Result<Option<Ward>> {
    Ok(wards::table.filter(wards::code.eq(code)).select(Ward::as_select()).first(connection).optional()?)
}

/// Makes others who would lock the same ward wait until the transaction ends.
pub(super) fn lock_ward(connection: &mut AnyConnection, id: WardId) -> Result<()> {
    diesel::update(wards::table.find(id)).set(wards::version.eq(wards::version)).execute(connection)?;
    Ok(())
}

/// How many wards there are.
pub(super) fn count_wards(connection: &mut AnyConnection) -> Result<i64> {
    Ok(wards::table.count().get_result(connection)?)
}

/// Adds a ward.
pub(super) fn insert_ward(connection: &mut AnyConnection, ward: &Ward) -> Result<()> {
    diesel::insert_into(wards::table)
        .values((
            wards::id.eq(ward.id),
            wards::code.eq(&ward.code),
            wards::name.eq(&ward.name),
            wards::name_en.eq(&ward.name_en),
            wards::area_code.eq(&ward.area_code),
            wards::public_results.eq(ward.public_results),
            wards::return_reasons.eq(&ward.return_reasons),
            wards::jump_percent.eq(ward.jump_percent),
            wards::version.eq(ward.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    Ok(())
}

/// Writes a changed ward over the version that was read.
pub(super) fn update_ward(connection: &mut AnyConnection, ward: &Ward) -> Result<()> {
    let changed = diesel::update(wards::table.find(ward.id).filter(wards::version.eq(ward.version - 1)))
        .set((
            wards::code.eq(&ward.code),
            wards::name.eq(&ward.name),
            wards::name_en.eq(&ward.name_en),
            wards::area_code.eq(&ward.area_code),
            wards::public_results.eq(ward.public_results),
            wards::return_reasons.eq(&ward.return_reasons),
            wards::jump_percent.eq(ward.jump_percent),
            wards::version.eq(ward.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

fn conflict(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error, "wards_code_key") {
        Error::fields(Code::CodeTaken, vec![FieldError::new("/code", Code::CodeTaken)])
    } else {
        error.into()
    }
}
