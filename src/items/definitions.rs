//! Which definition an indicator had when: figures are put together as they were meant, and series show the break
//! (RULES §6).

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::{
    draft::{Measure, measure_of},
    model::{ItemId, MeasureVersion, PlanItem},
    store,
};
use crate::{
    db::AnyConnection,
    error::{Error, Result},
};

/// A definition that was replaced.
#[derive(Clone, Debug)]
struct Replaced {
    number: i32,
    measure: Measure,
    from: NaiveDate,
}

/// The definitions that some items had before their present ones.
#[derive(Clone, Debug, Default)]
pub struct Definitions(HashMap<ItemId, Vec<Replaced>>);

/// The definitions that these items had before. Nothing is asked where none of them ever changed.
///
/// # Errors
/// When the database fails, or holds a definition that is none.
pub fn load_definitions<'i>(
    connection: &mut AnyConnection,
    items: impl IntoIterator<Item = &'i PlanItem>,
) -> Result<Definitions> {
    let changed = items.into_iter().filter(|item| item.definition_version > 1).map(|item| item.id);
    let mut ids: Vec<ItemId> = changed.collect();
    if ids.is_empty() {
        return Ok(Definitions::default());
    }
    ids.sort_unstable();
    ids.dedup();
    let mut found: HashMap<ItemId, Vec<Replaced>> = HashMap::new();
    for MeasureVersion { item_id, number, measure, replaced_from } in
        store::list_definitions(connection, &ids)?
    {
        let measure = measure.read().map_err(Error::internal)?;
        found.entry(item_id).or_default().push(Replaced { number, measure, from: replaced_from });
    }
    Ok(Definitions(found))
}

impl Definitions {
    /// The item as it was defined on that day: at the end of a period.
    #[must_use]
    pub fn at(&self, item: &PlanItem, on: NaiveDate) -> PlanItem {
        let before = self.0.get(&item.id).into_iter().flatten().find(|replaced| replaced.from > on);
        match before {
            Some(replaced) => with_measure(item, &replaced.measure, replaced.number),
            None => item.clone(),
        }
    }

    /// The day from which the present definition of an item holds; none where it is the first.
    #[must_use]
    pub fn last_change(&self, id: ItemId) -> Option<NaiveDate> {
        self.0.get(&id)?.last().map(|replaced| replaced.from)
    }

    /// All definitions of an item, the newest first.
    #[must_use]
    pub fn history(&self, item: &PlanItem) -> Vec<DefinitionView> {
        let mut views = Vec::new();
        let mut from = None;
        for replaced in self.0.get(&item.id).into_iter().flatten() {
            views.push(DefinitionView {
                item_id: item.id,
                number: replaced.number,
                effective_from: from,
                effective_to: replaced.from.checked_sub_days(Days::new(1)),
                measure: Some(replaced.measure.clone()),
            });
            from = Some(replaced.from);
        }
        views.push(DefinitionView {
            item_id: item.id,
            number: item.definition_version,
            effective_from: from,
            effective_to: None,
            measure: measure_of(item),
        });
        views.reverse();
        views
    }
}

/// The item with another definition.
#[must_use]
pub fn with_measure(item: &PlanItem, measure: &Measure, number: i32) -> PlanItem {
    let measure = measure.clone();
    PlanItem {
        measure_kind: Some(measure.kind),
        numerator_label: measure.numerator_label,
        denominator_label: measure.denominator_label,
        measure_unit: measure.unit,
        aggregation: Some(measure.aggregation),
        subset_of_id: measure.subset_of,
        no_more_than_id: measure.no_more_than,
        control: Some(measure.control),
        conditional: measure.conditional,
        definition_version: number,
        ..item.clone()
    }
}

/// One definition of an indicator.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DefinitionView {
    /// The indicator.
    pub item_id: ItemId,
    /// Which of its definitions it is; the first is 1.
    #[schema(example = 1)]
    pub number: i32,
    /// First day on which it held; none where it is the plan's own.
    pub effective_from: Option<NaiveDate>,
    /// Last day on which it held; none where it holds still.
    pub effective_to: Option<NaiveDate>,
    /// What is measured; none of a section or task, or while a draft does not say.
    pub measure: Option<Measure>,
}
