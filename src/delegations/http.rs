//! Delegations over HTTP.

use actix_web::{delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewDelegation},
    model::{Delegation, DelegationId},
    rules::{self, DelegationState},
    store::{self, Visibility},
};
use crate::{
    access::Role,
    accounts::AccountId,
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, PageQuery, Query},
    kernel::{id::PrincipalId, page::Page, time::Timestamp},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_delegations).service(create_delegation).service(revoke_delegation);
}

/// Authority that one account gives to another for a time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DelegationView {
    /// Its id.
    pub id: DelegationId,
    /// Whose authority it is.
    pub grantor_id: PrincipalId,
    /// Who holds it for a time.
    pub delegate_id: PrincipalId,
    /// From when, inclusive.
    pub starts_at: Timestamp,
    /// Until when, inclusive.
    pub ends_at: Timestamp,
    /// Why.
    pub reason: String,
    /// Whether it is in force at this moment.
    pub state: DelegationState,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl DelegationView {
    /// The view of a delegation at this moment.
    #[must_use]
    pub fn of(delegation: Delegation, now: Timestamp) -> Self {
        Self {
            state: rules::state_at(&delegation, now),
            id: delegation.id,
            grantor_id: delegation.grantor_id,
            delegate_id: delegation.delegate_id,
            starts_at: delegation.starts_at,
            ends_at: delegation.ends_at,
            reason: delegation.reason,
            created_at: delegation.created_at,
            revoked_at: delegation.revoked_at,
            version: delegation.version,
        }
    }
}

/// List delegations
///
/// Leaders and auditors see all of the ward, everybody else those given or held.
#[utoipa::path(
    tag = "delegations",
    extensions(("x-permission" = json!("self.manage"))),
    params(PageQuery),
    responses((status = 200, description = "Delegations, newest first", body = Page<DelegationView>))
)]
#[get("/api/v1/delegations")]
pub async fn list_delegations(ctx: Ctx, query: Query<PageQuery>) -> HttpResult {
    let whole_ward = ctx.actor.has_any(&[Role::Leader, Role::Auditor]);
    let of = if whole_ward { None } else { Some(ctx.actor.principal()?) };
    let (visibility, page) = (Visibility { ward_id: ctx.ward()?, of }, query.0.request()?);
    let now = ctx.services.clock.now();
    let page = ctx.read(move |c| store::list_delegations(c, visibility, &page)).await?;
    Ok(Answer::ok(&page.map(|delegation| DelegationView::of(delegation, now)))?)
}

/// Authority for another account.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "delegate_id": "00000000-0000-7000-8000-000000000000", "ends_at": "2026-12-31T17:00:00+07:00",
    "reason": "Đi công tác; Giấy ủy quyền số 05"
}))]
pub struct CreateDelegation {
    /// Who holds the caller's authority for a time: for a leader an account of the ward, for a head one of the unit.
    pub delegate_id: AccountId,
    /// From when, inclusive; now if absent.
    pub starts_at: Option<Timestamp>,
    /// Until when, inclusive.
    pub ends_at: Timestamp,
    /// Why; the number of the written authorisation, if there is one.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// Delegate the caller's own authority
///
/// For decisions on submissions, which then record `on_behalf_of`. It ends by itself and cannot be passed on; a
/// delegate never acts on own work.
#[utoipa::path(
    tag = "delegations",
    extensions(("x-permission" = json!("delegations.write"))),
    request_body = CreateDelegation,
    responses((status = 201, description = "The delegation", body = DelegationView))
)]
#[post("/api/v1/delegations")]
pub async fn create_delegation(ctx: Ctx, body: Body<CreateDelegation>) -> HttpResult {
    let body = body.0;
    let new = NewDelegation {
        delegate_id: body.delegate_id,
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        reason: body.reason,
    };
    let answer = ctx.write(move |tx| {
        let delegation = actions::create_delegation(tx, new)?;
        let location = format!("/api/v1/delegations/{}", delegation.id);
        Answer::created(location, Some(delegation.version), &DelegationView::of(delegation, tx.now))
    });
    Ok(answer.await?)
}

/// Take a delegation back
#[utoipa::path(
    tag = "delegations",
    extensions(("x-permission" = json!("delegations.write"))),
    params(("id" = DelegationId, Path)),
    responses((status = 204, description = "Taken back"))
)]
#[delete("/api/v1/delegations/{id}")]
pub async fn revoke_delegation(ctx: Ctx, id: Id<DelegationId>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        actions::revoke_delegation(tx, id.0)?;
        Ok(Answer::no_content())
    });
    Ok(answer.await?)
}
