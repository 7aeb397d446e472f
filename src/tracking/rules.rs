//! Counting days, reading the second that is asked for, and choosing whom to remind. No I/O, no clock.

use std::collections::{BTreeMap, HashSet};

use super::model::Unsubmitted;
use crate::{
    error::{Code, Error, Faults, FieldError, Result},
    items::ItemId,
    kernel::{
        id::UnitId,
        time::{Clock, Timestamp},
    },
};

/// A figure is on a unit's list from the opening of its period, and so many days before it is due if that is earlier:
/// drafting is free before a period opens (RULES §4).
pub const LOOK_AHEAD_DAYS: i64 = 14;

/// The last moment of a ward day.
const END_OF_DAY: &str = "T23:59:59.999999+07:00";

/// Until which due time figures are on the list although their period is not open.
#[must_use]
pub fn look_ahead(now: Timestamp) -> Timestamp {
    now.plus_seconds(LOOK_AHEAD_DAYS * 24 * 3600)
}

/// Days on the ward's calendar from now to the due time: 0 on the day itself, negative afterwards.
#[must_use]
pub fn days_left(due_at: Timestamp, now: Timestamp) -> i64 {
    (due_at.ward_date() - now.ward_date()).num_days()
}

/// Days on the ward's calendar from the due time to this moment. The first counts from its first second: whoever is
/// late at all is late by one day.
#[must_use]
pub fn days_late(due_at: Timestamp, as_of: Timestamp) -> i64 {
    (-days_left(due_at, as_of)).max(1)
}

/// The moment that `as_of` names: a time with an offset, or a date, which means the end of that ward day; now if it is
/// absent.
///
/// # Errors
/// `malformed_query`.
pub fn read_as_of(text: Option<&str>, clock: &Clock) -> Result<Timestamp> {
    let Some(text) = text else { return Ok(clock.now()) };
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}{END_OF_DAY}"))).ok_or_else(|| {
        Error::fields(Code::MalformedQuery, vec![FieldError::new("?as_of", Code::InvalidValue)])
    })
}

/// A unit that is reminded, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The unit.
    pub unit_id: UnitId,
    /// Its code.
    pub unit_code: String,
    /// What it has not submitted, as far as the reminder is about it.
    pub items: Vec<ItemId>,
}

/// Whom a reminder goes to, by code: the units and leaves that are named, or all. Each one that is named must have
/// something unsubmitted to be reminded of.
///
/// # Errors
/// `nothing_owed`, at each unit and leaf that is named in vain.
pub fn choose_recipients(
    unsubmitted: Vec<Unsubmitted>,
    units: Option<&[UnitId]>,
    items: Option<&[ItemId]>,
) -> Result<Vec<Recipient>> {
    let chosen: Vec<Unsubmitted> = unsubmitted
        .into_iter()
        .filter(|figure| units.is_none_or(|units| units.contains(&figure.unit_id)))
        .filter(|figure| items.is_none_or(|items| items.contains(&figure.item_id)))
        .collect();
    let owing: HashSet<UnitId> = chosen.iter().map(|figure| figure.unit_id).collect();
    let owed: HashSet<ItemId> = chosen.iter().map(|figure| figure.item_id).collect();
    let mut faults = Faults::new();
    for (index, unit) in units.into_iter().flatten().enumerate() {
        if !owing.contains(unit) {
            faults.add(format!("/unit_ids/{index}"), Code::NothingOwed);
        }
    }
    for (index, item) in items.into_iter().flatten().enumerate() {
        if !owed.contains(item) {
            faults.add(format!("/item_ids/{index}"), Code::NothingOwed);
        }
    }
    faults.into_result(Code::NothingOwed)?;
    if chosen.is_empty() {
        return Err(Error::new(Code::NothingOwed));
    }
    let mut recipients: BTreeMap<String, Recipient> = BTreeMap::new();
    for Unsubmitted { unit_id, unit_code, item_id } in chosen {
        recipients
            .entry(unit_code.clone())
            .or_insert_with(|| Recipient { unit_id, unit_code, items: Vec::new() })
            .items
            .push(item_id);
    }
    Ok(recipients.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn days_are_those_of_the_wards_calendar() {
        let due = at("2026-06-15T17:00:00+07:00");
        for (now, left, late) in [
            ("2026-06-12T23:59:59+07:00", 3, 1),
            ("2026-06-15T00:00:00+07:00", 0, 1),
            ("2026-06-15T17:00:01+07:00", 0, 1),
            ("2026-06-16T00:00:00+07:00", -1, 1),
            ("2026-06-17T00:00:00+07:00", -2, 2),
            // Still the 16th in London.
            ("2026-06-16T23:30:00Z", -2, 2),
        ] {
            assert_eq!((days_left(due, at(now)), days_late(due, at(now))), (left, late), "{now}");
        }
    }

    #[test]
    fn a_date_is_the_end_of_its_ward_day() {
        let clock = Clock::Fixed(at("2026-06-15T08:00:00+07:00"));
        let read = |text| read_as_of(Some(text), &clock).ok().map(|time| time.to_string());
        assert_eq!(read("2026-06-15").as_deref(), Some("2026-06-15T23:59:59.999999+07:00"));
        assert_eq!(read("2026-06-15T10:00:00Z").as_deref(), Some("2026-06-15T17:00:00+07:00"));
        for wrong in ["", "today", "2026-02-30", "2026-6-5", "2026-06-15T17:00:00"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        assert_eq!(read_as_of(None, &clock).ok(), Some(clock.now()));
    }

    #[test]
    fn only_those_who_owe_are_reminded() {
        let (a, b, c) = (UnitId::generate(), UnitId::generate(), UnitId::generate());
        let (one, two, three) = (ItemId::generate(), ItemId::generate(), ItemId::generate());
        let owes =
            |unit_id, code: &str, item_id| Unsubmitted { unit_id, unit_code: code.to_owned(), item_id };
        let all = vec![owes(b, "B", one), owes(a, "A", one), owes(a, "A", two)];
        let chosen = |units: Option<&[UnitId]>, items: Option<&[ItemId]>| {
            choose_recipients(all.clone(), units, items)
                .map(|all| all.into_iter().map(|to| (to.unit_code, to.items.len())).collect::<Vec<_>>())
                .map_err(|error| error.fields.into_iter().map(|field| field.pointer).collect::<Vec<_>>())
        };
        let named = |code: &str, figures| (code.to_owned(), figures);
        let at = |pointer: &str| vec![pointer.to_owned()];
        assert_eq!(chosen(None, None), Ok(vec![named("A", 2), named("B", 1)]));
        assert_eq!(chosen(Some(&[a]), None), Ok(vec![named("A", 2)]));
        assert_eq!(chosen(None, Some(&[one])), Ok(vec![named("A", 1), named("B", 1)]));
        assert_eq!(chosen(Some(&[a, c]), None), Err(at("/unit_ids/1")));
        assert_eq!(chosen(Some(&[a, b]), Some(&[two])), Err(at("/unit_ids/1")));
        assert_eq!(chosen(Some(&[b]), Some(&[one, three])), Err(at("/item_ids/1")));
        assert!(choose_recipients(Vec::new(), None, None).is_err());
    }
}
