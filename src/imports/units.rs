//! A ward's units from a data file, each after the unit above it.

use std::collections::HashMap;

use super::file::UnitEntry;
use crate::{
    context::Tx,
    error::{Code, Error, FieldError, Result, text},
    kernel::{
        id::{UnitId, WardId},
        text::clean,
    },
    units::{
        Unit,
        actions::{NewUnit, create_unit, list_ward_units},
    },
};

/// Most units of one file.
const MAX_UNITS: usize = 1000;

/// Adds units to a ward, the units above named by code; all of them or, on an error, none.
///
/// # Errors
/// `invalid` with every unit at fault at `/units/<row>/…`; `code_taken`, `standing_office_taken`.
pub fn import_units(tx: &mut Tx<'_>, ward_id: WardId, entries: &[UnitEntry]) -> Result<Vec<Unit>> {
    if entries.len() > MAX_UNITS {
        return Err(Error::field("/units", Code::OutOfRange));
    }
    let mut known: HashMap<String, UnitId> =
        list_ward_units(tx.connection, ward_id)?.into_iter().map(|unit| (unit.code, unit.id)).collect();
    let mut created = Vec::with_capacity(entries.len());
    let mut faults = Vec::new();
    let mut waiting: Vec<(usize, &UnitEntry)> = entries.iter().enumerate().collect();
    // Each round adds what stands below the rounds before; a round that adds nothing leaves circles and strangers.
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for (index, entry) in waiting {
            let parent = entry.parent.as_deref().map(|code| known.get(&clean(code)).copied());
            match parent {
                Some(None) => later.push((index, entry)),
                None => add(tx, ward_id, (index, entry), None, &mut known, &mut created, &mut faults)?,
                Some(Some(id)) => {
                    add(tx, ward_id, (index, entry), Some(id), &mut known, &mut created, &mut faults)?;
                }
            }
        }
        if later.len() == before {
            faults.extend(later.iter().map(|(index, entry)| orphan(*index, entry)));
            break;
        }
        waiting = later;
    }
    if faults.is_empty() { Ok(created) } else { Err(Error::fields(Code::Invalid, faults)) }
}

fn add(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    (index, entry): (usize, &UnitEntry),
    parent_id: Option<UnitId>,
    known: &mut HashMap<String, UnitId>,
    created: &mut Vec<Unit>,
    faults: &mut Vec<FieldError>,
) -> Result<()> {
    let new = NewUnit {
        code: entry.code.clone(),
        name: entry.name.clone(),
        aliases: entry.aliases.clone(),
        kind: entry.kind,
        is_standing_office: entry.is_standing_office,
        parent_id,
        active_from: entry.active_from,
    };
    match create_unit(tx, ward_id, new) {
        Ok(unit) => {
            known.insert(unit.code.clone(), unit.id);
            created.push(unit);
            Ok(())
        }
        // What the rules say of a row is gathered; what the database says ends it, for PostgreSQL then stops too.
        Err(error) if error.code == Code::Invalid => {
            faults.extend(
                error
                    .fields
                    .into_iter()
                    .map(|fault| FieldError { pointer: format!("/units/{index}{}", fault.pointer), ..fault }),
            );
            known.insert(clean(&entry.code), UnitId::generate());
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn orphan(index: usize, entry: &UnitEntry) -> FieldError {
    let parent = entry.parent.as_deref().unwrap_or_default();
    let sentence = text(
        format!("Đơn vị {}: không có đơn vị cấp trên mang mã {parent}", entry.code),
        format!("Unit {}: there is no unit above with code {parent}", entry.code),
    );
    FieldError::because(format!("/units/{index}/parent"), Code::UnknownReference, sentence)
}
