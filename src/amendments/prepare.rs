//! From what an amendment says to what is to be written: every change checked against the plan as the changes before
//! it leave it, every fault named.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::changes::{AddItem, AmendedTarget, Change};
use crate::{
    db::AnyConnection,
    error::{Code, Error, Faults, FieldError, Result, text},
    items::{
        self, Assignment, ItemDraft, ItemId, ItemKind, PlanItem, Target, TargetTier,
        actions::Definitions,
        draft::{Content, FullItem, Measure, TargetContent, measure_of},
        rules::{self, Place},
        view::AssignmentView,
    },
    kernel::text::clean,
    plans::Plan,
    verdicts::rules::targets_in_force,
};

/// One thing to be written.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Add(Box<FullItem>),
    Withdraw(ItemId),
    Retarget(ItemId, Vec<TargetContent>),
    Redefine(ItemId, Box<Measure>),
    Assign(ItemId, Vec<AssignmentView>),
}

/// What is to be written, in the order of the changes.
///
/// # Errors
/// `invalid` with every fault at `/changes/<row>/…`.
pub(super) fn prepare(
    connection: &mut AnyConnection,
    plan: &Plan,
    on: NaiveDate,
    changes: &[Change],
) -> Result<Vec<Step>> {
    let items = items::actions::list_full_items(connection, plan.id)?;
    let definitions = items::actions::load_definitions(connection, items.iter().map(|full| &full.item))?;
    let mut bench = Bench {
        connection,
        plan,
        on,
        definitions,
        places: items.iter().map(|full| (full.item.id, place_of(&full.item))).collect(),
        items,
        redefined: HashMap::new(),
        retargeted: HashSet::new(),
        seen: HashSet::new(),
        faults: Vec::new(),
    };
    bench.look_ahead(changes);
    let mut steps = Vec::with_capacity(changes.len());
    for (index, change) in changes.iter().enumerate() {
        steps.extend(bench.step(&format!("/changes/{index}"), change)?);
    }
    if bench.faults.is_empty() { Ok(steps) } else { Err(Error::fields(Code::Invalid, bench.faults)) }
}

fn place_of(item: &PlanItem) -> Place {
    Place {
        id: item.id,
        kind: item.kind,
        parent_id: item.parent_id,
        position: item.position,
        sort_path: item.sort_path.clone(),
    }
}

/// The plan as the changes so far leave it.
struct Bench<'a> {
    connection: &'a mut AnyConnection,
    plan: &'a Plan,
    on: NaiveDate,
    items: Vec<FullItem>,
    definitions: Definitions,
    places: HashMap<ItemId, Place>,
    /// New definitions, wherever they stand: a new target may come before the new measure it belongs to.
    redefined: HashMap<ItemId, Measure>,
    /// Items that get new targets, and of which tier.
    retargeted: HashSet<(ItemId, TargetTier)>,
    seen: HashSet<(ItemId, &'static str)>,
    faults: Vec<FieldError>,
}

