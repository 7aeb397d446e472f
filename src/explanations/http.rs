//! Requests for explanation and assessments over HTTP.

use actix_web::{get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions,
    assessing::{self, NewAssessment},
    model::{AssessmentKind, ExplanationRequestId, RequestState},
    store::{self, Filter},
    view::{AssessmentView, ExplanationRequestView},
};
use crate::{
    context::{Answer, Ctx},
    error::Error,
    http::{Body, HttpResult, Id, PageQuery, Query, extract::page_request},
    kernel::{day, page::Page, time::Timestamp},
    submissions::{
        SubmissionId,
        actions::get_dossier,
        model::{Cause, Explanation},
        reach::Visibility,
    },
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_explanation_requests)
        .service(list_submission_explanation_requests)
        .service(create_explanation_request)
        .service(get_explanation_request)
        .service(answer_explanation_request)
        .service(list_assessments)
        .service(create_assessment);
}

/// Which requests are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListExplanationRequests {
    /// Whether they wait for their answer.
    pub state: Option<RequestState>,
    /// Unit: id or code.
    pub unit: Option<String>,
    /// Whether they wait longer than they should.
    pub overdue: Option<bool>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List requests for explanation
#[utoipa::path(
    tag = "explanations",
    extensions(("x-permission" = json!("submissions.read"))),
    params(ListExplanationRequests),
    responses((status = 200, description = "Requests about figures that the caller may see, newest first",
        body = Page<ExplanationRequestView>))
)]
#[get("/api/v1/explanation-requests")]
pub async fn list_explanation_requests(ctx: Ctx, query: Query<ListExplanationRequests>) -> HttpResult {
    let query = query.0;
    let visibility = Visibility::of(&ctx.actor)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let now = ctx.services.clock.now();
    let overdue = query.overdue.map(|wanted| (wanted, now));
    let filter = Filter { state: query.state, unit: query.unit, overdue };
    let page = ctx.read(move |c| store::list_requests(c, &visibility, &filter, &page)).await?;
    Ok(Answer::ok(&page.map(|request| ExplanationRequestView::of(request, now)))?)
}

/// List the requests for explanation of a submission
#[utoipa::path(
    tag = "explanations",
    extensions(("x-permission" = json!("submissions.read"))),
    params(("id" = SubmissionId, Path), PageQuery),
    responses((status = 200, description = "Requests, oldest first", body = Page<ExplanationRequestView>))
)]
#[get("/api/v1/submissions/{id}/explanation-requests")]
pub async fn list_submission_explanation_requests(
    ctx: Ctx,
    id: Id<SubmissionId>,
    query: Query<PageQuery>,
) -> HttpResult {
    let visibility = Visibility::of(&ctx.actor)?;
    let (page, now) = (query.0.request()?, ctx.services.clock.now());
    let read = ctx.read(move |c| {
        get_dossier(c, &visibility, id.0)?;
        store::list_of_submission(c, id.0, &page)
    });
    Ok(Answer::ok(&read.await?.map(|request| ExplanationRequestView::of(request, now)))?)
}

/// A question to the unit whose figure it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "question": "Vì sao tỷ lệ hồ sơ đúng hạn giảm so với Quý I?", "due_at": "2026-12-31T17:00:00+07:00"
}))]
pub struct CreateExplanationRequest {
    /// What is asked.
    #[schema(min_length = 1, max_length = 2000)]
    pub question: String,
    /// Until when an answer is on time, inclusive; lies ahead.
    pub due_at: Timestamp,
}

/// Ask a unit to explain a figure
///
/// Of any figure that was ever submitted, whether or not it misses a target.
#[utoipa::path(
    tag = "explanations",
    extensions(("x-permission" = json!("explanations.request"))),
    params(("id" = SubmissionId, Path)),
    request_body = CreateExplanationRequest,
    responses((status = 201, description = "The request", body = ExplanationRequestView))
)]
#[post("/api/v1/submissions/{id}/explanation-requests")]
pub async fn create_explanation_request(
    ctx: Ctx,
    id: Id<SubmissionId>,
    body: Body<CreateExplanationRequest>,
) -> HttpResult {
    let answer = ctx.write(move |tx| {
        let request = actions::create_request(tx, id.0, &body.0.question, body.0.due_at)?;
        let location = format!("/api/v1/explanation-requests/{}", request.id);
        Answer::created(location, Some(request.version), &ExplanationRequestView::of(request, tx.now))
    });
    Ok(answer.await?)
}

