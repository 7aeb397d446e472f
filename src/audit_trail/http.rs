//! The audit trail over HTTP: events, and the proof of their chain.

use actix_web::get;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    audit::{self, AuditRow, ChainReport, Filter},
    context::{Answer, Ctx},
    error::{Error, Result},
    http::{HttpResult, Query, extract::page_request},
    kernel::{
        id::{PrincipalId, UnitId},
        page::Page,
        time::Timestamp,
    },
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(verify_audit_chain).service(list_audit_events);
}

/// Something that happened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditEventView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Its number in the ward's chain, from 1.
    #[schema(example = 42)]
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What happened, past tense.
    #[schema(example = "unit.changed")]
    pub kind: String,
    /// The account or client that did it; none for nobody known and for the console.
    pub actor_id: Option<PrincipalId>,
    /// Its username or client id at that time.
    #[schema(example = "admin")]
    pub actor_name: Option<String>,
    /// The office it held at that time.
    pub actor_position: Option<String>,
    /// The account whose authority was used.
    pub on_behalf_of: Option<PrincipalId>,
    /// The actor's unit at that time.
    pub unit_id: Option<UnitId>,
    /// What sort of thing it happened to.
    #[schema(example = "unit")]
    pub subject_kind: String,
    /// Id of that thing.
    pub subject_id: String,
    /// `{field: {before, after}}` of the fields that changed.
    #[schema(value_type = Object)]
    pub changes: Value,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// The request that did it.
    pub request_id: String,
    /// Hash of the event before it.
    pub previous_hash: String,
    /// SHA-256 over this event and the hash before it.
    pub hash: String,
}

impl AuditEventView {
    /// The view of an event.
    ///
    /// # Errors
    /// Internal, when the changes in the database are no JSON.
    pub fn of(row: AuditRow) -> Result<Self> {
        Ok(Self {
            id: row.id.to_string(),
            seq: row.seq,
            at: row.at,
            kind: row.kind,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            actor_position: row.actor_position,
            on_behalf_of: row.on_behalf_of,
            unit_id: row.unit_id,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            changes: row.changes.read().map_err(Error::internal)?,
            reason: row.reason,
            request_id: row.request_id,
            previous_hash: row.previous_hash,
            hash: row.hash,
        })
    }
}

/// Which events are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAuditEvents {
    /// Of this kind, such as `submission.approved`.
    #[param(max_length = 100)]
    pub kind: Option<String>,
    /// About the thing of this id.
    #[param(max_length = 100)]
    pub subject_id: Option<String>,
    /// By this account or client.
    pub actor_id: Option<PrincipalId>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List audit events
#[utoipa::path(
    tag = "audit",
    extensions(("x-permission" = json!("audit.read"))),
    params(ListAuditEvents),
    responses((status = 200, description = "Events of the ward, newest first", body = Page<AuditEventView>))
)]
#[get("/api/v1/audit-events")]
pub async fn list_audit_events(ctx: Ctx, query: Query<ListAuditEvents>) -> HttpResult {
    let (ward_id, query) = (ctx.ward()?, query.0);
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter { kind: query.kind, subject_id: query.subject_id, actor_id: query.actor_id };
    let events = ctx.read(move |c| audit::list_events(c, ward_id, &filter, &page)).await?;
    Ok(Answer::ok(&events.try_map(AuditEventView::of)?)?)
}

/// Prove the ward's audit chain
///
/// Recomputes every hash from the first event on, and names the first that does not fit.
#[utoipa::path(
    tag = "audit",
    extensions(("x-permission" = json!("audit.read"))),
    responses((status = 200, description = "What the proof found", body = ChainReport))
)]
#[get("/api/v1/audit-events/verify")]
pub async fn verify_audit_chain(ctx: Ctx) -> HttpResult {
    let ward_id = ctx.ward()?;
    let report = ctx.read(move |c| audit::verify_chain(c, Some(ward_id))).await?;
    Ok(Answer::ok(&report)?)
}
