//! Submissions over HTTP.

mod listing;

use actix_web::{delete, get, patch, post};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewSubmission},
    model::{Applicability, Content, Explanation, Progress, Revision, SubmissionId, Survey},
    reach::Visibility,
    store,
    view::{RevisionView, SubmissionView},
};
use crate::{
    context::{Answer, Ctx, Tx},
    error::{Code, Error, Result},
    http::{Body, HttpResult, Id},
    items::ItemId,
    kernel::{id::UnitId, number::Quantity, page::Page, patch},
    periods::PeriodId,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    listing::routes(config);
    config
        .service(create_submission)
        .service(get_submission)
        .service(update_submission)
        .service(delete_submission)
        .service(list_revisions)
        .service(get_revision);
}

/// The answer with a submission as it now is for the actor of the transaction.
///
/// # Errors
/// When the database fails.
pub fn view_of(tx: &mut Tx<'_>, id: SubmissionId) -> Result<SubmissionView> {
    let dossier = actions::get_dossier_for(tx, id)?;
    Ok(SubmissionView::of(dossier, tx.actor, tx.now))
}

/// A new draft.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "item_id": "00000000-0000-7000-8000-000000000000", "period_id": "00000000-0000-7000-8000-000000000000",
    "numerator": 940, "denominator": 1000, "note": "Số liệu từ hệ thống một cửa",
    "explanation": {
        "cause": "subjective", "what_happened": "Một số hồ sơ đất đai trễ hạn", "remedy": "Phân công lại người xử lý",
        "new_date": "2026-09-30"
    }
}))]
pub struct CreateSubmission {
    /// The leaf.
    pub item_id: ItemId,
    /// The period.
    pub period_id: PeriodId,
    /// The unit; the caller's own if absent. A coordinator may draft for any unit of the ward.
    pub unit_id: Option<UnitId>,
    /// Cases that count.
    pub numerator: Option<Quantity>,
    /// All cases.
    pub denominator: Option<Quantity>,
    /// Cases left out by the definition.
    pub excluded: Option<Quantity>,
    /// The rate as the caller computed it, checked within 0.01 points; never stored.
    pub rate: Option<Quantity>,
    /// Count, score or present level.
    pub value: Option<Quantity>,
    /// Class: `XUAT_SAC`, `TOT`, `KHA`, `TRUNG_BINH`, `YEU`.
    pub band: Option<String>,
    /// Answer to a checklist.
    pub checked: Option<bool>,
    /// Whether a conditional leaf ("nếu có") applies.
    pub applicability: Option<Applicability>,
    /// Why it does not.
    #[schema(max_length = 2000)]
    pub applicability_reason: Option<String>,
    /// How far a task is.
    pub progress: Option<Progress>,
    /// Remark.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// Why a target was missed.
    pub explanation: Option<Explanation>,
    /// How a satisfaction figure was measured.
    pub survey: Option<Survey>,
}

/// Draft a submission
///
/// One per leaf, period and unit. Drafting is free as soon as the period exists; signing waits until it opens.
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.write"))),
    request_body = CreateSubmission,
    responses((status = 201, description = "The new draft", body = SubmissionView))
)]
#[post("/api/v1/submissions")]
pub async fn create_submission(ctx: Ctx, body: Body<CreateSubmission>) -> HttpResult {
    let new = body.0.into_new();
    let answer = ctx.write(move |tx| {
        let id = actions::create_submission(tx, new)?;
        let view = view_of(tx, id)?;
        Answer::created(actions::path_of(id), Some(view.version), &view)
    });
    Ok(answer.await?)
}

impl CreateSubmission {
    fn into_new(self) -> NewSubmission {
        NewSubmission {
            item_id: self.item_id,
            period_id: self.period_id,
            unit_id: self.unit_id,
            rate: self.rate,
            content: Content {
                numerator: self.numerator,
                denominator: self.denominator,
                excluded: self.excluded,
                value: self.value,
                band: self.band,
                checked: self.checked,
                applicability: self.applicability,
                applicability_reason: self.applicability_reason,
                progress: self.progress,
                note: self.note,
                explanation: self.explanation,
                survey: self.survey,
            },
        }
    }
}

