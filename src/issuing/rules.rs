//! When a plan is complete enough to be put in force.

use crate::{
    error::{Code, Error, FieldError, Result, text},
    items::{ItemKind, PlanItem, Target},
    plans::Plan,
};

/// Whether a plan is complete enough to be issued: it has number and date, at least one leaf, and every indicator
/// says what is measured and what is aimed at.
///
/// # Errors
/// `plan_incomplete` with every gap.
pub fn check_complete(plan: &Plan, leaves: &[PlanItem], targets: &[Target]) -> Result<()> {
    let mut gaps = Vec::new();
    if plan.number.is_none() {
        gaps.push(FieldError::new("/number", Code::Required));
    }
    if plan.issued_on.is_none() {
        gaps.push(FieldError::new("/issued_on", Code::Required));
    }
    if leaves.is_empty() {
        let sentence = text(
            "Kế hoạch chưa có chỉ tiêu hoặc nhiệm vụ nào",
            "The plan has neither an indicator nor a task yet",
        );
        gaps.push(FieldError::because("/items", Code::Required, sentence));
    }
    for item in leaves.iter().filter(|item| item.kind == ItemKind::Indicator) {
        if item.measure_kind.is_none() || item.aggregation.is_none() {
            gaps.push(gap(item, "chưa có cách đo (measure)", "has no measure yet"));
        }
        if !targets.iter().any(|target| target.item_id == item.id) {
            gaps.push(gap(item, "chưa có mức chỉ tiêu (targets)", "has no target yet"));
        }
    }
    if gaps.is_empty() { Ok(()) } else { Err(Error::fields(Code::PlanIncomplete, gaps)) }
}

fn gap(item: &PlanItem, vi: &str, en: &str) -> FieldError {
    let sentence =
        text(format!("Chỉ tiêu {} {vi}", item.code), format!("Indicator {} {en}", item.code_ascii));
    FieldError::because(format!("/items/{}", item.code), Code::Required, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        items::{
            ItemId,
            draft::{Content, ItemDraft},
        },
        kernel::{id::WardId, json::JsonText},
        plans::{PlanId, PlanStatus},
    };

    fn plan(number: Option<&str>) -> Plan {
        Plan {
            id: PlanId::generate(),
            ward_id: WardId::generate(),
            year: 2026,
            title: "Kế hoạch".to_owned(),
            number: number.map(str::to_owned),
            issued_on: "2026-01-15".parse().ok(),
            legal_bases: JsonText::of(&["Nghị quyết 76/NQ-CP"]),
            note: None,
            basis: None,
            status: PlanStatus::Draft,
            version: 1,
        }
    }

    fn leaf(content: Content) -> PlanItem {
        let draft = ItemDraft { code: "II.2.đ.1".to_owned(), content, ..ItemDraft::default() };
        draft.to_row(ItemId::generate(), WardId::generate(), PlanId::generate(), "0001".to_owned())
    }

    fn pointers(result: Result<()>) -> Vec<String> {
        result.err().map(|error| error.fields.into_iter().map(|f| f.pointer).collect()).unwrap_or_default()
    }

    #[test]
    fn an_empty_plan_without_a_number_is_not_issued() {
        assert_eq!(pointers(check_complete(&plan(None), &[], &[])), ["/number", "/items"]);
    }

    #[test]
    fn an_indicator_needs_measure_and_target_and_a_task_does_not() {
        let indicator = leaf(Content::Indicator(Box::default()));
        let gaps = pointers(check_complete(&plan(Some("01/KH-UBND")), &[indicator], &[]));
        assert_eq!(gaps, ["/items/II.2.đ.1", "/items/II.2.đ.1"]);
        let task = leaf(Content::Task(crate::items::draft::TaskContent::default()));
        assert!(check_complete(&plan(Some("01/KH-UBND")), &[task], &[]).is_ok());
    }
}
