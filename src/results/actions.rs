//! Reading the whole of a period.

use std::collections::HashMap;

use super::{
    model::{FigureBasis, Summary, Sums},
    rules,
    store::{self, Obliged},
};
use crate::{
    db::AnyConnection,
    error::Result,
    items::{self, ItemId, ItemKind},
    kernel::time::Timestamp,
    periods::{self, Period},
};

/// The results of a period at this moment. Few queries, whatever the number of units.
///
/// # Errors
/// When the database fails.
pub fn summarise(
    connection: &mut AnyConnection,
    period: Period,
    basis: FigureBasis,
    as_of: Timestamp,
) -> Result<Summary> {
    let previous = periods::actions::previous_period(connection, &period)?;
    let measured = store::list_measured(connection, period.plan_id)?;
    let definitions = items::actions::load_definitions(connection, &measured)?;
    let ids: Vec<ItemId> =
        measured.iter().filter(|item| item.kind == ItemKind::Indicator).map(|item| item.id).collect();
    let targets = items::actions::targets_of(connection, &ids)?;
    let sums = store::sum_figures(connection, basis, period.id, Obliged::Counted)?;
    let before = match &previous {
        Some(previous) => store::sum_figures(connection, basis, previous.id, Obliged::Left)?,
        None => HashMap::new(),
    };
    let expected = store::count_expected(connection, period.id)?;
    let nothing = Sums::default();
    let (indicators, headings): (Vec<_>, Vec<_>) =
        measured.into_iter().partition(|item| item.kind == ItemKind::Indicator);
    let leaves: Vec<_> = indicators
        .iter()
        // What an amendment added later was no part of this period.
        .filter(|item| item.effective_from.is_none_or(|from| from <= period.data_to))
        .map(|item| {
            let id = item.id;
            rules::result_of(
                definitions.at(item, period.data_to),
                targets.get(&id).map_or(&[], Vec::as_slice),
                &period,
                sums.get(&id).unwrap_or(&nothing),
                previous.as_ref().map(|previous| rules::Before {
                    item: definitions.at(item, previous.data_to),
                    sums: before.get(&id),
                }),
                expected.get(&id).copied().unwrap_or_default(),
            )
        })
        .collect();
    let sections = headings
        .into_iter()
        .filter_map(|item| {
            let verdict = rules::section_verdict(&item.sort_path, &leaves)?;
            Some((item.code, item.title, verdict))
        })
        .collect();
    Ok(Summary { plan_id: period.plan_id, period, previous, basis, as_of, leaves, sections })
}
