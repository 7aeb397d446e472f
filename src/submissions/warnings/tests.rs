//! Each warning at its edge, on exact numbers.

use proptest::prelude::*;

use super::*;
use crate::{
    items::{Control, ItemDraft, ItemId, draft},
    kernel::id::WardId,
    kernel::time::Timestamp,
    periods::{PeriodId, model::PeriodKind},
    plans::PlanId,
    submissions::model::{Instrument, Survey},
};

fn leaf(kind: MeasureKind, aggregation: Aggregation, labels: [&str; 2], unit: &str) -> PlanItem {
    let measure = draft::Measure {
        kind,
        numerator_label: Some(labels[0].to_owned()),
        denominator_label: Some(labels[1].to_owned()),
        unit: Some(unit.to_owned()),
        aggregation,
        subset_of: None,
        control: Control::Ward,
        conditional: false,
        no_more_than: None,
    };
    let indicator = draft::IndicatorContent { measure: Some(measure), ..draft::IndicatorContent::default() };
    let draft = ItemDraft {
        code: "II.2.k".to_owned(),
        content: draft::Content::Indicator(Box::new(indicator)),
        ..ItemDraft::default()
    };
    draft.to_row(ItemId::generate(), WardId::generate(), PlanId::generate(), "0001".to_owned())
}

fn ratio() -> PlanItem {
    leaf(MeasureKind::Ratio, Aggregation::RatioOfSums, ["Đúng hạn", "Tất cả"], "hồ sơ")
}

fn period(code: &str, kind: PeriodKind) -> Period {
    let at = Timestamp::parse("2026-06-15T17:00:00+07:00").expect("a time");
    Period {
        id: PeriodId::generate(),
        ward_id: WardId::generate(),
        plan_id: PlanId::generate(),
        code: code.to_owned(),
        kind,
        mandatory: true,
        data_from: at.ward_date(),
        data_to: at.ward_date(),
        opens_at: at,
        due_at: at,
        hard_close_at: at,
        version: 1,
    }
}

fn h1() -> Period {
    period("2026-H1", PeriodKind::HalfYear)
}

fn share_of(numerator: i64, denominator: i64) -> Content {
    Content {
        numerator: Some(Quantity::whole(numerator)),
        denominator: Some(Quantity::whole(denominator)),
        ..Content::default()
    }
}

fn value(value: i64) -> Content {
    Content { value: Some(Quantity::whole(value)), ..Content::default() }
}

fn q1(content: Content) -> Earlier {
    Earlier { period: period("2026-Q1", PeriodKind::Quarter), content }
}

/// The warnings against one earlier figure, as `code pointer`.
fn found(item: &PlanItem, now: &Content, others: &Comparisons) -> Vec<String> {
    compare(item, &h1(), now, others).iter().map(|w| format!("{} {}", w.code, w.pointer)).collect()
}

fn after(content: Content, percent: &str) -> Comparisons {
    Comparisons {
        jump_percent: Quantity::parse(percent),
        previous: Some(q1(content)),
        ..Comparisons::default()
    }
}

#[test]
fn a_rate_jumps_by_points_and_only_beyond_the_share() {
    let before = after(share_of(70, 100), "20");
    assert_eq!(found(&ratio(), &share_of(90, 100), &before), Vec::<String>::new(), "exactly 20 points");
    assert_eq!(found(&ratio(), &share_of(90_001, 100_000), &before), ["jump /note"]);
    assert_eq!(found(&ratio(), &share_of(49_999, 100_000), &before), ["jump /note"], "down as well");
    assert!(found(&ratio(), &share_of(0, 0), &before).is_empty(), "no cases, no rate");
    assert!(found(&ratio(), &share_of(1, 1), &after(share_of(0, 0), "20")).is_empty());
    assert!(found(&ratio(), &Content::default(), &before).is_empty(), "nothing reported yet");
}

#[test]
fn a_number_jumps_by_percent_of_what_it_was() {
    let count = leaf(MeasureKind::Count, Aggregation::Latest, ["Việc", "-"], "việc");
    let before = after(value(50), "12.5");
    assert!(found(&count, &value(56), &before).is_empty());
    assert_eq!(found(&count, &value(57), &before), ["jump /note"]);
    assert_eq!(
        found(&count, &value(1), &after(value(0), "20")),
        ["jump /note"],
        "from nothing is beyond any share"
    );
    assert!(found(&count, &value(0), &after(value(0), "20")).is_empty());
    // Half a year is twice a quarter by nature.
    let sum = leaf(MeasureKind::Count, Aggregation::Sum, ["Việc", "-"], "việc");
    assert!(found(&sum, &value(120), &before).is_empty());
}

#[test]
fn without_a_share_or_a_period_before_nothing_jumps() {
    let others = Comparisons { jump_percent: None, ..after(share_of(1, 100), "20") };
    assert!(found(&ratio(), &share_of(99, 100), &others).is_empty());
    let first = Comparisons { jump_percent: Quantity::parse("20"), ..Comparisons::default() };
    assert!(found(&ratio(), &share_of(99, 100), &first).is_empty());
}

#[test]
fn the_sentence_names_the_share_and_asks_for_a_note_until_there_is_one() {
    let before = after(share_of(10, 100), "12.5");
    let mut now = share_of(90, 100);
    let detail = |now: &Content| compare(&ratio(), &h1(), now, &before).remove(0).detail;
    let asked = "Số liệu chênh hơn 12,5 điểm so với kỳ 2026-Q1; hãy rà soát lại và nêu lý do trong ghi chú";
    assert_eq!(detail(&now), asked);
    now.note = Some("Bổ sung máy quét".to_owned());
    assert!(detail(&now).contains("đã ghi chú"));
}

