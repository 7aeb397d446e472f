//! Every rule about items, as tables.

use super::*;
use crate::{
    items::{Control, Frequency, TargetTier},
    kernel::id::UnitId,
};

fn measure(kind: MeasureKind, aggregation: Aggregation) -> Measure {
    Measure {
        kind,
        numerator_label: None,
        denominator_label: None,
        unit: None,
        aggregation,
        subset_of: None,
        control: Control::Ward,
        conditional: false,
        no_more_than: None,
    }
}

fn target(comparator: Comparator, value: Option<&str>, band: Option<&str>) -> TargetContent {
    TargetContent {
        tier: TargetTier::Plan,
        comparator,
        value: value.and_then(Quantity::parse),
        unit: None,
        band: band.map(str::to_owned),
        effective_from: chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default(),
    }
}

fn indicator(measure: Measure, targets: Vec<TargetContent>) -> ItemDraft {
    ItemDraft {
        code: "II.2.đ.1".to_owned(),
        title: "Hài lòng".to_owned(),
        position: 1,
        content: Content::Indicator(Box::new(IndicatorContent {
            measure: Some(measure),
            targets,
            baseline: None,
        })),
        ..ItemDraft::default()
    }
}

fn faults(draft: &ItemDraft) -> Vec<(String, Code)> {
    let mut faults = Faults::new();
    check_draft(&mut faults, "", draft);
    match faults.into_result(Code::Invalid) {
        Ok(()) => Vec::new(),
        Err(error) => error.fields.into_iter().map(|field| (field.pointer, field.code)).collect(),
    }
}

fn fault(pointer: &str, code: Code) -> Vec<(String, Code)> {
    vec![(pointer.to_owned(), code)]
}

#[test]
fn codes_hold_letters_with_d_bar_digits_dots_and_hyphens() {
    let ratio = measure(MeasureKind::Ratio, Aggregation::RatioOfSums);
    for (code, good) in
        [("II.2.đ.1", true), ("V.5-3", true), ("Đ", true), ("II 2", false), ("II/2", false), ("é", false)]
    {
        let draft = ItemDraft { code: code.to_owned(), ..indicator(ratio.clone(), vec![]) };
        assert_eq!(faults(&draft).is_empty(), good, "{code}");
    }
}

#[test]
fn positions_are_1_to_9999() {
    for (position, good) in [(0, false), (1, true), (9999, true), (10_000, false), (-1, false)] {
        let draft =
            ItemDraft { position, ..indicator(measure(MeasureKind::Score, Aggregation::Latest), vec![]) };
        assert_eq!(faults(&draft).is_empty(), good, "{position}");
    }
}

#[test]
fn percentages_and_scores_are_never_summed() {
    use Aggregation::{AllYes, Latest, RatioOfSums, Reduction, Sum, Survey};
    let table: [(MeasureKind, &[Aggregation]); 5] = [
        (MeasureKind::Ratio, &[RatioOfSums, Latest, Survey]),
        (MeasureKind::Count, &[Sum, Latest, Reduction]),
        (MeasureKind::Score, &[Latest]),
        (MeasureKind::Band, &[Latest]),
        (MeasureKind::Checklist, &[AllYes, Latest]),
    ];
    for (kind, allowed) in table {
        for aggregation in Aggregation::ALL {
            let found = faults(&indicator(measure(kind, *aggregation), vec![]));
            assert_eq!(found.is_empty(), allowed.contains(aggregation), "{kind} {aggregation}");
        }
    }
}

