//! What becomes of a row, once all that it names is known.

use super::{change::Change, known::Place};
use crate::{
    error::{Code, Faults, FieldError},
    items::{ItemKind, PlanItem},
    plans::PlanStatus,
    submissions::{
        Content, SubmissionState,
        actions::clean_content,
        rules::{check_content, require_standing},
    },
};

/// What a row makes of a figure.
#[derive(Debug, PartialEq)]
pub enum Act {
    /// A draft begins with this content.
    Create(Content),
    /// This content replaces the one that is there.
    Change(Content),
    /// Nothing: it is so already, or the row says nothing.
    Keep,
}

/// Whether anybody reports there at all: a leaf of a plan that is not closed.
#[must_use]
pub fn check_place(place: &Place<'_>) -> Option<FieldError> {
    if place.item.kind == ItemKind::Section {
        Some(FieldError::new("/item", Code::ItemNotLeaf))
    } else if place.plan.status == PlanStatus::Closed {
        Some(FieldError::new("/plan", Code::PlanNotIssued))
    } else {
        None
    }
}

/// Whether the unit may begin a figure there: at the period's end it exists, the leaf stands, and the unit has it
/// (RULES §4, §6).
#[must_use]
pub fn check_beginning(place: &Place<'_>) -> Option<FieldError> {
    if !place.unit.is_active_on(place.period.data_to) {
        Some(FieldError::new("/period", Code::UnitNotActive))
    } else if let Err(error) = require_standing(place.item, place.period) {
        Some(FieldError::new("/item", error.code))
    } else if !place.assigned {
        Some(FieldError::new("/item", Code::NotAssigned))
    } else {
        None
    }
}

/// What a row makes of a figure, under the rules that hold for a single draft (RULES §3, §5).
///
/// # Errors
/// Every fault; pointers begin at the row.
pub fn decide(
    item: &PlanItem,
    existing: Option<(SubmissionState, &Content)>,
    change: &Change,
) -> Result<Act, Vec<FieldError>> {
    let nothing = Content::default();
    let (state, old) = existing.unwrap_or((SubmissionState::Draft, &nothing));
    let mut faults = Faults::new();
    let new = clean_content(change.apply(old.clone(), &mut faults));
    if !faults.is_empty() {
        return Err(faults.into_fields());
    }
    if new == *old && change.rate.is_none() {
        return Ok(Act::Keep);
    }
    if new != *old && !matches!(state, SubmissionState::Draft | SubmissionState::Returned) {
        return Err(vec![FieldError::new("", Code::NotDraft)]);
    }
    let faults = check_content(item, &new, change.rate);
    if !faults.is_empty() {
        return Err(faults.into_fields());
    }
    Ok(match existing {
        _ if new == *old => Act::Keep,
        None => Act::Create(new),
        Some(_) => Act::Change(new),
    })
}

#[cfg(test)]
mod tests;
