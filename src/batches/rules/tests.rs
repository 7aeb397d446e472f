//! Every state × what a row says, as a table.

use proptest::prelude::*;

use super::*;
use crate::{
    items::{ItemDraft, ItemId, MeasureKind},
    kernel::{id::WardId, number::Quantity},
    plans::PlanId,
};

fn ratio() -> PlanItem {
    let draft = ItemDraft { code: "II.2.k".to_owned(), ..ItemDraft::default() };
    let row = draft.to_row(ItemId::generate(), WardId::generate(), PlanId::generate(), "0001".to_owned());
    PlanItem { kind: ItemKind::Indicator, measure_kind: Some(MeasureKind::Ratio), ..row }
}

fn content(numerator: i64, denominator: i64) -> Content {
    Content {
        numerator: Some(Quantity::whole(numerator)),
        denominator: Some(Quantity::whole(denominator)),
        ..Content::default()
    }
}

fn change(numerator: i64, denominator: i64) -> Change {
    Change {
        numerator: Some(Some(Quantity::whole(numerator))),
        denominator: Some(Some(Quantity::whole(denominator))),
        ..Change::default()
    }
}

fn codes(decided: Result<Act, Vec<FieldError>>) -> Result<Act, Vec<&'static str>> {
    decided.map_err(|faults| faults.into_iter().map(|fault| fault.code.as_str()).collect())
}

#[test]
fn only_drafts_and_returned_figures_take_another_content() {
    let item = ratio();
    let old = content(4, 5);
    for state in SubmissionState::ALL {
        let same = codes(decide(&item, Some((*state, &old)), &change(4, 5)));
        assert_eq!(same, Ok(Act::Keep), "{state}");
        let other = codes(decide(&item, Some((*state, &old)), &change(3, 5)));
        let expected = match state {
            SubmissionState::Draft | SubmissionState::Returned => Ok(Act::Change(content(3, 5))),
            _ => Err(vec!["not_editable"]),
        };
        assert_eq!(other, expected, "{state}");
    }
}

#[test]
fn a_new_figure_is_begun_unless_nothing_is_said_or_it_cannot_be() {
    let item = ratio();
    assert_eq!(codes(decide(&item, None, &change(4, 5))), Ok(Act::Create(content(4, 5))));
    let cleared = Change { note: Some(None), ..Change::default() };
    assert_eq!(codes(decide(&item, None, &cleared)), Ok(Act::Keep));
    assert_eq!(codes(decide(&item, None, &change(6, 5))), Err(vec!["numerator_exceeds_denominator"]));
    let rated = Change { rate: Quantity::parse("70"), ..change(4, 5) };
    assert_eq!(codes(decide(&item, None, &rated)), Err(vec!["rate_mismatch"]));
    // A rate is checked even where it changes nothing.
    let old = content(4, 5);
    let rated = decide(&item, Some((SubmissionState::Approved, &old)), &rated);
    assert_eq!(codes(rated), Err(vec!["rate_mismatch"]));
}

proptest! {
    #[test]
    fn what_was_written_once_is_unchanged_the_second_time(numerator in 0_i64..100, more in 0_i64..100) {
        let (item, change) = (ratio(), change(numerator, numerator + more));
        let Ok(Act::Create(first)) = decide(&item, None, &change) else {
            return Err(TestCaseError::fail("a good row begins a draft"));
        };
        let again = decide(&item, Some((SubmissionState::Draft, &first)), &change);
        prop_assert_eq!(codes(again), Ok(Act::Keep));
    }
}