#[test]
fn a_comparator_fits_its_measure_and_brings_what_it_needs() {
    use Aggregation::{AllYes, Latest, RatioOfSums, Reduction, Sum};
    use Code::{NotApplicableHere, OutOfRange, Required};
    use Comparator::{All, AtLeast, AtMost, BandAtLeast, Qualitative, ReduceBy};
    use MeasureKind::{Band, Checklist, Count, Ratio};
    let (value, band, comparator) = ("/targets/0/value", "/targets/0/band", "/targets/0/comparator");
    let table = [
        ((Ratio, RatioOfSums), target(All, None, None), vec![]),
        ((Ratio, RatioOfSums), target(All, Some("100"), None), vec![]),
        ((Ratio, RatioOfSums), target(All, Some("99"), None), fault(value, OutOfRange)),
        ((Checklist, AllYes), target(All, Some("100"), None), vec![]),
        ((Count, Sum), target(All, None, None), fault(comparator, OutOfRange)),
        ((Ratio, RatioOfSums), target(AtLeast, Some("90"), None), vec![]),
        ((Ratio, RatioOfSums), target(AtLeast, Some("100.5"), None), fault(value, OutOfRange)),
        ((Ratio, RatioOfSums), target(AtLeast, Some("-1"), None), fault(value, OutOfRange)),
        ((Ratio, RatioOfSums), target(AtMost, None, None), fault(value, Required)),
        ((Count, Sum), target(AtLeast, Some("250"), None), vec![]),
        ((Count, Reduction), target(ReduceBy, Some("10"), None), vec![]),
        ((Count, Reduction), target(ReduceBy, Some("101"), None), fault(value, OutOfRange)),
        ((Count, Sum), target(ReduceBy, Some("10"), None), fault(comparator, OutOfRange)),
        ((Band, Latest), target(BandAtLeast, None, Some("TOT")), vec![]),
        ((Band, Latest), target(BandAtLeast, None, None), fault(band, Required)),
        ((Band, Latest), target(BandAtLeast, Some("1"), Some("TOT")), fault(value, NotApplicableHere)),
        ((Band, Latest), target(AtLeast, Some("1"), None), fault(comparator, OutOfRange)),
        ((Ratio, Latest), target(AtLeast, Some("1"), Some("TOT")), fault(band, NotApplicableHere)),
        ((Checklist, AllYes), target(Qualitative, None, None), vec![]),
        ((Ratio, Latest), target(Qualitative, None, None), fault(comparator, OutOfRange)),
    ];
    for ((kind, aggregation), target, expected) in table {
        let said = format!("{kind} {aggregation} {target:?}");
        assert_eq!(faults(&indicator(measure(kind, aggregation), vec![target])), expected, "{said}");
    }
}

#[test]
fn one_target_per_tier_and_day() {
    let plan = target(Comparator::AtLeast, Some("90"), None);
    let operating =
        TargetContent { tier: TargetTier::Operating, ..target(Comparator::AtLeast, Some("98"), None) };
    let ratio = measure(MeasureKind::Ratio, Aggregation::RatioOfSums);
    assert!(faults(&indicator(ratio.clone(), vec![plan.clone(), operating])).is_empty());
    let twice = faults(&indicator(ratio, vec![plan.clone(), plan]));
    assert_eq!(twice, fault("/targets/1/effective_from", Code::OutOfRange));
}

#[test]
fn a_task_ends_after_it_starts() {
    let day = |text: &str| text.parse().ok();
    let content =
        TaskContent { starts_on: day("2026-02-01"), due_on: day("2026-01-31"), ..TaskContent::default() };
    let draft = ItemDraft {
        code: "PL.1".to_owned(),
        title: "Việc".to_owned(),
        position: 1,
        content: Content::Task(content),
        ..ItemDraft::default()
    };
    assert_eq!(faults(&draft), fault("/due_on", Code::OutOfRange));
}

/// Section A at 1, with section B at 2 in it, with indicator C at 3 in that.
fn tree() -> (HashMap<ItemId, Place>, [ItemId; 3]) {
    let ids = [ItemId::generate(), ItemId::generate(), ItemId::generate()];
    let [a, b, c] = ids;
    let place = |id, kind, parent_id, position, path: &str| {
        (id, Place { id, kind, parent_id, position, sort_path: path.to_owned() })
    };
    let places = HashMap::from([
        place(a, ItemKind::Section, None, 1, "0001"),
        place(b, ItemKind::Section, Some(a), 2, "0001.0002"),
        place(c, ItemKind::Indicator, Some(b), 3, "0001.0002.0003"),
    ]);
    (places, ids)
}

