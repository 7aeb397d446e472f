//! From codes to ids: every row of a plan's file checked and made ready, or every fault named.

use std::collections::{HashMap, HashSet};

use super::{
    file::{AssignmentEntry, IndicatorEntry, ItemEntry},
    rows::{FileRow, FileRows},
};
use crate::{
    error::{Code, Faults, FieldError, text},
    items::{
        Assignment, ItemDraft, ItemId, ItemKind,
        draft::{Content, FullItem, IndicatorContent, Measure, TaskContent},
        rules,
    },
    kernel::{
        id::UnitId,
        text::{ascii_code, clean},
    },
    plans::Plan,
    units::{Unit, UnitKind},
};

/// A readable row of a file: where it stands and what it will be called.
#[derive(Clone, Copy)]
struct Row<'a> {
    entry: &'a ItemEntry,
    /// Its pointer.
    at: &'a str,
    /// Its place in the file.
    index: usize,
    id: ItemId,
}

/// All rows with what their codes mean.
struct Resolver<'a> {
    plan: &'a Plan,
    rows: Vec<Row<'a>>,
    units: HashMap<&'a str, (UnitId, UnitKind)>,
    sections: HashMap<String, Row<'a>>,
    indicators: HashMap<String, ItemId>,
    /// Codes of rows that cannot be read: what names them is not at fault.
    unreadable: HashSet<&'a str>,
    faults: Vec<(usize, Vec<FieldError>)>,
}

/// Makes every row an item, sections before what stands in them; `taken` are the codes that the plan has already.
///
/// Faults are noted at their rows; if there is one, the items are not to be used.
pub(super) fn resolve(
    plan: &Plan,
    rows: &mut FileRows,
    units: &[Unit],
    taken: HashSet<(ItemKind, String)>,
) -> Vec<FullItem> {
    let mut resolver = Resolver::new(plan, &rows.rows, units);
    resolver.index_codes(taken);
    let (items, faults) = resolver.resolve();
    for (index, faults) in faults {
        rows.add_faults(index, faults);
    }
    items
}

impl<'a> Resolver<'a> {
    fn new(plan: &'a Plan, rows: &'a [FileRow], units: &'a [Unit]) -> Self {
        let readable = rows.iter().enumerate().filter_map(|(index, row)| {
            Some(Row { entry: row.entry.as_ref()?, at: &row.at, index, id: ItemId::generate() })
        });
        let unreadable = rows.iter().filter(|row| row.entry.is_none()).map(|row| row.code.as_str());
        Self {
            plan,
            rows: readable.collect(),
            units: units.iter().map(|unit| (unit.code.as_str(), (unit.id, unit.kind))).collect(),
            sections: HashMap::new(),
            indicators: HashMap::new(),
            unreadable: unreadable.collect(),
            faults: Vec::new(),
        }
    }

    /// `II.2.dd` is taken where `II.2.đ` is, for their ASCII aliases are one.
    fn index_codes(&mut self, mut taken: HashSet<(ItemKind, String)>) {
        for row in &self.rows {
            let code = clean(row.entry.common().code);
            if !taken.insert((row.entry.kind(), ascii_code(&code))) {
                let sentence = text(
                    "Mã này đã có ở một dòng trên hoặc đã có trong kế hoạch",
                    "A row above, or the plan, has this code already",
                );
                let fault = FieldError::because(format!("{}/code", row.at), Code::CodeTaken, sentence);
                self.faults.push((row.index, vec![fault]));
            }
            match row.entry.kind() {
                ItemKind::Section => drop(self.sections.entry(code).or_insert(*row)),
                ItemKind::Indicator => drop(self.indicators.entry(code).or_insert(row.id)),
                ItemKind::Task => {}
            }
        }
    }

    fn resolve(mut self) -> (Vec<FullItem>, Vec<(usize, Vec<FieldError>)>) {
        let mut items = Vec::with_capacity(self.rows.len());
        for row in self.rows.clone() {
            let mut faults = Faults::new();
            items.push(self.resolve_row(&row, &mut faults));
            if !faults.is_empty() {
                self.faults.push((row.index, faults.into_fields()));
            }
        }
        // A section's path is the beginning of the paths below it.
        items.sort_by(|a, b| a.item.sort_path.cmp(&b.item.sort_path));
        (items, self.faults)
    }

    fn resolve_row(&self, row: &Row<'a>, faults: &mut Faults) -> FullItem {
        let (common, at) = (row.entry.common(), row.at);
        let parent = self.parent_of(row, faults);
        let mut coordinators = Vec::new();
        for (index, code) in common.coordinating_units.iter().enumerate() {
            coordinators.extend(self.unit(code, &format!("{at}/coordinating_units/{index}"), faults));
        }
        let draft = ItemDraft {
            code: common.code.to_owned(),
            title: common.title.to_owned(),
            title_en: common.title_en.clone(),
            parent_id: parent.map(|parent| parent.id),
            position: common.position,
            field: common.field,
            lead_unit_id: self.optional_unit(common.lead_unit, &format!("{at}/lead_unit"), faults),
            coordinating_unit_ids: coordinators,
            tracking_unit_id: self.optional_unit(
                common.tracking_unit,
                &format!("{at}/tracking_unit"),
                faults,
            ),
            note: common.note.clone(),
            sample: common.sample,
            content: self.content(row, faults),
        }
        .cleaned();
        rules::check_draft(faults, at, &draft);
        let path = self.path_of(row, faults);
        FullItem {
            item: draft.to_row(row.id, self.plan.ward_id, self.plan.id, path),
            targets: draft.to_targets(row.id),
            assignments: self.assignments(row, faults),
            coordinators: draft.coordinating_unit_ids,
        }
    }

