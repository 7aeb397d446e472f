//! What a careful reader would point at (RULES §6), each by a general rule over the plan as it stands.

mod names;
mod targets;

use std::collections::HashMap;

use super::{
    model::{Finding, FindingCode},
    words::{contains, words},
};
use crate::{
    items::{Comparator, ItemId, ItemKind, PlanItem, Recurrence, Target},
    kernel::text::search_key,
    plans::Plan,
    units::Unit,
};

/// All that the check reads.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Name of its ward.
    pub ward_name: &'a str,
    /// Its items, in its order.
    pub items: &'a [PlanItem],
    /// Their targets, each item's in the order in which they come into force.
    pub targets: &'a HashMap<ItemId, Vec<Target>>,
    /// The ward's units.
    pub units: &'a [Unit],
}

impl<'a> Reading<'a> {
    /// The items that are the plan's own: samples stand in for what is missing.
    fn own_items(&self) -> impl Iterator<Item = &'a PlanItem> + use<'a> {
        self.items.iter().filter(|item| !item.sample)
    }

    fn targets_of(&self, id: ItemId) -> &'a [Target] {
        self.targets.get(&id).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Every finding about a plan, those about the document first.
#[must_use]
pub fn check(reading: &Reading<'_>) -> Vec<Finding> {
    let mut findings = check_document(reading);
    findings.extend(check_appendix(reading));
    findings.extend(targets::check_targets(reading));
    findings.extend(check_leads(reading));
    findings.extend(check_measures(reading));
    findings.extend(check_dates(reading));
    findings.extend(names::check_unit_names(reading));
    findings.extend(names::check_foreign_bodies(reading));
    findings
}

fn finding(code: FindingCode, item_codes: Vec<String>, detail: impl Into<String>) -> Finding {
    Finding { code, item_codes, detail: detail.into() }
}

fn codes<'a>(items: impl IntoIterator<Item = &'a PlanItem>) -> Vec<String> {
    items.into_iter().map(|item| item.code.clone()).collect()
}

/// A number that says it is a sample is none, and the date beside it is none either.
fn check_document(reading: &Reading<'_>) -> Vec<Finding> {
    let plan = reading.plan;
    let number = plan.number.as_deref().unwrap_or_default();
    let is_sample = search_key(number).starts_with(&words().sample_number);
    let mut findings = Vec::new();
    if number.is_empty() || is_sample {
        let what = if is_sample {
            format!("Số {number} chỉ là số mẫu")
        } else {
            "Kế hoạch chưa có số".to_owned()
        };
        let detail = format!("{what}; hãy ghi số của văn bản đã ký.");
        findings.push(finding(FindingCode::NoNumber, Vec::new(), detail));
    }
    if plan.issued_on.is_none() || is_sample {
        let detail = match plan.issued_on.filter(|_| is_sample) {
            Some(day) => {
                format!("Ngày {} đi kèm số mẫu; hãy ghi ngày của văn bản đã ký.", day.format("%d/%m/%Y"))
            }
            None => "Kế hoạch chưa có ngày ban hành; hãy ghi ngày của văn bản đã ký.".to_owned(),
        };
        findings.push(finding(FindingCode::NoDate, Vec::new(), detail));
    }
    findings
}

/// The appendix is the section with the plan's key tasks; a sample stands in for one that never came.
fn check_appendix(reading: &Reading<'_>) -> Option<Finding> {
    let sections = reading.items.iter().filter(|item| item.kind == ItemKind::Section && is_appendix(item));
    let (samples, own): (Vec<&PlanItem>, Vec<&PlanItem>) = sections.partition(|item| item.sample);
    let is_filled = |section: &&PlanItem| {
        let below = format!("{}.", section.sort_path);
        reading.own_items().any(|item| item.kind == ItemKind::Task && item.sort_path.starts_with(&below))
    };
    if own.iter().any(is_filled) {
        return None;
    }
    let top = samples.into_iter().chain(own).min_by_key(|item| item.sort_path.len());
    let detail = if top.is_some_and(|item| item.sample) {
        "Phụ lục nhiệm vụ trọng tâm không kèm theo kế hoạch, các dòng đang có chỉ là mẫu; hãy xin bản phụ lục và nhập vào."
    } else {
        "Kế hoạch chưa có phụ lục nhiệm vụ trọng tâm; hãy nhập phụ lục (sản phẩm, cơ quan chủ trì, thời hạn)."
    };
    Some(finding(FindingCode::NoAppendix, codes(top), detail))
}

fn is_appendix(item: &PlanItem) -> bool {
    let title = words().phrase(&item.title);
    words().appendix_codes.contains(&item.code)
        || words().appendix_titles.iter().any(|begin| title.starts_with(begin))
}

/// Items that name one index of the whole ward, led by different units.
fn check_leads(reading: &Reading<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, phrases) in &words().indices {
        let mut led: Vec<(&PlanItem, &Unit)> = Vec::new();
        for item in reading.own_items().filter(|item| item.kind != ItemKind::Section) {
            let title = words().phrase(&item.title);
            let lead = reading.units.iter().find(|unit| Some(unit.id) == item.lead_unit_id);
            if let Some(lead) = lead.filter(|_| phrases.iter().any(|phrase| contains(&title, phrase))) {
                led.push((item, lead));
            }
        }
        let mut leads: Vec<&Unit> = Vec::new();
        for (_, lead) in &led {
            if !leads.iter().any(|known| known.id == lead.id) {
                leads.push(lead);
            }
        }
        if leads.len() > 1 {
            let names: Vec<&str> = leads.iter().map(|unit| unit.name.as_str()).collect();
            let detail = format!(
                "Chỉ số {index} có nhiều nơi cùng chủ trì: {}; hãy hỏi lại và giao một đầu mối.",
                names.join("; ")
            );
            let items = led.iter().map(|(item, _)| *item);
            findings.push(finding(FindingCode::TwoLeads, codes(items), detail));
        }
    }
    findings
}

/// Indicators that say no figure: nothing to measure, or nothing but a judgement to aim at.
fn check_measures(reading: &Reading<'_>) -> Option<Finding> {
    let has_figure = |item: &PlanItem| {
        item.measure_kind.is_some()
            && reading.targets_of(item.id).iter().any(|target| target.comparator != Comparator::Qualitative)
    };
    let vague: Vec<&PlanItem> =
        reading.own_items().filter(|item| item.kind == ItemKind::Indicator && !has_figure(item)).collect();
    (!vague.is_empty()).then(|| {
        let detail = "Chỉ tiêu không có cách đo hoặc không có mức số, nên khó kết luận đạt hay không; \
                      hãy bổ sung cách đo và mức, hoặc chuyển thành nhiệm vụ.";
        finding(FindingCode::NoMeasure, codes(vague), detail)
    })
}

/// Tasks without a last day that end on some day of the year; what comes back more often follows the reports.
fn check_dates(reading: &Reading<'_>) -> Option<Finding> {
    let is_open = |item: &&PlanItem| {
        let ends_once = matches!(item.recurrence, None | Some(Recurrence::Once | Recurrence::Yearly));
        item.kind == ItemKind::Task && item.due_on.is_none() && ends_once
    };
    let open: Vec<&PlanItem> = reading.own_items().filter(is_open).collect();
    (!open.is_empty()).then(|| {
        let detail = format!(
            "{} nhiệm vụ làm một lần trong năm nhưng không ghi thời hạn; hãy ghi ngày hoàn thành của từng nhiệm vụ.",
            open.len()
        );
        finding(FindingCode::NoDates, codes(open), detail)
    })
}

#[cfg(test)]
mod tests;