/// Read a request for explanation
#[utoipa::path(
    tag = "explanations",
    extensions(("x-permission" = json!("submissions.read"))),
    params(("id" = ExplanationRequestId, Path)),
    responses(
        (status = 200, description = "The request", body = ExplanationRequestView),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/api/v1/explanation-requests/{id}")]
pub async fn get_explanation_request(ctx: Ctx, id: Id<ExplanationRequestId>) -> HttpResult {
    let visibility = Visibility::of(&ctx.actor)?;
    let found = ctx.read(move |c| store::find_request(c, &visibility, id.0)).await?;
    let request = found.ok_or_else(Error::not_found)?;
    let now = ctx.services.clock.now();
    Ok(Answer::versioned(request.version, &ExplanationRequestView::of(request, now))?)
}

/// What the unit answers.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "cause": "subjective", "what_happened": "Một số hồ sơ đất đai trễ hạn", "remedy": "Phân công lại người xử lý",
    "new_date": "2026-09-30"
}))]
pub struct AnswerExplanationRequest {
    /// Claimed cause.
    pub cause: Cause,
    /// What happened.
    #[schema(min_length = 1, max_length = 2000)]
    pub what_happened: String,
    /// What is done about it.
    #[schema(min_length = 1, max_length = 2000)]
    pub remedy: String,
    /// By when.
    #[serde(deserialize_with = "day::read")]
    pub new_date: NaiveDate,
}

/// Answer a request for explanation
///
/// By a head of the unit whose figure it is, once; the answer closes the request.
#[utoipa::path(
    tag = "explanations",
    extensions(("x-permission" = json!("explanations.answer"))),
    params(("id" = ExplanationRequestId, Path)),
    request_body = AnswerExplanationRequest,
    responses((status = 200, description = "The request with its answer", body = ExplanationRequestView))
)]
#[post("/api/v1/explanation-requests/{id}/answer")]
pub async fn answer_explanation_request(
    ctx: Ctx,
    id: Id<ExplanationRequestId>,
    body: Body<AnswerExplanationRequest>,
) -> HttpResult {
    let AnswerExplanationRequest { cause, what_happened, remedy, new_date } = body.0;
    let answer = ctx.write(move |tx| {
        let explanation = Explanation { cause, what_happened, remedy, new_date };
        let request = actions::answer_request(tx, id.0, explanation)?;
        Answer::versioned(request.version, &ExplanationRequestView::of(request, tx.now))
    });
    Ok(answer.await?)
}

/// List the findings and conclusions on a submission
#[utoipa::path(
    tag = "explanations",
    extensions(("x-permission" = json!("submissions.read"))),
    params(("id" = SubmissionId, Path), PageQuery),
    responses((status = 200, description = "Newest first: the first of a kind and revision is the one that stands",
        body = Page<AssessmentView>))
)]
#[get("/api/v1/submissions/{id}/assessments")]
pub async fn list_assessments(ctx: Ctx, id: Id<SubmissionId>, query: Query<PageQuery>) -> HttpResult {
    let visibility = Visibility::of(&ctx.actor)?;
    let page = query.0.request()?;
    let read = ctx.read(move |c| {
        get_dossier(c, &visibility, id.0)?;
        store::list_assessments(c, id.0, &page)
    });
    Ok(Answer::ok(&read.await?.map(AssessmentView::of))?)
}

/// What was found or concluded about the newest signed revision.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "conclusion", "cause": "subjective", "text": "Chậm do chưa bố trí người thay khi cán bộ nghỉ phép"
}))]
pub struct CreateAssessment {
    /// `finding` by a coordinator of another unit, `conclusion` by a leader.
    pub kind: AssessmentKind,
    /// The cause as the author sees it.
    pub cause: Cause,
    /// What was found or concluded.
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
}

/// Write a finding or conclusion beside the unit's claim
///
/// Never over it. A later one of the same kind about the same revision takes the place of an earlier one, which stays
/// readable.
#[utoipa::path(
    tag = "explanations",
    extensions(("x-permission" = json!("assessments.write"))),
    params(("id" = SubmissionId, Path)),
    request_body = CreateAssessment,
    responses((status = 201, description = "The assessment", body = AssessmentView))
)]
#[post("/api/v1/submissions/{id}/assessments")]
pub async fn create_assessment(ctx: Ctx, id: Id<SubmissionId>, body: Body<CreateAssessment>) -> HttpResult {
    let CreateAssessment { kind, cause, text } = body.0;
    let answer = ctx.write(move |tx| {
        let assessment = assessing::create_assessment(tx, id.0, NewAssessment { kind, cause, text })?;
        let location = format!("/api/v1/submissions/{}/assessments", id.0);
        Answer::created(location, None, &AssessmentView::of(assessment))
    });
    Ok(answer.await?)
}
