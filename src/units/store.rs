//! All SQL about units.

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl, SelectableHelper, TextExpressionMethods,
};

use super::{
    model::{FormerName, Unit, UnitKind},
    rules,
};
use crate::{
    db::{AnyConnection, is_unique_violation, one_of},
    error::{Code, Error, Result},
    kernel::{
        id::{UnitId, WardId},
        page::{Page, PageRequest, Rank},
        text,
    },
    schema::{unit_names, units},
};

/// Which units are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub kind: Option<UnitKind>,
    pub q: Option<String>,
}

/// A ward's units in Vietnamese order of their names; where a text is searched for, exact hits before loose ones.
pub(super) fn list_units(
    connection: &mut AnyConnection,
    ward_id: WardId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Unit>> {
    page.search(
        filter.q.is_some(),
        |rank, after, limit| list_ranked(connection, ward_id, filter, rank, after, limit),
        |unit| format!("{}|{}", text::sort_key(&unit.name), unit.id),
    )
}

fn list_ranked(
    connection: &mut AnyConnection,
    ward_id: WardId,
    filter: &Filter,
    rank: Rank,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Unit>> {
    let mut query = units::table.filter(units::ward_id.eq(ward_id)).into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(units::kind.eq(kind));
    }
    if let Some(q) = &filter.q {
        let loose = text::contains_pattern(&text::search_key(q));
        let exact = text::contains_pattern(&text::lower(q));
        query = query.filter(units::search_key.like(loose).escape('\\'));
        query = match rank {
            Rank::Exact => query.filter(units::name_lower.like(exact).escape('\\')),
            Rank::Loose => query.filter(units::name_lower.not_like(exact).escape('\\')),
        };
    }
    if let Some(after) = after {
        let key = after.rsplit_once('|').and_then(|(name, id)| Some((name.to_owned(), UnitId::parse(id)?)));
        let (name, id) = key.ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query =
            query.filter(units::sort_key.gt(name.clone()).or(units::sort_key.eq(name).and(units::id.gt(id))));
    }
    Ok(query
        .select(Unit::as_select())
        .order((units::sort_key.asc(), units::id.asc()))
        .limit(limit)
        .load(connection)?)
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
            units::name_lower.eq(rules::text_of(&unit.code, &unit.name, &aliases, text::lower)),
            units::search_key.eq(rules::text_of(&unit.code, &unit.name, &aliases, text::search_key)),
            units::aliases.eq(&unit.aliases),
            units::kind.eq(unit.kind),
            units::is_standing_office.eq(unit.is_standing_office),
            units::parent_id.eq(unit.parent_id),
            units::active_from.eq(unit.active_from),
            units::active_to.eq(unit.active_to),
            units::successor_id.eq(unit.successor_id),
            units::version.eq(unit.version),
            units::acting_unit_id.eq(unit.acting_unit_id),
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
            units::name_lower.eq(rules::text_of(&unit.code, &unit.name, &aliases, text::lower)),
            units::search_key.eq(rules::text_of(&unit.code, &unit.name, &aliases, text::search_key)),
            units::aliases.eq(&unit.aliases),
            units::kind.eq(unit.kind),
            units::is_standing_office.eq(unit.is_standing_office),
            units::parent_id.eq(unit.parent_id),
            units::active_from.eq(unit.active_from),
            units::active_to.eq(unit.active_to),
            units::successor_id.eq(unit.successor_id),
            units::version.eq(unit.version),
            units::acting_unit_id.eq(unit.acting_unit_id),
        ))
        .execute(connection)
        .map_err(conflict)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Passes on what a unit acted for itself: whoever it stood in for is now its successor's.
pub(super) fn replace_acting_unit(connection: &mut AnyConnection, old: UnitId, new: UnitId) -> Result<()> {
    diesel::update(units::table.filter(units::acting_unit_id.eq(old)))
        .set(units::acting_unit_id.eq(new))
        .execute(connection)?;
    Ok(())
}

/// The names that these units bore before, each unit's oldest first.
pub(super) fn list_former_names(connection: &mut AnyConnection, ids: &[UnitId]) -> Result<Vec<FormerName>> {
    Ok(unit_names::table
        .filter(one_of(unit_names::unit_id, ids))
        .select(FormerName::as_select())
        .order((unit_names::unit_id.asc(), unit_names::valid_to.asc()))
        .load(connection)?)
}

/// Keeps a name that a unit no longer bears.
pub(super) fn insert_former_name(connection: &mut AnyConnection, name: &FormerName) -> Result<()> {
    diesel::insert_into(unit_names::table).values(name).execute(connection)?;
    Ok(())
}

/// The names that these units bear now.
pub(super) fn list_names(connection: &mut AnyConnection, ids: &[UnitId]) -> Result<Vec<(UnitId, String)>> {
    Ok(units::table.filter(one_of(units::id, ids)).select((units::id, units::name)).load(connection)?)
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
