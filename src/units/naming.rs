//! A unit's names through time: a renaming keeps the old name for the figures of its days (RULES §4).

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{
    actions::{check, get_unit},
    model::{FormerName, Unit},
    rules, store,
    view::UnitView,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result},
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
        text::clean,
    },
};

/// A renaming.
#[derive(Clone, Debug)]
pub struct Renaming {
    /// The new name.
    pub name: String,
    /// The new code; absent keeps.
    pub code: Option<String>,
    /// First day of the new name.
    pub effective_on: NaiveDate,
    /// The decision behind it.
    pub decision: Option<String>,
}

/// Gives a unit a new name from a day on. The old one stays with the days before, and becomes an alias.
///
/// # Errors
/// Not found, `version_stale`, `unit_not_active`, `invalid`, `code_taken`.
pub fn rename_unit(tx: &mut Tx<'_>, ward_id: WardId, id: UnitId, new: Renaming) -> Result<Unit> {
    let before = get_unit(tx.connection, ward_id, id)?;
    tx.check_version(before.version)?;
    let former = store::list_former_names(tx.connection, &[id])?;
    let since = rules::named_since(&before, &former);
    let decision = new.decision.as_deref().map(clean);
    let name = clean(&new.name);
    let code = new.code.map_or_else(|| before.code.clone(), |code| clean(&code));
    let mut faults = Faults::new();
    rules::check_decision(&mut faults, decision.as_deref());
    rules::check_renaming(&mut faults, &before, (&name, &code), since, new.effective_on, tx.now.ward_date());
    faults.into_result(Code::Invalid)?;
    let mut aliases: Vec<String> = before.aliases.read().map_err(Error::internal)?;
    if name != before.name && !aliases.contains(&before.name) {
        aliases.push(before.name.clone());
    }
    let after =
        Unit { name, code, aliases: JsonText::of(&aliases), version: before.version + 1, ..before.clone() };
    check(tx, &after)?;
    let kept = FormerName {
        unit_id: id,
        valid_from: since,
        valid_to: rules::day_before(new.effective_on),
        name: before.name.clone(),
        code: before.code.clone(),
        decision: decision.clone(),
    };
    store::insert_former_name(tx.connection, &kept)?;
    store::update_unit(tx.connection, &after)?;
    let (old, view) = (UnitView::of(&before)?, UnitView::of(&after)?);
    let event = Event::new("unit.renamed", "unit", id).between(Some(&old), Some(&view));
    tx.record(event.with("effective_on", new.effective_on).with("decision", decision));
    Ok(after)
}

/// The names that these units bore before, each unit's oldest first; what [`rules::name_on`] reads.
///
/// # Errors
/// When the database fails.
pub fn list_former_names(connection: &mut AnyConnection, ids: &[UnitId]) -> Result<Vec<FormerName>> {
    store::list_former_names(connection, ids)
}

/// What these units were called on a day. Two queries, whatever their number.
///
/// # Errors
/// When the database fails.
pub fn names_at(
    connection: &mut AnyConnection,
    ids: &[UnitId],
    day: NaiveDate,
) -> Result<HashMap<UnitId, String>> {
    let former = store::list_former_names(connection, ids)?;
    let names = store::list_names(connection, ids)?;
    let then = |(id, name)| {
        let old = rules::name_on(&former, id, day).map(|former| former.name.clone());
        (id, old.unwrap_or(name))
    };
    Ok(names.into_iter().map(then).collect())
}