impl Bench<'_> {
    fn look_ahead(&mut self, changes: &[Change]) {
        for change in changes {
            let Some(id) = change.item_id().and_then(|named| self.find(named)).map(|full| full.item.id)
            else {
                continue;
            };
            match change {
                Change::Redefine(change) => drop(self.redefined.insert(id, change.measure.clone())),
                Change::Retarget(change) => {
                    self.retargeted.extend(change.targets.iter().map(|target| (id, target.tier)));
                }
                _ => {}
            }
        }
    }

    /// An item by its id, its code or the code's ASCII alias. Where kinds share a code, the indicator is meant, then
    /// the task.
    fn find(&self, id_or_code: &str) -> Option<&FullItem> {
        let wanted = clean(id_or_code);
        let rank = |kind: ItemKind| match kind {
            ItemKind::Indicator => 0,
            ItemKind::Task => 1,
            ItemKind::Section => 2,
        };
        let fits = |item: &PlanItem| match ItemId::parse(&wanted) {
            Some(id) => item.id == id,
            None => item.code == wanted || item.code_ascii == wanted,
        };
        let found = self.items.iter().filter(|full| fits(&full.item));
        found.min_by_key(|full| rank(full.item.kind))
    }

    fn step(&mut self, at: &str, change: &Change) -> Result<Option<Step>> {
        let before = self.faults.len();
        let step = match change {
            Change::Add(change) => self.add(at, change)?,
            Change::Withdraw(change) => {
                self.named(at, &change.item_id, "withdraw").map(|full| self.withdraw(full.item.id))
            }
            Change::Retarget(change) => self
                .named(at, &change.item_id, "retarget")
                .map(|full| self.retarget(at, &full, &change.targets)),
            Change::Redefine(change) => match self.named(at, &change.item_id, "redefine") {
                Some(full) => Some(self.redefine(at, &full, &change.measure)?),
                None => None,
            },
            Change::Assign(change) => match self.named(at, &change.item_id, "assign") {
                Some(full) => Some(self.assign(at, &full, &change.assignments)?),
                None => None,
            },
        };
        Ok(step.filter(|_| self.faults.len() == before))
    }

    /// The item that a change names, if it stands and this is the first change of its kind to it.
    fn named(&mut self, at: &str, id_or_code: &str, op: &'static str) -> Option<FullItem> {
        let at = format!("{at}/item_id");
        let Some(full) = self.find(id_or_code).cloned() else {
            self.faults.push(FieldError::new(at, Code::UnknownReference));
            return None;
        };
        if full.item.withdrawn_from.is_some() {
            self.faults.push(FieldError::new(at, Code::ItemWithdrawn));
            return None;
        }
        if !self.seen.insert((full.item.id, op)) {
            let sentence = text(
                "Mục này đã có thay đổi cùng loại ở một dòng trên",
                "A change above does the same to this item already",
            );
            self.faults.push(FieldError::because(at, Code::OutOfRange, sentence));
            return None;
        }
        Some(full)
    }

    fn withdraw(&mut self, id: ItemId) -> Step {
        let mut gone: HashSet<ItemId> =
            rules::moved_paths(&self.places, id, "").into_iter().map(|(below, _)| below).collect();
        gone.insert(id);
        for full in self.items.iter_mut().filter(|full| gone.contains(&full.item.id)) {
            full.item.withdrawn_from.get_or_insert(self.on);
        }
        Step::Withdraw(id)
    }

    fn retarget(&mut self, at: &str, full: &FullItem, targets: &[AmendedTarget]) -> Step {
        let item = &full.item;
        let contents: Vec<TargetContent> = targets.iter().map(|target| cleaned(target, self.on)).collect();
        let mut faults = Faults::new();
        if item.kind != ItemKind::Indicator {
            faults.add(format!("{at}/item_id"), Code::NotApplicableHere);
        } else if contents.is_empty() {
            faults.add(format!("{at}/targets"), Code::Required);
        }
        let measure = self.redefined.get(&item.id).cloned().or_else(|| measure_of(item));
        rules::check_targets(&mut faults, at, &contents, measure.as_ref());
        for (index, target) in contents.iter().enumerate() {
            let twice = contents.iter().take(index).any(|other| other.tier == target.tier);
            let stands =
                full.targets.iter().any(|old| old.tier == target.tier && old.effective_from == self.on);
            if twice || stands {
                let sentence = text(
                    "Mỗi cấp chỉ tiêu (tier) chỉ có một mức từ mỗi ngày hiệu lực",
                    "There is one target per tier and first day",
                );
                faults.add_because(format!("{at}/targets/{index}/tier"), Code::OutOfRange, sentence);
            }
        }
        self.faults.extend(faults.into_fields());
        Step::Retarget(item.id, contents)
    }

    fn redefine(&mut self, at: &str, full: &FullItem, measure: &Measure) -> Result<Step> {
        let item = &full.item;
        let mut draft = ItemDraft::of(item, &[], &full.coordinators);
        let Content::Indicator(indicator) = &mut draft.content else {
            self.faults.push(FieldError::new(format!("{at}/item_id"), Code::NotApplicableHere));
            return Ok(Step::Redefine(item.id, Box::new(measure.clone())));
        };
        indicator.measure = Some(measure.clone());
        let draft = draft.cleaned();
        let checked = items::actions::check_item(self.connection, self.plan, Some(item.id), &draft);
        self.gather(at, checked)?;
        if self.definitions.last_change(item.id).is_some_and(|day| day > self.on) {
            let sentence = text(
                "Một điều chỉnh có hiệu lực sau ngày này đã đổi cách đo; chọn ngày hiệu lực muộn hơn",
                "A later amendment changed this definition already; choose a later effective date",
            );
            self.faults.push(FieldError::because(format!("{at}/item_id"), Code::OutOfRange, sentence));
        }
        if !self.fits_targets(full, measure) {
            let sentence = text(
                "Mức chỉ tiêu hiện hành không dùng được với cách đo mới; hãy thêm thay đổi `retarget` cho mục này",
                "The present targets do not go with the new measure; add a `retarget` of this item",
            );
            self.faults.push(FieldError::because(format!("{at}/measure/kind"), Code::OutOfRange, sentence));
        }
        let measure = match draft.content {
            Content::Indicator(indicator) => indicator.measure,
            _ => None,
        };
        let measure = measure.ok_or_else(|| Error::internal("the measure was set above"))?;
        Ok(Step::Redefine(item.id, Box::new(measure)))
    }

    /// Whether the targets that stay in force go with a new definition: one of another kind needs new ones.
    fn fits_targets(&self, full: &FullItem, measure: &Measure) -> bool {
        let same_kind = full.item.measure_kind == Some(measure.kind);
        let now = targets_in_force(&full.targets, self.on)
            .into_iter()
            .filter(|target| !self.retargeted.contains(&(full.item.id, target.tier)));
        let later = full.targets.iter().filter(|target| target.effective_from > self.on);
        let fits = |target: &Target| {
            same_kind && rules::fits_comparator(target.comparator, measure.kind, measure.aggregation)
        };
        now.chain(later).all(fits)
    }

    fn assign(&mut self, at: &str, full: &FullItem, rows: &[AssignmentView]) -> Result<Step> {
        if rules::require_leaf(full.item.kind).is_err() {
            self.faults.push(FieldError::new(format!("{at}/item_id"), Code::ItemNotLeaf));
        }
        self.check_rows(at, rows)?;
        Ok(Step::Assign(full.item.id, rows.to_vec()))
    }

    /// The rows count from the amendment's date; days of their own would say something else.
    fn check_rows(&mut self, at: &str, rows: &[AssignmentView]) -> Result<()> {
        let at = format!("{at}/assignments");
        for (index, row) in rows.iter().enumerate() {
            for (name, day) in
                [("effective_from", row.effective_from), ("withdrawn_from", row.withdrawn_from)]
            {
                if day.is_some() {
                    self.faults
                        .push(FieldError::new(format!("{at}/{index}/{name}"), Code::NotApplicableHere));
                }
            }
        }
        let checked = items::actions::check_assignments(self.connection, self.plan.ward_id, rows);
        self.gather(&at, checked).map(drop)
    }

    fn add(&mut self, at: &str, change: &AddItem) -> Result<Option<Step>> {
        let mut draft = ItemDraft::from(change.item.clone()).cleaned();
        if let Some(code) = &change.parent_code {
            draft.parent_id = self.section(&format!("{at}/parent_code"), code, draft.parent_id);
        }
        if let Content::Indicator(indicator) = &mut draft.content {
            for target in &mut indicator.targets {
                target.effective_from = target.effective_from.max(self.on);
            }
        }
        let below = format!("{at}/item");
        self.check_whole(&below, &draft);
        let checked = items::actions::check_item(self.connection, self.plan, None, &draft);
        self.gather(&below, checked)?;
        let placed = rules::place_item(&self.places, None, draft.parent_id, draft.position);
        let path = self.gather(&below, placed)?;
        if draft.content.kind() == ItemKind::Section && !change.assignments.is_empty() {
            self.faults.push(FieldError::new(format!("{at}/assignments"), Code::ItemNotLeaf));
        }
        self.check_rows(at, &change.assignments)?;
        let Some(path) = path else { return Ok(None) };
        let full = self.full(&draft, path, &change.assignments);
        self.places.insert(full.item.id, place_of(&full.item));
        self.items.push(full.clone());
        Ok(Some(Step::Add(Box::new(full))))
    }

    fn full(&self, draft: &ItemDraft, path: String, rows: &[AssignmentView]) -> FullItem {
        let id = ItemId::generate();
        let row = draft.to_row(id, self.plan.ward_id, self.plan.id, path);
        let assignment = |row: &AssignmentView| Assignment {
            item_id: id,
            unit_id: row.unit_id,
            frequency: row.frequency,
            obligation: row.obligation,
            effective_from: Some(self.on),
            withdrawn_from: None,
        };
        FullItem {
            item: PlanItem { effective_from: Some(self.on), ..row },
            targets: draft.to_targets(id),
            coordinators: draft.coordinating_unit_ids.clone(),
            assignments: rows.iter().map(assignment).collect(),
        }
    }

    /// An issued plan takes whole items only, under a code that is free, in a section that stands.
    fn check_whole(&mut self, at: &str, draft: &ItemDraft) {
        let code = crate::kernel::text::ascii_code(&draft.code);
        let kind = draft.content.kind();
        if self.items.iter().any(|full| full.item.kind == kind && full.item.code_ascii == code) {
            self.faults.push(FieldError::new(format!("{at}/code"), Code::CodeTaken));
        }
        let parent = self.items.iter().find(|full| Some(full.item.id) == draft.parent_id);
        if parent.is_some_and(|full| full.item.withdrawn_from.is_some()) {
            self.faults.push(FieldError::new(format!("{at}/parent_id"), Code::ItemWithdrawn));
        }
        if let Content::Indicator(indicator) = &draft.content {
            for (name, missing) in
                [("measure", indicator.measure.is_none()), ("targets", indicator.targets.is_empty())]
            {
                if missing {
                    self.faults.push(FieldError::new(format!("{at}/{name}"), Code::Required));
                }
            }
        }
    }

    fn section(&mut self, at: &str, code: &str, parent_id: Option<ItemId>) -> Option<ItemId> {
        let wanted = clean(code);
        let sections = self.items.iter().map(|full| &full.item).filter(|item| item.kind == ItemKind::Section);
        let found = sections.clone().find(|item| item.code == wanted || item.code_ascii == wanted);
        let fault = match (parent_id, found) {
            (Some(_), _) => Code::NotApplicableHere,
            (None, None) => Code::UnknownReference,
            (None, Some(section)) => return Some(section.id),
        };
        self.faults.push(FieldError::new(at, fault));
        None
    }

    /// Gathers the faults of a check below this pointer; what is no fault of the content ends everything.
    fn gather<T>(&mut self, at: &str, checked: Result<T>) -> Result<Option<T>> {
        match checked {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.code == Code::Invalid => {
                let below =
                    |fault: FieldError| FieldError { pointer: format!("{at}{}", fault.pointer), ..fault };
                self.faults.extend(error.fields.into_iter().map(below));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

fn cleaned(target: &AmendedTarget, on: NaiveDate) -> TargetContent {
    let target = target.from_day(on);
    TargetContent {
        unit: target.unit.as_deref().map(clean),
        band: target.band.as_deref().map(clean),
        ..target
    }
}
