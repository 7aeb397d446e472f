//! All SQL about webhooks. What a caller may see is part of each query.

pub(super) mod deliveries;
pub(super) mod leases;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper, dsl};

use super::model::{Webhook, WebhookId};
use crate::{
    clients::ClientRowId,
    db::{AnyConnection, MultiBackend},
    error::{Code, Error, Result},
    kernel::{
        id::WardId,
        page::{Page, PageRequest},
    },
    schema::webhook_subscriptions as s,
};

/// Whose webhooks a caller knows of: people of a ward those of its clients, a client its own.
#[derive(Clone, Copy, Debug)]
pub enum Reach {
    /// Those of a ward's clients.
    Ward(WardId),
    /// Those of this client.
    Client(ClientRowId),
}

fn visible<'q>(reach: Reach) -> dsl::IntoBoxed<'q, s::table, MultiBackend> {
    match reach {
        Reach::Ward(ward_id) => s::table.into_boxed().filter(s::ward_id.eq(ward_id)),
        Reach::Client(client_id) => s::table.into_boxed().filter(s::client_row_id.eq(client_id)),
    }
}

/// The webhooks that a caller knows of, newest first.
pub(super) fn list_webhooks(
    connection: &mut AnyConnection,
    reach: Reach,
    page: &PageRequest,
) -> Result<Page<Webhook>> {
    let mut query = visible(reach);
    if let Some(after) = &page.after {
        let after = WebhookId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(s::id.lt(after));
    }
    let rows = query.select(Webhook::as_select()).order(s::id.desc()).limit(page.fetch()).load(connection)?;
    Ok(page.page(rows, |webhook: &Webhook| webhook.id.to_string()))
}

/// A webhook that the caller knows of.
pub(super) fn find_webhook(
    connection: &mut AnyConnection,
    reach: Reach,
    id: WebhookId,
) -> Result<Option<Webhook>> {
    let query = visible(reach).filter(s::id.eq(id));
    Ok(query.select(Webhook::as_select()).first(connection).optional()?)
}

/// How many webhooks a client has.
pub(super) fn count_webhooks(connection: &mut AnyConnection, client_id: ClientRowId) -> Result<i64> {
    Ok(s::table.filter(s::client_row_id.eq(client_id)).count().get_result(connection)?)
}

/// Adds a webhook.
pub(super) fn insert_webhook(connection: &mut AnyConnection, webhook: &Webhook) -> Result<()> {
    diesel::insert_into(s::table).values(webhook).execute(connection)?;
    Ok(())
}

/// Writes a changed webhook over the version that was read.
pub(super) fn update_webhook(
    connection: &mut AnyConnection,
    before: &Webhook,
    after: &Webhook,
) -> Result<()> {
    let changed = diesel::update(s::table.find(after.id).filter(s::version.eq(before.version)))
        .set((
            s::url.eq(&after.url),
            s::kinds.eq(&after.kinds),
            s::active.eq(after.active),
            s::disabled_reason.eq(after.disabled_reason),
            s::secret_version.eq(after.secret_version),
            s::previous_secret_until.eq(after.previous_secret_until),
            s::version.eq(after.version),
        ))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Deletes a webhook in the version that was read; its deliveries are swept later.
pub(super) fn delete_webhook(connection: &mut AnyConnection, webhook: &Webhook) -> Result<()> {
    let deleted = diesel::delete(s::table.find(webhook.id).filter(s::version.eq(webhook.version)))
        .execute(connection)?;
    if deleted == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}