    fn parent_of(&self, row: &Row<'a>, faults: &mut Faults) -> Option<Row<'a>> {
        let code = row.entry.common().parent.as_deref()?;
        let parent = self.sections.get(&clean(code)).copied();
        if parent.is_none() && !self.unreadable.contains(clean(code).as_str()) {
            unknown(faults, format!("{}/parent", row.at), "mục cha", "section", code);
        }
        parent
    }

    /// Walks up to the top; a circle or too many floors are a fault of the row.
    fn path_of(&self, row: &Row<'a>, faults: &mut Faults) -> String {
        let mut places = vec![row.entry.common().position];
        let mut current = *row;
        while let Some(parent) =
            current.entry.common().parent.as_deref().and_then(|code| self.sections.get(&clean(code)))
        {
            places.push(parent.entry.common().position);
            current = *parent;
            if places.len() > rules::MAX_DEPTH {
                let sentence = text(
                    "Các mục cha lồng vòng hoặc quá sâu",
                    "The sections above run in a circle or too deep",
                );
                faults.add_because(format!("{}/parent", row.at), Code::OutOfRange, sentence);
                break;
            }
        }
        let path = places.into_iter().rev();
        path.fold(None, |above: Option<String>, place| Some(rules::sort_path(above.as_deref(), place)))
            .unwrap_or_default()
    }

    fn content(&self, row: &Row<'a>, faults: &mut Faults) -> Content {
        match row.entry {
            ItemEntry::Section(_) => Content::Section,
            ItemEntry::Task(task) => Content::Task(TaskContent {
                deliverable: task.deliverable.clone(),
                starts_on: task.starts_on,
                due_on: task.due_on,
                recurrence: task.recurrence,
            }),
            ItemEntry::Indicator(entry) => Content::Indicator(Box::new(IndicatorContent {
                measure: self.measure(row, entry, faults),
                targets: entry.targets.clone(),
                baseline: entry.baseline.clone(),
            })),
        }
    }

    fn measure(&self, row: &Row<'a>, entry: &IndicatorEntry, faults: &mut Faults) -> Option<Measure> {
        let measure = entry.measure.as_ref()?;
        let mut leaf = |name: &str, code: &Option<String>| {
            let code = code.as_deref()?;
            let found = self.indicators.get(&clean(code)).copied().filter(|id| *id != row.id);
            if found.is_none() && !self.unreadable.contains(clean(code).as_str()) {
                unknown(faults, format!("{}/measure/{name}", row.at), "chỉ tiêu", "indicator", code);
            }
            found
        };
        Some(Measure {
            kind: measure.kind,
            numerator_label: measure.numerator_label.clone(),
            denominator_label: measure.denominator_label.clone(),
            unit: measure.unit.clone(),
            aggregation: measure.aggregation,
            subset_of: leaf("subset_of", &measure.subset_of),
            control: measure.control,
            conditional: measure.conditional,
            no_more_than: leaf("no_more_than", &measure.no_more_than),
        })
    }

    fn assignments(&self, row: &Row<'a>, faults: &mut Faults) -> Vec<Assignment> {
        let mut found: Vec<Assignment> = Vec::new();
        let entries = row.entry.assignments();
        if entries.len() > rules::MAX_UNITS {
            faults.add(format!("{}/assignments", row.at), Code::OutOfRange);
        }
        for (index, AssignmentEntry { unit, frequency, obligation }) in entries.iter().enumerate() {
            let at = format!("{}/assignments/{index}", row.at);
            let Some(unit_id) = self.unit(unit, &format!("{at}/unit"), faults) else { continue };
            if let Some((_, kind)) = self.units.get(clean(unit).as_str()) {
                rules::check_obligation(faults, &at, *kind, *obligation);
            }
            if found.iter().any(|other| other.unit_id == unit_id) {
                let sentence = text(
                    format!("Đơn vị {unit} đã được giao mục này ở một dòng trên"),
                    format!("Unit {unit} is assigned to this item in a line above"),
                );
                faults.add_because(format!("{at}/unit"), Code::OutOfRange, sentence);
            }
            found.push(Assignment {
                item_id: row.id,
                unit_id,
                frequency: *frequency,
                obligation: *obligation,
                effective_from: None,
                withdrawn_from: None,
            });
        }
        found
    }

    fn optional_unit(&self, code: &Option<String>, at: &str, faults: &mut Faults) -> Option<UnitId> {
        code.as_deref().and_then(|code| self.unit(code, at, faults))
    }

    fn unit(&self, code: &str, at: &str, faults: &mut Faults) -> Option<UnitId> {
        let unit = self.units.get(clean(code).as_str()).map(|(id, _)| *id);
        if unit.is_none() {
            unknown(faults, at.to_owned(), "đơn vị", "unit", code);
        }
        unit
    }
}

fn unknown(faults: &mut Faults, at: String, vi: &str, en: &str, code: &str) {
    let sentence =
        text(format!("Không có {vi} mang mã {code}"), format!("There is no {en} with code {code}"));
    faults.add_because(at, Code::UnknownReference, sentence);
}
