//! Writes about units, and the questions that other concepts ask about them.

use chrono::NaiveDate;

use super::{
    model::{Unit, UnitKind},
    rules, store,
    view::UnitView,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result},
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
        text::clean,
    },
};

pub use super::naming::{list_former_names, names_at};

/// What a new unit is made of.
#[derive(Clone, Debug)]
pub struct NewUnit {
    /// Short code, unique in the ward.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Other ways documents write the name.
    pub aliases: Vec<String>,
    /// What sort of body it is.
    pub kind: UnitKind,
    /// Whether it is the standing office.
    pub is_standing_office: bool,
    /// The unit it belongs to.
    pub parent_id: Option<UnitId>,
    /// First day.
    pub active_from: NaiveDate,
}

/// What changes about a unit: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct UnitChanges {
    /// Short code.
    pub code: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Other ways documents write the name.
    pub aliases: Option<Vec<String>>,
    /// Whether it is the standing office.
    pub is_standing_office: Option<bool>,
    /// The unit it belongs to.
    pub parent_id: Option<Option<UnitId>>,
    /// First day.
    pub active_from: Option<NaiveDate>,
    /// Last day.
    pub active_to: Option<Option<NaiveDate>>,
    /// The unit that took its work over.
    pub successor_id: Option<Option<UnitId>>,
}

/// Adds a unit to a ward.
///
/// # Errors
/// `invalid`, `code_taken`, `standing_office_taken`.
pub fn create_unit(tx: &mut Tx<'_>, ward_id: WardId, new: NewUnit) -> Result<Unit> {
    let unit = Unit {
        id: UnitId::generate(),
        ward_id,
        code: clean(&new.code),
        name: clean(&new.name),
        aliases: clean_aliases(&new.aliases),
        kind: new.kind,
        is_standing_office: new.is_standing_office,
        parent_id: new.parent_id,
        active_from: new.active_from,
        active_to: None,
        successor_id: None,
        version: 1,
        acting_unit_id: None,
    };
    check(tx, &unit)?;
    store::insert_unit(tx.connection, &unit)?;
    let view = UnitView::of(&unit)?;
    tx.record(Event::new("unit.created", "unit", unit.id).between(None, Some(&view)));
    Ok(unit)
}

/// Changes a unit.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, and those of [`create_unit`].
pub fn change_unit(tx: &mut Tx<'_>, ward_id: WardId, id: UnitId, changes: UnitChanges) -> Result<Unit> {
    let before = get_unit(tx.connection, ward_id, id)?;
    tx.require_version(before.version)?;
    let mut unit = before.clone();
    unit.version += 1;
    if let Some(code) = changes.code {
        unit.code = clean(&code);
    }
    if let Some(name) = changes.name {
        unit.name = clean(&name);
    }
    if let Some(aliases) = changes.aliases {
        unit.aliases = clean_aliases(&aliases);
    }
    unit.is_standing_office = changes.is_standing_office.unwrap_or(unit.is_standing_office);
    unit.parent_id = changes.parent_id.unwrap_or(unit.parent_id);
    unit.active_from = changes.active_from.unwrap_or(unit.active_from);
    unit.active_to = changes.active_to.unwrap_or(unit.active_to);
    unit.successor_id = changes.successor_id.unwrap_or(unit.successor_id);
    // Without a successor nobody else acts for it.
    unit.acting_unit_id = unit.acting_unit_id.filter(|_| unit.successor_id.is_some());
    check(tx, &unit)?;
    store::update_unit(tx.connection, &unit)?;
    let (old, new) = (UnitView::of(&before)?, UnitView::of(&unit)?);
    tx.record(Event::new("unit.changed", "unit", id).between(Some(&old), Some(&new)));
    Ok(unit)
}

/// A unit of this ward.
///
/// # Errors
/// Not found.
pub fn get_unit(connection: &mut AnyConnection, ward_id: WardId, id: UnitId) -> Result<Unit> {
    store::find_unit(connection, ward_id, id)?.ok_or_else(Error::not_found)
}

/// A unit that a body names: unknown is a fault of that field.
///
/// # Errors
/// `unknown_reference` at the pointer.
pub fn require_unit(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id: UnitId,
    pointer: &str,
) -> Result<Unit> {
    store::find_unit(connection, ward_id, id)?.ok_or_else(|| Error::field(pointer, Code::UnknownReference))
}

/// All units of a ward.
///
/// # Errors
/// When the database fails.
pub fn list_ward_units(connection: &mut AnyConnection, ward_id: WardId) -> Result<Vec<Unit>> {
    store::list_all(connection, ward_id)
}

/// Checks what was written about a unit, and that it stands neither above nor after itself.
pub(super) fn check(tx: &mut Tx<'_>, unit: &Unit) -> Result<()> {
    let aliases: Vec<String> = unit.aliases.read().map_err(Error::internal)?;
    rules::check_unit(&unit.code, &unit.name, &aliases, unit.active_from, unit.active_to)?;
    let all = store::list_all(tx.connection, unit.ward_id)?;
    type Link = fn(&Unit) -> Option<UnitId>;
    let links: [(&str, Link); 2] =
        [("/parent_id", |unit| unit.parent_id), ("/successor_id", |unit| unit.successor_id)];
    for (pointer, link) in links {
        let Some(other) = link(unit) else { continue };
        if !all.iter().any(|known| known.id == other) {
            return Err(Error::field(pointer, Code::UnknownReference));
        }
        if rules::leads_back(unit.id, other, |id| all.iter().find(|known| known.id == id).and_then(link)) {
            return Err(Error::field(pointer, Code::OutOfRange));
        }
    }
    Ok(())
}

fn clean_aliases(aliases: &[String]) -> JsonText {
    let aliases: Vec<String> = aliases.iter().map(|alias| clean(alias)).collect();
    JsonText::of(&aliases)
}