#[test]
fn figures_of_different_instruments_do_not_compare() {
    let survey = |instrument| Survey {
        instrument,
        sample_size: 100,
        conducted_from: h1().data_from,
        conducted_to: h1().data_to,
    };
    let with = |content: Content, instrument| Content { survey: Some(survey(instrument)), ..content };
    let before = after(with(share_of(50, 100), Instrument::WardSurvey), "20");
    let item = leaf(MeasureKind::Ratio, Aggregation::Survey, ["Hài lòng", "Hợp lệ"], "phiếu");
    assert_eq!(found(&item, &with(share_of(90, 100), Instrument::WardSurvey), &before), ["jump /note"]);
    assert!(found(&item, &with(share_of(90, 100), Instrument::NationalPortal), &before).is_empty());
}

#[test]
fn cases_that_were_counted_stay_counted() {
    let within = vec![q1(share_of(628, 699))];
    let others = Comparisons { within, ..Comparisons::default() };
    assert!(found(&ratio(), &share_of(628, 699), &others).is_empty(), "as many is no fall");
    assert_eq!(found(&ratio(), &share_of(627, 700), &others), ["cumulative_falls /numerator"]);
    assert_eq!(
        found(&ratio(), &share_of(500, 698), &others),
        ["cumulative_falls /numerator", "cumulative_falls /denominator"]
    );
}

#[test]
fn what_does_not_apply_is_not_compared() {
    let none = Content { applicability: Some(Applicability::NotApplicable), ..share_of(1, 2) };
    let others = Comparisons { within: vec![q1(share_of(628, 699))], ..after(share_of(1, 100), "20") };
    assert!(found(&ratio(), &none, &others).is_empty());
    let others = Comparisons { within: vec![q1(none.clone())], ..after(none, "20") };
    assert!(found(&ratio(), &share_of(0, 1), &others).is_empty());
}

#[test]
fn a_numerator_is_held_under_that_of_the_leaf_it_refers_to() {
    let larger = |content| Some(Linked { item: ratio(), content });
    let others = Comparisons { no_more_than: larger(share_of(60, 100)), ..Comparisons::default() };
    assert!(found(&ratio(), &share_of(60, 100), &others).is_empty());
    assert_eq!(found(&ratio(), &share_of(61, 100), &others), ["exceeds_linked /numerator"]);
    let others = Comparisons { no_more_than: larger(Content::default()), ..Comparisons::default() };
    assert!(found(&ratio(), &share_of(61, 100), &others).is_empty(), "missing is not zero");
}

fn part_of(item: &PlanItem, content: Content, whole: &PlanItem, large: Content) -> Vec<String> {
    let whole = Some(Linked { item: whole.clone(), content: large });
    found(item, &content, &Comparisons { whole, ..Comparisons::default() })
}

#[test]
fn a_part_is_held_under_what_it_is_part_of() {
    let of = |labels, unit| leaf(MeasureKind::Ratio, Aggregation::Latest, labels, unit);
    // II.2.d.2 of II.2.d.1: its denominator is the whole's numerator.
    let online = of(["Toàn trình", "Đủ điều kiện"], "TTHC");
    let portal = of(["Tích hợp", "Toàn trình"], "TTHC");
    assert!(part_of(&portal, share_of(161, 187), &online, share_of(187, 192)).is_empty());
    let both = ["subset_exceeds /numerator", "subset_exceeds /denominator"];
    assert_eq!(part_of(&portal, share_of(161, 188), &online, share_of(187, 192)), [both[1]]);
    assert_eq!(part_of(&portal, share_of(190, 191), &online, share_of(187, 192)), both);
    // II.2.đ.2 of II.2.đ.1: ballots of some fields; they may be more than all satisfied ones, not more than all.
    let all = of(["Hài lòng", "Phiếu hợp lệ"], "phiếu");
    let three = of(["Hài lòng", "Phiếu hợp lệ của ba lĩnh vực"], "phiếu");
    assert!(part_of(&three, share_of(50, 80), &all, share_of(60, 100)).is_empty());
    assert_eq!(part_of(&three, share_of(61, 80), &all, share_of(60, 100)), [both[0]]);
    assert_eq!(part_of(&three, share_of(50, 101), &all, share_of(60, 100)), [both[1]]);
    // II.2.b.2 of II.2.b.1: transactions are no procedures.
    let payments = of(["Giao dịch trực tuyến", "Giao dịch"], "giao dịch");
    let procedures = of(["TTHC có thanh toán", "TTHC có phí"], "TTHC");
    assert!(part_of(&payments, share_of(702, 1094), &procedures, share_of(118, 136)).is_empty());
}

proptest! {
    /// The same by dividing decimals, where they divide exactly.
    #[test]
    fn a_jump_is_decided_as_on_paper(n1 in 0_i64..=1000, n0 in 0_i64..=1000, share in 0_i64..=100) {
        let before = after(share_of(n0, 1000), &share.to_string());
        let jumped = !found(&ratio(), &share_of(n1, 1000), &before).is_empty();
        prop_assert_eq!(jumped, (n1 - n0).abs() > share * 10);
    }
}
