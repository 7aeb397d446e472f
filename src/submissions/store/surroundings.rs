//! What stands around submissions: everything the rules and views need, a few queries for a whole page.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl, Queryable, RunQueryDsl, SelectableHelper};

use super::{Row, comparisons, evidence};
use crate::{
    db::{AnyConnection, one_of},
    error::{Error, Result},
    extensions::{self, Extension, rules::limits},
    items::{self, ItemId, Target, actions::Definitions},
    kernel::id::{PrincipalId, UnitId, WardId},
    periods::PeriodId,
    schema::{decisions, item_targets, submission_drafters, submissions, units},
    submissions::model::{Dossier, Evidence, SubmissionId},
    units::{FormerName, actions::list_former_names, rules},
};

/// What stands around the rows of a page: one query each, whatever their number.
struct Surroundings {
    targets: HashMap<ItemId, Vec<Target>>,
    definitions: Definitions,
    drafters: HashMap<SubmissionId, Vec<PrincipalId>>,
    actors: HashMap<SubmissionId, Vec<PrincipalId>>,
    extensions: HashMap<(PeriodId, UnitId), Vec<Extension>>,
    evidence: HashMap<SubmissionId, Vec<Evidence>>,
    /// Every unit of the ward; it has some dozens.
    units: HashMap<UnitId, Neighbour>,
    former_names: Vec<FormerName>,
    standing_office_id: Option<UnitId>,
}

/// What a page of submissions needs to know of a unit.
#[derive(Queryable)]
struct Neighbour {
    id: UnitId,
    name: String,
    active_to: Option<NaiveDate>,
    acting_unit_id: Option<UnitId>,
    is_standing_office: bool,
}

impl Surroundings {
    /// The unit whose people act for this one.
    fn acting_for(&self, unit: UnitId) -> UnitId {
        self.units.get(&unit).and_then(|known| known.acting_unit_id).unwrap_or(unit)
    }

    fn name_on(&self, unit: UnitId, day: NaiveDate) -> String {
        let former = rules::name_on(&self.former_names, unit, day).map(|former| &former.name);
        former.or_else(|| self.units.get(&unit).map(|known| &known.name)).cloned().unwrap_or_default()
    }
}

fn load_surroundings(connection: &mut AnyConnection, ward_id: WardId, rows: &[Row]) -> Result<Surroundings> {
    let ids: Vec<SubmissionId> = rows.iter().map(|(submission, ..)| submission.id).collect();
    let items: Vec<ItemId> = rows.iter().map(|(_, item, ..)| item.id).collect();
    let targets: Vec<Target> = item_targets::table
        .filter(one_of(item_targets::item_id, items))
        .select(Target::as_select())
        .load(connection)?;
    let definitions = items::actions::load_definitions(connection, rows.iter().map(|(_, item, ..)| item))?;
    let drafters: Vec<(SubmissionId, PrincipalId)> = submission_drafters::table
        .filter(one_of(submission_drafters::submission_id, &ids))
        .select((submission_drafters::submission_id, submission_drafters::principal_id))
        .load(connection)?;
    let actors: Vec<(SubmissionId, PrincipalId)> = decisions::table
        .inner_join(submissions::table.on(submissions::id.eq(decisions::submission_id)))
        .filter(one_of(decisions::submission_id, &ids))
        .filter(decisions::revision.eq(submissions::revision))
        .select((decisions::submission_id, decisions::decided_by))
        .load(connection)?;
    let periods: Vec<PeriodId> = rows.iter().map(|(submission, ..)| submission.period_id).collect();
    let owners: Vec<UnitId> = rows.iter().map(|(submission, ..)| submission.unit_id).collect();
    let extensions = extensions::actions::list_extensions_of(connection, &periods, &owners)?;
    let neighbours: Vec<Neighbour> = units::table
        .filter(units::ward_id.eq(ward_id))
        .select((units::id, units::name, units::active_to, units::acting_unit_id, units::is_standing_office))
        .load(connection)?;
    Ok(Surroundings {
        targets: group(targets.into_iter().map(|target| (target.item_id, target))),
        definitions,
        drafters: group(drafters),
        actors: group(actors),
        extensions: group(extensions.into_iter().map(|more| ((more.period_id, more.unit_id), more))),
        evidence: evidence::list_of_drafts(connection, &ids)?,
        former_names: list_former_names(connection, &owners)?,
        standing_office_id: neighbours.iter().find(|unit| unit.is_standing_office).map(|unit| unit.id),
        units: neighbours.into_iter().map(|unit| (unit.id, unit)).collect(),
    })
}

/// Adds to the rows what stands around them.
pub(super) fn complete(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Dossier>> {
    let Some(ward_id) = rows.first().map(|(submission, ..)| submission.ward_id) else {
        return Ok(Vec::new());
    };
    let mut around = load_surroundings(connection, ward_id, &rows)?;
    let mut comparisons = comparisons::load_comparisons(connection, ward_id, &rows)?;
    let office = around.standing_office_id;
    let dossier = |(submission, item, period, plan_status, unit_code): Row| {
        Ok(Dossier {
            content: submission.content.read().map_err(Error::internal)?,
            // Several submissions of a page may share a leaf.
            targets: around.targets.get(&item.id).cloned().unwrap_or_default(),
            drafters: around.drafters.remove(&submission.id).unwrap_or_default(),
            actors: around.actors.remove(&submission.id).unwrap_or_default(),
            limits: limits(
                &period,
                around.extensions.get(&(period.id, submission.unit_id)).into_iter().flatten(),
            ),
            evidence: around.evidence.remove(&submission.id).unwrap_or_default(),
            comparisons: comparisons.remove(&submission.id).unwrap_or_default(),
            tracked_by_standing_office: office.is_some() && item.tracking_unit_id == office,
            standing_office_id: office,
            unit_name: around.name_on(submission.unit_id, period.data_to),
            unit_active_to: around.units.get(&submission.unit_id).and_then(|unit| unit.active_to),
            owner_id: around.acting_for(submission.unit_id),
            verifier_id: submission.verify_unit_id.map(|unit| around.acting_for(unit)),
            submission,
            item: around.definitions.at(&item, period.data_to),
            period,
            plan_status,
            unit_code,
        })
    };
    rows.into_iter().map(dossier).collect()
}

pub(super) fn group<K: std::hash::Hash + std::cmp::Eq, V>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}