#[test]
fn items_stand_below_sections_only_and_never_below_themselves() {
    let (places, [a, b, c]) = tree();
    let code = |result: Result<String>| {
        result.err().and_then(|error| error.fields.into_iter().next()).map(|field| field.code)
    };
    assert_eq!(place_item(&places, None, Some(b), 7).ok().as_deref(), Some("0001.0002.0007"));
    assert_eq!(place_item(&places, None, None, 12).ok().as_deref(), Some("0012"));
    assert_eq!(code(place_item(&places, None, Some(c), 1)), Some(Code::UnknownReference));
    assert_eq!(code(place_item(&places, None, Some(ItemId::generate()), 1)), Some(Code::UnknownReference));
    assert_eq!(code(place_item(&places, Some(a), Some(b), 1)), Some(Code::OutOfRange));
    assert_eq!(code(place_item(&places, Some(a), Some(a), 1)), Some(Code::OutOfRange));
}

#[test]
fn a_move_takes_everything_below_along() {
    let (places, [a, b, c]) = tree();
    let mut moved = moved_paths(&places, a, "0009");
    moved.sort();
    assert_eq!(moved, [(b, "0009.0002".to_owned()), (c, "0009.0002.0003".to_owned())]);
    assert_eq!(moved_paths(&places, c, "0001"), []);
}

#[test]
fn fronts_and_vertical_agencies_are_only_asked() {
    for kind in UnitKind::ALL {
        let mut faults = Faults::new();
        check_obligation(&mut faults, "/0", *kind, Obligation::Request);
        assert!(faults.is_empty(), "{kind}");
        check_obligation(&mut faults, "/0", *kind, Obligation::Must);
        let refused = matches!(kind, UnitKind::Front | UnitKind::VerticalAgency);
        assert_eq!(faults.is_empty(), !refused, "{kind}");
    }
}

#[test]
fn only_indicators_and_tasks_are_assigned() {
    assert!(require_leaf(ItemKind::Indicator).is_ok());
    assert!(require_leaf(ItemKind::Task).is_ok());
    assert_eq!(require_leaf(ItemKind::Section).err().map(|e| e.code), Some(Code::ItemNotLeaf));
}

#[test]
fn who_left_stays_known_and_who_stays_keeps_the_first_day() {
    let day = |text: &str| text.parse().expect("a date");
    let [stays, leaves, comes, too_new, left_before] = [(); 5].map(|()| UnitId::generate());
    let item_id = ItemId::generate();
    let row = |unit_id, from: Option<&str>, until: Option<&str>| Assignment {
        item_id,
        unit_id,
        frequency: Frequency::Quarterly,
        obligation: Obligation::Must,
        effective_from: from.map(day),
        withdrawn_from: until.map(day),
    };
    let old = [
        row(stays, Some("2026-03-01"), None),
        row(leaves, None, None),
        row(too_new, Some("2026-08-01"), None),
        row(left_before, None, Some("2026-04-01")),
    ];
    let merged =
        merge_assignments(&old, &[row(stays, None, None), row(comes, None, None)], day("2026-07-01"));
    let days = |unit| {
        let found = merged.iter().find(|row| row.unit_id == unit);
        found.map(|row| (row.effective_from, row.withdrawn_from))
    };
    assert_eq!(days(stays), Some((Some(day("2026-03-01")), None)));
    assert_eq!(days(comes), Some((Some(day("2026-07-01")), None)));
    assert_eq!(days(leaves), Some((None, Some(day("2026-07-01")))));
    assert_eq!(days(left_before), Some((None, Some(day("2026-04-01")))));
    assert_eq!(days(too_new), None, "it never counted");
}
