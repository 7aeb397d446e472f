//! What goes over and what stays behind, case by case.

use super::*;
use crate::{
    items::{
        Frequency,
        draft::{Content, ItemDraft, TaskContent},
    },
    kernel::{id::WardId, json::JsonText},
    units::UnitKind,
};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn full(content: Content, parent_id: Option<ItemId>) -> FullItem {
    let draft = ItemDraft { code: "A".to_owned(), parent_id, content, ..ItemDraft::default() };
    let item = draft.to_row(ItemId::generate(), WardId::generate(), PlanId::generate(), "0001".to_owned());
    FullItem { item, targets: Vec::new(), coordinators: Vec::new(), assignments: Vec::new() }
}

fn task(recurrence: Option<Recurrence>, units: &[UnitId]) -> FullItem {
    let content = TaskContent { recurrence, due_on: Some(day("2024-02-29")), ..TaskContent::default() };
    let mut full = full(Content::Task(content), None);
    full.assignments = units.iter().map(|unit| row(full.item.id, *unit, Frequency::Yearly)).collect();
    full
}

fn row(item_id: ItemId, unit_id: UnitId, frequency: Frequency) -> Assignment {
    let obligation = Obligation::Must;
    Assignment { item_id, unit_id, frequency, obligation, effective_from: None, withdrawn_from: None }
}

fn unit(active_to: Option<&str>, successor_id: Option<UnitId>) -> Unit {
    Unit {
        id: UnitId::generate(),
        ward_id: WardId::generate(),
        code: "X".to_owned(),
        name: "X".to_owned(),
        aliases: JsonText::of::<[String]>(&[]),
        kind: UnitKind::Department,
        is_standing_office: false,
        parent_id: None,
        active_from: day("2025-07-01"),
        active_to: active_to.map(day),
        successor_id,
        acting_unit_id: None,
        version: 1,
    }
}

fn years() -> Years {
    Years { last_day: day("2026-12-31"), first_day: day("2026-12-15"), between: 1 }
}

#[test]
fn a_one_off_stays_behind_once_every_unit_has_done_it() {
    let units = [UnitId::generate(), UnitId::generate()];
    let [once, unsaid, yearly] = [Some(Recurrence::Once), None, Some(Recurrence::Yearly)];
    for (recurrence, done, goes) in
        [(once, 2, false), (unsaid, 2, false), (once, 1, true), (once, 0, true), (yearly, 2, true)]
    {
        let task = task(recurrence, &units);
        let progress = units.iter().take(done).map(|unit| ((task.item.id, *unit), ProgressState::Done));
        let (kept, left) = select_items(vec![task.clone()], &progress.collect(), false);
        assert_eq!((kept.len(), left.done), (usize::from(goes), usize::from(!goes)), "{recurrence:?} {done}");
    }
    let (kept, _) = select_items(vec![task(once, &[])], &HashMap::new(), false);
    assert_eq!(kept.len(), 1, "what nobody reports is not done");
}

#[test]
fn samples_and_withdrawn_items_stay_behind_and_headings_follow_what_is_below() {
    let mut heading = full(Content::Section, None);
    heading.item.sample = true;
    let below = full(Content::Task(TaskContent::default()), Some(heading.item.id));
    let mut empty = full(Content::Section, None);
    empty.item.sample = true;
    let mut gone = full(Content::Section, None);
    gone.item.withdrawn_from = Some(day("2026-07-01"));
    let all = vec![heading, below, empty, gone];
    let (kept, left) = select_items(all.clone(), &HashMap::new(), false);
    assert_eq!(kept.len(), 2);
    assert_eq!(left, LeftBehind { withdrawn: 1, done: 0, samples: 1 });
    assert_eq!(select_items(all, &HashMap::new(), true).0.len(), 3);
}

#[test]
fn the_work_of_a_unit_that_ended_goes_to_its_successor() {
    let last = unit(None, None);
    let middle = unit(Some("2026-06-30"), Some(last.id));
    let first = unit(Some("2026-03-31"), Some(middle.id));
    let lost = unit(Some("2026-03-31"), None);
    let ending_later = unit(Some("2026-12-31"), Some(last.id));
    let all = [first, middle, last, lost, ending_later].map(|unit| unit);
    let found = successors(&all, day("2026-12-15"));
    let place = |unit: &Unit| found.get(&unit.id).and_then(|to| all.iter().position(|u| u.id == to.id));
    assert_eq!(all.each_ref().map(place), [Some(2), Some(2), Some(2), None, Some(4)]);
}

#[test]
fn two_units_that_became_one_report_as_often_as_the_stricter() {
    let heir = unit(None, None);
    let ended = unit(Some("2026-06-30"), Some(heir.id));
    let units = [heir.clone(), ended.clone()];
    let item = ItemId::generate();
    let asked = Assignment { obligation: Obligation::Request, ..row(item, heir.id, Frequency::Yearly) };
    let rows = [asked, row(item, ended.id, Frequency::Quarterly)];
    let carried = carry_assignments(&rows, item, &successors(&units, day("2026-12-15")));
    let seen: Vec<_> = carried.iter().map(|row| (row.unit_id, row.frequency, row.obligation)).collect();
    assert_eq!(seen, [(heir.id, Frequency::Quarterly, Obligation::Must)]);
}

#[test]
fn days_of_recurring_tasks_move_along_and_those_of_one_offs_are_open_again() {
    for (recurrence, due) in
        [(Some(Recurrence::Yearly), Some(day("2025-02-28"))), (Some(Recurrence::Once), None)]
    {
        let task = task(recurrence, &[]);
        let ids = new_ids(std::slice::from_ref(&task));
        let carried = carry_item(&task, PlanId::generate(), years(), &ids, &HashMap::new());
        assert_eq!(carried.item.due_on, due);
        assert_eq!(carried.item.carried_from_id, Some(task.item.id));
    }
}

#[test]
fn a_title_takes_the_new_year() {
    assert_eq!(carry_title("Kế hoạch CCHC năm 2026", 2026, 2027), "Kế hoạch CCHC năm 2027");
}