/// Read a submission
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.read"))),
    params(("id" = SubmissionId, Path)),
    responses(
        (status = 200, description = "The submission", body = SubmissionView),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/api/v1/submissions/{id}")]
pub async fn get_submission(ctx: Ctx, id: Id<SubmissionId>) -> HttpResult {
    let visibility = Visibility::of(&ctx.actor)?;
    let dossier = ctx.read(move |c| actions::get_dossier(c, &visibility, id.0)).await?;
    let version = dossier.submission.version;
    Ok(Answer::versioned(version, &SubmissionView::of(dossier, &ctx.actor, ctx.services.clock.now()))?)
}

/// What changes about the content: absent keeps, `null` clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "numerator": 475, "note": "Đã rà soát lại" }))]
pub struct UpdateSubmission {
    /// Cases that count.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>)]
    pub numerator: Option<Option<Quantity>>,
    /// All cases.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>)]
    pub denominator: Option<Option<Quantity>>,
    /// Cases left out by the definition.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>)]
    pub excluded: Option<Option<Quantity>>,
    /// The rate as the caller computed it, checked within 0.01 points; never stored.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub rate: Option<Quantity>,
    /// Count, score or present level.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>)]
    pub value: Option<Option<Quantity>>,
    /// Class.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>)]
    pub band: Option<Option<String>>,
    /// Answer to a checklist.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<bool>)]
    pub checked: Option<Option<bool>>,
    /// Whether a conditional leaf applies.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Applicability>)]
    pub applicability: Option<Option<Applicability>>,
    /// Why it does not.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub applicability_reason: Option<Option<String>>,
    /// How far a task is.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Progress>)]
    pub progress: Option<Option<Progress>>,
    /// Remark.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub note: Option<Option<String>>,
    /// Why a target was missed.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Explanation>)]
    pub explanation: Option<Option<Explanation>>,
    /// How a satisfaction figure was measured.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Survey>)]
    pub survey: Option<Option<Survey>>,
}

impl UpdateSubmission {
    fn apply(self, content: &mut Content) {
        fn set<T>(field: &mut Option<T>, change: Option<Option<T>>) {
            if let Some(value) = change {
                *field = value;
            }
        }
        set(&mut content.numerator, self.numerator);
        set(&mut content.denominator, self.denominator);
        set(&mut content.excluded, self.excluded);
        set(&mut content.value, self.value);
        set(&mut content.band, self.band);
        set(&mut content.checked, self.checked);
        set(&mut content.applicability, self.applicability);
        set(&mut content.applicability_reason, self.applicability_reason);
        set(&mut content.progress, self.progress);
        set(&mut content.note, self.note);
        set(&mut content.explanation, self.explanation);
        set(&mut content.survey, self.survey);
    }
}

/// Change a draft or returned submission
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.write"))),
    params(("id" = SubmissionId, Path)),
    request_body = UpdateSubmission,
    responses((status = 200, description = "The submission as it now is", body = SubmissionView))
)]
#[patch("/api/v1/submissions/{id}")]
pub async fn update_submission(ctx: Ctx, id: Id<SubmissionId>, body: Body<UpdateSubmission>) -> HttpResult {
    let (id, change) = (id.0, body.0);
    let rate = change.rate;
    let answer = ctx.write(move |tx| {
        actions::change_content(tx, id, |content| change.apply(content), rate)?;
        let view = view_of(tx, id)?;
        Answer::versioned(view.version, &view)
    });
    Ok(answer.await?)
}

/// Delete a draft that was never submitted
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.write"))),
    params(("id" = SubmissionId, Path)),
    responses((status = 204, description = "Deleted"))
)]
#[delete("/api/v1/submissions/{id}")]
pub async fn delete_submission(ctx: Ctx, id: Id<SubmissionId>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        actions::delete_submission(tx, id.0)?;
        Ok(Answer::no_content())
    });
    Ok(answer.await?)
}

/// List the frozen revisions of a submission
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.read"))),
    params(("id" = SubmissionId, Path)),
    responses((status = 200, description = "Revisions, newest first", body = Page<RevisionView>))
)]
#[get("/api/v1/submissions/{id}/revisions")]
pub async fn list_revisions(ctx: Ctx, id: Id<SubmissionId>) -> HttpResult {
    let items = load_revisions(&ctx, id.0).await?;
    Ok(Answer::ok(&Page { items, next_cursor: None })?)
}

/// Read one frozen revision
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.read"))),
    params(("id" = SubmissionId, Path), ("n" = i32, Path, description = "Number of the revision", example = 1)),
    responses((status = 200, description = "The revision", body = RevisionView))
)]
#[get("/api/v1/submissions/{id}/revisions/{n}")]
pub async fn get_revision(
    ctx: Ctx,
    id: Id<SubmissionId>,
    path: actix_web::web::Path<(String, String)>,
) -> HttpResult {
    let number: Option<i32> = path.1.parse().ok();
    let revisions = load_revisions(&ctx, id.0).await?;
    let revision = revisions.into_iter().find(|revision| Some(revision.number) == number);
    Ok(Answer::ok(&revision.ok_or_else(|| Error::new(Code::NotFound))?)?)
}

async fn load_revisions(ctx: &Ctx, id: SubmissionId) -> Result<Vec<RevisionView>> {
    let visibility = Visibility::of(&ctx.actor)?;
    ctx.read(move |c| {
        let dossier = actions::get_dossier(c, &visibility, id)?;
        let mut evidence = store::list_of_revisions(c, id)?;
        let view = |revision: Revision| {
            let cited = evidence.remove(&revision.number).unwrap_or_default();
            RevisionView::of(revision, cited, &dossier)
        };
        store::list_revisions(c, id)?.into_iter().map(view).collect()
    })
    .await
}
