//! When units may be merged, and when one may be split.

use std::collections::HashSet;

use chrono::NaiveDate;

use crate::{
    error::{Code, Error, Faults, FieldError, text},
    items::{ItemId, PlanItem},
    kernel::id::UnitId,
    units::{Unit, rules::day_before},
};

/// The most units that are merged, or that one is split into, at once.
pub const MAX_UNITS: usize = 50;

/// Whether a unit can end on the day before: it exists then, and nothing came after it yet.
#[must_use]
pub fn can_end(unit: &Unit, effective_on: NaiveDate) -> bool {
    unit.is_active_on(day_before(effective_on)) && unit.successor_id.is_none()
}

/// Checks which units are merged; `all` are those of the ward.
pub fn check_from(faults: &mut Faults, from: &[UnitId], all: &[Unit], effective_on: NaiveDate) {
    if from.is_empty() {
        faults.add("/from_unit_ids", Code::Required);
    } else if from.len() > MAX_UNITS {
        faults.add("/from_unit_ids", Code::OutOfRange);
    }
    let mut seen = HashSet::new();
    for (index, id) in from.iter().enumerate() {
        let pointer = format!("/from_unit_ids/{index}");
        match all.iter().find(|unit| unit.id == *id) {
            None => faults.add(pointer, Code::UnknownReference),
            Some(_) if !seen.insert(*id) => faults.add(pointer, Code::OutOfRange),
            Some(unit) if !can_end(unit, effective_on) => faults.add(pointer, Code::UnitNotActive),
            Some(_) => {}
        }
    }
}

/// Checks the unit that others are merged into.
pub fn check_into(faults: &mut Faults, into: UnitId, from: &[UnitId], all: &[Unit], effective_on: NaiveDate) {
    match all.iter().find(|unit| unit.id == into) {
        None => faults.add("/into_unit_id", Code::UnknownReference),
        Some(_) if from.contains(&into) => {
            let sentence = text(
                "Đơn vị nhận không được nằm trong các đơn vị bị sáp nhập",
                "The unit that takes over cannot be one of those that end",
            );
            faults.add_because("/into_unit_id", Code::OutOfRange, sentence);
        }
        Some(unit) if !unit.is_active_on(effective_on) => faults.add("/into_unit_id", Code::UnitNotActive),
        Some(_) => {}
    }
}

/// Checks which part of a split becomes the standing office: one, if the old unit was it, and else none.
pub fn check_standing_office(faults: &mut Faults, was: bool, parts: &[bool]) {
    if was && parts.iter().filter(|part| **part).count() != 1 {
        let sentence = text(
            "Đơn vị này là cơ quan thường trực; hãy chọn đúng một đơn vị mới làm cơ quan thường trực",
            "This unit is the standing office; name exactly one new unit that becomes it",
        );
        faults.add_because("/into", Code::Required, sentence);
    }
    for (index, part) in parts.iter().enumerate() {
        if *part && !was {
            faults.add(format!("/into/{index}/is_standing_office"), Code::NotApplicableHere);
        }
    }
}

/// Checks which items go to which part; a part that names none takes all. Every item goes to at least one.
pub fn check_items(faults: &mut Faults, held: &[PlanItem], parts: &[Option<Vec<ItemId>>]) {
    for (index, items) in parts.iter().enumerate() {
        for (place, id) in items.iter().flatten().enumerate() {
            if !held.iter().any(|item| item.id == *id) {
                faults.add(format!("/into/{index}/item_ids/{place}"), Code::UnknownReference);
            }
        }
    }
    let Some(named) = parts.iter().cloned().collect::<Option<Vec<_>>>() else { return };
    let named: HashSet<ItemId> = named.into_iter().flatten().collect();
    for item in held.iter().filter(|item| !named.contains(&item.id)) {
        let (code, title) = (&item.code, &item.title);
        let sentence = text(
            format!("Mục {code} ({title}) chưa có đơn vị mới nào nhận"),
            format!("No new unit takes item {code} ({title})"),
        );
        faults.add_because("/into", Code::ItemLeftWithout, sentence);
    }
}

/// The same refusal, its pointers into a part of the body.
#[must_use]
pub fn within(error: Error, part: &str) -> Error {
    let inner = |field: FieldError| FieldError { pointer: format!("{part}{}", field.pointer), ..field };
    Error { fields: error.fields.into_iter().map(inner).collect(), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{id::WardId, json::JsonText},
        units::UnitKind,
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn unit(from: &str, to: Option<&str>) -> Unit {
        Unit {
            id: UnitId::generate(),
            ward_id: WardId::generate(),
            code: "DV".to_owned(),
            name: "Đơn vị".to_owned(),
            aliases: JsonText::of::<[String]>(&[]),
            kind: UnitKind::Department,
            is_standing_office: false,
            parent_id: None,
            active_from: day(from),
            active_to: to.map(day),
            successor_id: None,
            version: 1,
            acting_unit_id: None,
        }
    }

    #[test]
    fn a_unit_ends_only_while_it_exists_and_only_once() {
        let on = day("2026-07-01");
        for (unit, can) in [
            (unit("2025-07-01", None), true),
            (unit("2026-06-30", None), true),
            (unit("2026-07-01", None), false),
            (unit("2025-07-01", Some("2026-06-30")), true),
            (unit("2025-07-01", Some("2026-06-29")), false),
            (Unit { successor_id: Some(UnitId::generate()), ..unit("2025-07-01", None) }, false),
        ] {
            assert_eq!(can_end(&unit, on), can, "{unit:?}");
        }
    }

    #[test]
    fn exactly_one_part_inherits_the_standing_office() {
        for (was, parts, fine) in [
            (true, [true, false], true),
            (true, [false, false], false),
            (true, [true, true], false),
            (false, [false, false], true),
            (false, [false, true], false),
        ] {
            let mut faults = Faults::new();
            check_standing_office(&mut faults, was, &parts);
            assert_eq!(faults.is_empty(), fine, "{was} {parts:?}");
        }
    }
}
