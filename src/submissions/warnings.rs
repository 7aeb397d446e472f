//! What looks odd about a figure beside the unit's others: jumps, falls, parts larger than their whole (RULES §5).
//!
//! None of it refuses anything: the one who signs and those who review look again.

use super::model::{Applicability, Comparisons, Content, Earlier, Linked};
use crate::{
    items::{Aggregation, MeasureKind, PlanItem},
    kernel::number::Quantity,
    periods::Period,
    sheets::decimal_comma,
};

/// Something to look at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// JSON pointer of the field.
    pub pointer: &'static str,
    /// Stable code: `jump`, `cumulative_falls`, `exceeds_linked`, `subset_exceeds`.
    pub code: &'static str,
    /// What to do, in Vietnamese. It names other leaves and periods, never their figures.
    pub detail: String,
}

impl Warning {
    const fn new(pointer: &'static str, code: &'static str, detail: String) -> Self {
        Self { pointer, code, detail }
    }
}

/// Holds a figure against the unit's others.
#[must_use]
pub fn compare(item: &PlanItem, period: &Period, content: &Content, others: &Comparisons) -> Vec<Warning> {
    if !applies(content) {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    if let (Some(share), Some(previous)) = (others.jump_percent, &others.previous)
        && jumps(item, period, content, previous, share)
    {
        warnings.push(jump_warning(item, content, previous, share));
    }
    warnings.extend(falls(content, &others.within));
    if let Some(larger) = others.no_more_than.as_ref().filter(|larger| applies(&larger.content))
        && exceeds(content.numerator, larger.content.numerator)
    {
        let code = &larger.item.code;
        let detail = format!(
            "Tử số lớn hơn tử số của chỉ tiêu {code} cùng kỳ, trong khi phải nằm trong số đó; hãy rà soát lại hai số"
        );
        warnings.push(Warning::new("/numerator", "exceeds_linked", detail));
    }
    if let Some(whole) = &others.whole {
        warnings.extend(outgrows(item, content, whole));
    }
    warnings
}

fn applies(content: &Content) -> bool {
    content.applicability != Some(Applicability::NotApplicable)
}

/// Whether two figures were measured alike; satisfaction compares only within one instrument (RULES §5).
fn same_instrument(one: &Content, other: &Content) -> bool {
    one.survey.as_ref().map(|survey| survey.instrument)
        == other.survey.as_ref().map(|survey| survey.instrument)
}

fn exceeds(part: Option<Quantity>, whole: Option<Quantity>) -> bool {
    part.zip(whole).is_some_and(|(part, whole)| part > whole)
}

/// Whether the figure differs from the one before by more than the share: a rate in points, a number in percent of
/// what it was. Exact, without dividing.
fn jumps(item: &PlanItem, period: &Period, now: &Content, before: &Earlier, share: Quantity) -> bool {
    // Sums over stretches of different length differ by nature.
    let alike = item.aggregation != Some(Aggregation::Sum) || period.kind == before.period.kind;
    let then = &before.content;
    if !alike || !applies(then) || !same_instrument(now, then) {
        return false;
    }
    let hundred = 100 * Quantity::whole(1).scaled();
    match item.measure_kind {
        Some(MeasureKind::Ratio) => {
            let rate = |content: &Content| content.numerator.zip(content.denominator);
            let (Some((n1, d1)), Some((n0, d0))) = (rate(now), rate(then)) else { return false };
            let difference = n1.scaled() * d0.scaled() - n0.scaled() * d1.scaled();
            // Without cases there is no rate, and both sides are zero.
            difference.abs() * hundred > share.scaled() * d1.scaled() * d0.scaled()
        }
        Some(MeasureKind::Count | MeasureKind::Score) => now.value.zip(then.value).is_some_and(|(v1, v0)| {
            (v1.scaled() - v0.scaled()).abs() * hundred > share.scaled() * v0.scaled()
        }),
        Some(MeasureKind::Band | MeasureKind::Checklist) | None => false,
    }
}

fn jump_warning(item: &PlanItem, content: &Content, previous: &Earlier, share: Quantity) -> Warning {
    let unit = if item.measure_kind == Some(MeasureKind::Ratio) { " điểm" } else { "%" };
    let todo = if content.note.is_some() {
        "đơn vị đã ghi chú, hãy xem kỹ khi duyệt"
    } else {
        "hãy rà soát lại và nêu lý do trong ghi chú"
    };
    let (share, code) = (decimal_comma(share), &previous.period.code);
    Warning::new("/note", "jump", format!("Số liệu chênh hơn {share}{unit} so với kỳ {code}; {todo}"))
}

/// Cases that were counted once stay counted: for each field the latest earlier period that had more.
fn falls(content: &Content, within: &[Earlier]) -> Vec<Warning> {
    type Field = fn(&Content) -> Option<Quantity>;
    let fields: [(&'static str, Field); 3] = [
        ("/numerator", |content| content.numerator),
        ("/denominator", |content| content.denominator),
        ("/value", |content| content.value),
    ];
    let of_field = |(pointer, field): (&'static str, Field)| {
        let more = |earlier: &&Earlier| {
            applies(&earlier.content) && exceeds(field(&earlier.content), field(content))
        };
        let code = &within.iter().find(more)?.period.code;
        let detail = format!(
            "Số lũy kế nhỏ hơn số của kỳ {code} đã nằm trong kỳ này; hãy rà soát lại hoặc nêu lý do trong ghi chú"
        );
        Some(Warning::new(pointer, "cumulative_falls", detail))
    };
    fields.into_iter().filter_map(of_field).collect()
}

/// A part ("trong đó") larger than its whole. What the part is part of shows in the labels: its denominator counts what
/// the whole's numerator counts (II.2.d.2 of II.2.d.1), or else some of what the whole's denominator counts (II.2.đ.2 of
/// II.2.đ.1). Things of different kinds – transactions of procedures, II.2.b.2 of II.2.b.1 – do not compare
/// (REFERENCE §11, rows 17 and 18).
fn outgrows(item: &PlanItem, content: &Content, whole: &Linked) -> Vec<Warning> {
    let (large, code) = (&whole.content, &whole.item.code);
    if item.measure_unit != whole.item.measure_unit || !applies(large) || !same_instrument(content, large) {
        return Vec::new();
    }
    let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    let of_numerator = same(&item.denominator_label, &whole.item.numerator_label);
    let numerators = of_numerator || same(&item.numerator_label, &whole.item.numerator_label);
    let of = |numerator: bool| {
        if numerator { (large.numerator, "tử số") } else { (large.denominator, "mẫu số") }
    };
    let sides = [
        ("/numerator", "Tử số", content.numerator, of(numerators)),
        ("/denominator", "Mẫu số", content.denominator, of(of_numerator)),
    ];
    let larger = sides.into_iter().filter(|(_, _, part, (limit, _))| exceeds(*part, *limit));
    larger
        .map(|(pointer, side, _, (_, of))| {
            let detail = format!(
                "{side} lớn hơn {of} của chỉ tiêu {code} cùng kỳ, mà chỉ tiêu này là một phần (“trong đó”); \
                 hãy rà soát lại hai số"
            );
            Warning::new(pointer, "subset_exceeds", detail)
        })
        .collect()
}

#[cfg(test)]
mod tests;
