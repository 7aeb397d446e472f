//! What stands around submissions: everything the rules and views need, a few queries for a whole page.

use std::collections::HashMap;

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::{Row, comparisons, evidence};
use crate::{
    db::AnyConnection,
    error::{Error, Result},
    extensions::{self, Extension, rules::limits},
    items::{ItemId, Target},
    kernel::id::{PrincipalId, UnitId, WardId},
    periods::PeriodId,
    schema::{decisions, item_targets, submission_drafters, submissions, units},
    submissions::model::{Dossier, Evidence, SubmissionId},
};

/// What stands around the rows of a page: one query each, whatever their number.
struct Surroundings {
    targets: HashMap<ItemId, Vec<Target>>,
    drafters: HashMap<SubmissionId, Vec<PrincipalId>>,
    actors: HashMap<SubmissionId, Vec<PrincipalId>>,
    extensions: HashMap<(PeriodId, UnitId), Vec<Extension>>,
    evidence: HashMap<SubmissionId, Vec<Evidence>>,
    standing_office_id: Option<UnitId>,
}

fn load_surroundings(connection: &mut AnyConnection, ward_id: WardId, rows: &[Row]) -> Result<Surroundings> {
    let ids: Vec<SubmissionId> = rows.iter().map(|(submission, ..)| submission.id).collect();
    let items: Vec<ItemId> = rows.iter().map(|(_, item, ..)| item.id).collect();
    let targets: Vec<Target> = item_targets::table
        .filter(item_targets::item_id.eq_any(items))
        .select(Target::as_select())
        .load(connection)?;
    let drafters: Vec<(SubmissionId, PrincipalId)> = submission_drafters::table
        .filter(submission_drafters::submission_id.eq_any(&ids))
        .select((submission_drafters::submission_id, submission_drafters::principal_id))
        .load(connection)?;
    let actors: Vec<(SubmissionId, PrincipalId)> = decisions::table
        .inner_join(submissions::table.on(submissions::id.eq(decisions::submission_id)))
        .filter(decisions::submission_id.eq_any(&ids))
        .filter(decisions::revision.eq(submissions::revision))
        .select((decisions::submission_id, decisions::decided_by))
        .load(connection)?;
    let periods: Vec<PeriodId> = rows.iter().map(|(submission, ..)| submission.period_id).collect();
    let owners: Vec<UnitId> = rows.iter().map(|(submission, ..)| submission.unit_id).collect();
    let extensions = extensions::actions::list_extensions_of(connection, &periods, &owners)?;
    let standing_office_id = units::table
        .filter(units::ward_id.eq(ward_id))
        .filter(units::is_standing_office.eq(true))
        .select(units::id)
        .first(connection)
        .optional()?;
    Ok(Surroundings {
        targets: group(targets.into_iter().map(|target| (target.item_id, target))),
        drafters: group(drafters),
        actors: group(actors),
        extensions: group(extensions.into_iter().map(|more| ((more.period_id, more.unit_id), more))),
        evidence: evidence::list_of_drafts(connection, &ids)?,
        standing_office_id,
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
            submission,
            item,
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
