//! All SQL about units.

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl, SelectableHelper, TextExpressionMethods,
};

use super::{
    model::{Unit, UnitKind},
    rules,
};
use crate::{
    db::{AnyConnection, is_unique_violation},
    error::{Code, Error, Result},
    kernel::{
        id::{UnitId, WardId},
        page::{Page, PageRequest},
        text,
    },
    schema::units,
};

/// Which units are wanted.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub kind: Option<UnitKind>,
    pub q: Option<String>,
}

/// A ward's units in Vietnamese order of their names.
pub(super) fn list_units(
    connection: &mut AnyConnection,
    ward_id: WardId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Unit>> {
    let mut query = units::table
        .filter(units::ward_id.eq(ward_id))
        .select((Unit::as_select(), units::sort_key))
        .order((units::sort_key.asc(), units::id.asc()))
        .limit(page.fetch())
        .into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(units::kind.eq(kind));
    }
    if let Some(q) = &filter.q {
        let pattern = text::contains_pattern(&text::search_key(q));
        query = query.filter(units::search_key.like(pattern).escape('\\'));
    }
    if let Some((sort_key, id)) = page.after.as_deref().and_then(|key| key.rsplit_once('|')) {
        let (sort_key, id) =
            (sort_key.to_owned(), UnitId::parse(id).ok_or_else(|| Error::new(Code::InvalidCursor))?);
        query = query.filter(
            units::sort_key.gt(sort_key.clone()).or(units::sort_key.eq(sort_key).and(units::id.gt(id))),
        );
    }
    let rows: Vec<(Unit, String)> = query.load(connection)?;
    let page = page.page(rows, |(unit, sort_key)| format!("{sort_key}|{}", unit.id));
    Ok(page.map(|(unit, _)| unit))
}

/// All units of a ward; a ward has some dozens.
pub(super) fn list_all(connection: &mut AnyConnection, ward_id: WardId) -> Result<Vec<Unit>> {
    Ok(units::table.filter(units::ward_id.eq(ward_id)).select(Unit::as_select()).load(connection)?)
}

/// A unit of this ward.
pub(super) fn find_unit(connection: &mut AnyConnection, ward_id: WardId, id: UnitId) -> Result<Option<Unit>> {
    Ok(units::table
        .find(id)
        .filter(units::ward_id.eq(ward_id))
        .select(Unit::as_select())
        .first(connection)
        .optional()?)
}

/// Adds a unit.
pub(super) fn insert_unit(connection: &mut AnyConnection, unit: &Unit) -> Result<()> {
    let aliases: Vec<String> = unit.aliases.read().map_err(Error::internal)?;
    diesel::insert_into(units::table)
        .values((
            units::id.eq(unit.id),
            units::ward_id.eq(unit.ward_id),
            units::code.eq(&unit.code),
            units::name.eq(&unit.name),
            units::sort_key.eq(text::sort_key(&unit.name)),
            units::search_key.eq(rules::search_key_of(&unit.code, &unit.name, &aliases)),
            units::aliases.eq(&unit.aliases),
            units::kind.eq(unit.kind),
            units::is_standing_office.eq(unit.is_standing_office),
            units::parent_id.eq(unit.parent_id),
            units::active_from.eq(unit.active_from),
            units::active_to.eq(unit.active_to),
            units::successor_id.eq(unit.successor_id),
            units::version.eq(unit.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    Ok(())
}

/// Writes a changed unit over the version that was read.
pub(super) fn update_unit(connection: &mut AnyConnection, unit: &Unit) -> Result<()> {
    let aliases: Vec<String> = unit.aliases.read().map_err(Error::internal)?;
    let changed = diesel::update(units::table.find(unit.id).filter(units::version.eq(unit.version - 1)))
        .set((
            units::code.eq(&unit.code),
            units::name.eq(&unit.name),
            units::sort_key.eq(text::sort_key(&unit.name)),
            units::search_key.eq(rules::search_key_of(&unit.code, &unit.name, &aliases)),
            units::aliases.eq(&unit.aliases),
            units::kind.eq(unit.kind),
            units::is_standing_office.eq(unit.is_standing_office),
            units::parent_id.eq(unit.parent_id),
            units::active_from.eq(unit.active_from),
            units::active_to.eq(unit.active_to),
            units::successor_id.eq(unit.successor_id),
            units::version.eq(unit.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

fn conflict(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error, "units_code") {
        Error::fields(Code::CodeTaken, vec![crate::error::FieldError::new("/code", Code::CodeTaken)])
    } else if is_unique_violation(&error, "units_standing_office") {
        Error::new(Code::StandingOfficeTaken)
    } else {
        error.into()
    }
}
