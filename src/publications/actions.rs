//! Publishing and withdrawing, and reading what is public.

use serde_json::json;

use super::{
    model::{Correction, Publication, PublicationId, PublishedContent},
    rules, store,
};
use crate::{
    audit::Event,
    changes::{self, ChangeKind},
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result},
    kernel::{id::WardId, json::JsonText, text::clean},
    outbox::{Announcement, EventKind},
    periods::{self, Period, PeriodId},
    plans::{self, PlanId, PlanStatus},
    results::{self, FigureBasis},
    wards,
};

/// Publishes what is approved in a period at this moment, together with what was public before.
///
/// # Errors
/// Not found, `plan_not_issued`, `nothing_to_publish`, `concurrent_change`.
pub fn publish(tx: &mut Tx<'_>, period_id: PeriodId) -> Result<Publication> {
    let ward_id = tx.actor.ward()?;
    let period = periods::actions::get_period(tx.connection, ward_id, period_id)?;
    let plan = plans::actions::get_plan(tx.connection, ward_id, period.plan_id)?;
    if plan.status == PlanStatus::Draft {
        return Err(Error::new(Code::PlanNotIssued));
    }
    let taken = store::publish_approved(tx.connection, period_id, tx.now)?;
    let standing = store::find_standing(tx.connection, period_id)?;
    let last = store::last_number(tx.connection, period_id)?;
    // Where the newest was withdrawn, there is something to publish even if no figure is new.
    let newest_stands = last == standing.as_ref().map_or(0, |publication| publication.number);
    if taken == 0 && newest_stands {
        return Err(Error::new(Code::NothingToPublish));
    }
    let plan_id = plan.id;
    let content = freeze(tx, ward_id, period, plan)?;
    let corrections = corrections_against(tx, standing.as_ref(), period_id, &content)?;
    let text = JsonText::of(&content);
    let publication = Publication {
        id: PublicationId::generate(),
        ward_id,
        plan_id,
        period_id,
        number: last + 1,
        hash: rules::hash_of(&text),
        content: text,
        corrections: JsonText::of(&corrections),
        reported: i32::try_from(content.coverage.reported).map_err(Error::internal)?,
        expected: i32::try_from(content.coverage.expected).map_err(Error::internal)?,
        published_at: tx.now,
        published_by: tx.actor.principal()?,
        withdrawn_at: None,
        withdrawn_by: None,
        withdrawn_reason: None,
        version: 1,
    };
    store::insert_publication(tx.connection, &publication)?;
    let kind = if corrections.is_empty() { ChangeKind::Published } else { ChangeKind::Corrected };
    changes::actions::append(tx, ward_id, kind, publication.id.as_str())?;
    tx.record(
        Event::new("publication.published", "publication", publication.id)
            .with("period", &content.period_code)
            .with("number", publication.number)
            .with("hash", &publication.hash)
            .with("submissions", taken),
    );
    tx.announce(announcement(kind, &content, &publication));
    Ok(publication)
}

fn freeze(tx: &mut Tx<'_>, ward_id: WardId, period: Period, plan: plans::Plan) -> Result<PublishedContent> {
    let ward = wards::actions::get_ward(tx.connection, ward_id)?;
    let summary = results::actions::summarise(tx.connection, period, FigureBasis::Published, tx.now)?;
    let standing = summary.leaves.into_iter().filter(|leaf| leaf.withdrawn_from.is_none());
    let items: Vec<_> = standing.map(rules::freeze).collect();
    Ok(PublishedContent {
        ward_code: ward.code,
        ward_name: ward.name,
        year: plan.year,
        plan_title: plan.title,
        plan_number: plan.number,
        period_code: summary.period.code,
        data_from: summary.period.data_from,
        data_to: summary.period.data_to,
        coverage: rules::coverage_of(&items),
        items,
    })
}

fn corrections_against(
    tx: &mut Tx<'_>,
    standing: Option<&Publication>,
    period_id: PeriodId,
    content: &PublishedContent,
) -> Result<Vec<Correction>> {
    let Some(standing) = standing else { return Ok(Vec::new()) };
    let before: PublishedContent = standing.content.read().map_err(Error::internal)?;
    let reasons = store::list_correction_reasons(tx.connection, period_id, standing.published_at)?;
    Ok(rules::corrections(&before, content, &reasons))
}

/// Takes a publication back; a tombstone with the reason stays.
///
/// # Errors
/// Not found, `version_stale`, `reason_required`, `already_withdrawn`.
pub fn withdraw(tx: &mut Tx<'_>, id: PublicationId, reason: &str) -> Result<Publication> {
    let before =
        store::find_publication(tx.connection, tx.actor.ward()?, id)?.ok_or_else(Error::not_found)?;
    tx.check_version(before.version)?;
    if before.withdrawn_at.is_some() {
        return Err(Error::new(Code::AlreadyWithdrawn));
    }
    let reason = clean(reason);
    let mut faults = Faults::new();
    if reason.is_empty() {
        faults.add("/reason", Code::ReasonRequired);
    }
    faults.check_text("/reason", &reason, 0, 2000);
    faults.into_result(Code::Invalid)?;
    let after = Publication {
        withdrawn_at: Some(tx.now),
        withdrawn_by: Some(tx.actor.principal()?),
        withdrawn_reason: Some(reason.clone()),
        version: before.version + 1,
        ..before
    };
    store::withdraw_publication(tx.connection, &after)?;
    changes::actions::append(tx, after.ward_id, ChangeKind::Withdrawn, after.id.as_str())?;
    tx.record(Event::new("publication.withdrawn", "publication", id).because(Some(reason)));
    let content: PublishedContent = after.content.read().map_err(Error::internal)?;
    tx.announce(announcement(ChangeKind::Withdrawn, &content, &after));
    Ok(after)
}

/// What other systems are told of a publication; the figures are where the link leads.
fn announcement(kind: ChangeKind, content: &PublishedContent, publication: &Publication) -> Announcement {
    let kind = match kind {
        ChangeKind::Published => EventKind::PublicationPublished,
        ChangeKind::Corrected => EventKind::PublicationCorrected,
        ChangeKind::Withdrawn => EventKind::PublicationWithdrawn,
    };
    let PublishedContent { ward_code, year, period_code, .. } = content;
    let results = format!("/public/v1/wards/{ward_code}/results?year={year}&period={period_code}");
    let data = json!({
        "plan_year": year,
        "period": period_code,
        "publication": {
            "id": publication.id,
            "number": publication.number,
            "hash": publication.hash,
            "published_at": publication.published_at,
            "withdrawn_at": publication.withdrawn_at,
        },
        "links": { "results": results },
    });
    Announcement { kind, unit_id: None, data }
}

/// The publication that stands for a period, or for the period with the latest data.
///
/// # Errors
/// When the database fails.
pub fn find_standing(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    period_id: Option<PeriodId>,
) -> Result<Option<Publication>> {
    match period_id {
        Some(period_id) => store::find_standing(connection, period_id),
        None => store::find_latest(connection, plan_id),
    }
}
