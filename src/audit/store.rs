//! Events in the database.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use serde::{Deserialize, Serialize};

use super::{chain, event::Event};
use crate::{
    access::Actor,
    db::{AnyConnection, per_backend},
    error::{Error, Result},
    id_type,
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        page::{Page, PageRequest},
        time::Timestamp,
    },
    schema::{audit_chains, audit_events, wards},
};

/// Events written in one statement: each binds 17 values, and SQLite takes some 32,000.
const CHUNK: usize = 500;

id_type! {
    /// Identifies an audit event.
    AuditEventId
}

/// An event as it stands in the chain.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table, told in the view that people see")]
pub struct AuditRow {
    pub id: AuditEventId,
    pub chain: String,
    pub seq: i64,
    pub at: Timestamp,
    pub kind: String,
    pub actor_id: Option<PrincipalId>,
    pub actor_name: Option<String>,
    pub actor_position: Option<String>,
    pub on_behalf_of: Option<PrincipalId>,
    pub unit_id: Option<UnitId>,
    pub subject_kind: String,
    pub subject_id: String,
    pub changes: JsonText,
    pub reason: Option<String>,
    pub request_id: String,
    pub previous_hash: String,
    pub hash: String,
}

/// Which events are wanted.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<String>,
    /// About this thing.
    pub subject_id: Option<String>,
    /// By this account or client.
    pub actor_id: Option<PrincipalId>,
}

/// The chain of a ward, or of the city for what belongs to no ward.
#[must_use]
pub fn chain_of(ward_id: Option<WardId>) -> String {
    ward_id.map_or_else(|| "city".to_owned(), |id| id.to_string())
}

/// Appends events to a chain, in order. The update of the chain's head makes others wait their turn.
///
/// # Errors
/// When the database fails.
pub fn append_events(
    connection: &mut AnyConnection,
    ward_id: Option<WardId>,
    actor: &Actor,
    request_id: &str,
    at: Timestamp,
    events: Vec<Event>,
) -> Result<()> {
    let chain = chain_of(ward_id);
    let (mut seq, mut previous) = advance_head(connection, &chain)?;
    let mut rows = Vec::with_capacity(events.len().min(CHUNK));
    for event in events {
        let actor = event.actor.as_ref().unwrap_or(actor);
        let mut row = AuditRow {
            id: AuditEventId::generate(),
            chain: chain.clone(),
            seq,
            at,
            kind: event.kind.to_owned(),
            actor_id: actor.principal_id,
            actor_name: Some(actor.name.clone()),
            actor_position: actor.position.clone(),
            on_behalf_of: event.on_behalf_of,
            unit_id: actor.unit_id,
            subject_kind: event.subject_kind.to_owned(),
            subject_id: event.subject_id,
            changes: JsonText::of(&event.changes),
            reason: event.reason,
            request_id: request_id.to_owned(),
            previous_hash: previous,
            hash: String::new(),
        };
        row.hash = chain::hash_of(&row);
        previous = row.hash.clone();
        seq += 1;
        rows.push(row);
        if rows.len() == CHUNK {
            insert_events(connection, &rows)?;
            rows.clear();
        }
    }
    insert_events(connection, &rows)?;
    diesel::update(audit_chains::table.find(&chain))
        .set((audit_chains::seq.eq(seq - 1), audit_chains::hash.eq(previous)))
        .execute(connection)?;
    Ok(())
}

/// Begins the chain of a new ward.
///
/// # Errors
/// When the database fails.
pub fn start_chain(connection: &mut AnyConnection, ward_id: WardId) -> Result<()> {
    let chain = chain_of(Some(ward_id));
    diesel::insert_into(audit_chains::table)
        .values((
            audit_chains::hash.eq(chain::genesis(&chain)),
            audit_chains::chain.eq(chain),
            audit_chains::seq.eq(0_i64),
        ))
        .execute(connection)?;
    Ok(())
}

/// Locks the head and gives the next number and the last hash.
fn advance_head(connection: &mut AnyConnection, chain: &str) -> Result<(i64, String)> {
    diesel::update(audit_chains::table.find(chain))
        .set(audit_chains::seq.eq(audit_chains::seq + 1))
        .returning((audit_chains::seq, audit_chains::hash))
        .get_result(connection)
        .optional()?
        .ok_or_else(|| Error::internal("a ward has no audit chain"))
}

fn insert_events(connection: &mut AnyConnection, rows: &[AuditRow]) -> Result<()> {
    match rows {
        [] => {}
        // The usual write has one event, and a statement that is known already.
        [row] => drop(diesel::insert_into(audit_events::table).values(row).execute(connection)?),
        rows => {
            per_backend!(connection, c => diesel::insert_into(audit_events::table).values(rows).execute(c))?;
        }
    }
    Ok(())
}

/// A ward's events, newest first.
///
/// # Errors
/// When the database fails.
pub fn list_events(
    connection: &mut AnyConnection,
    ward_id: WardId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<AuditRow>> {
    let mut query = audit_events::table
        .filter(audit_events::chain.eq(chain_of(Some(ward_id))))
        .select(AuditRow::as_select())
        .order(audit_events::seq.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(kind) = &filter.kind {
        query = query.filter(audit_events::kind.eq(kind.clone()));
    }
    if let Some(subject) = &filter.subject_id {
        query = query.filter(audit_events::subject_id.eq(subject.clone()));
    }
    if let Some(actor) = filter.actor_id {
        query = query.filter(audit_events::actor_id.eq(actor));
    }
    if let Some(before) = page.after.as_deref().and_then(|text| text.parse::<i64>().ok()) {
        query = query.filter(audit_events::seq.lt(before));
    }
    Ok(page.page(query.load(connection)?, |row| row.seq.to_string()))
}

/// How many events there are in all chains, as their heads tell.
///
/// # Errors
/// When the database fails.
pub fn count_events(connection: &mut AnyConnection) -> Result<i64> {
    let heads: Vec<i64> = audit_chains::table.select(audit_chains::seq).load(connection)?;
    Ok(heads.into_iter().sum())
}

/// The head of a chain: last number and last hash; `None` before the first event.
pub(super) fn find_head(connection: &mut AnyConnection, chain: &str) -> Result<Option<(i64, String)>> {
    Ok(audit_chains::table
        .find(chain)
        .select((audit_chains::seq, audit_chains::hash))
        .first(connection)
        .optional()?)
}

/// The next events of a chain after this number, oldest first.
pub(super) fn list_links(
    connection: &mut AnyConnection,
    chain: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<AuditRow>> {
    Ok(audit_events::table
        .filter(audit_events::chain.eq(chain))
        .filter(audit_events::seq.gt(after))
        .select(AuditRow::as_select())
        .order(audit_events::seq.asc())
        .limit(limit)
        .load(connection)?)
}

/// Every chain that must be there: the city's and one for each ward.
pub(super) fn list_chains(connection: &mut AnyConnection) -> Result<Vec<String>> {
    let mut chains: Vec<String> = wards::table.select(wards::id).order(wards::id).load(connection)?;
    chains.push(chain_of(None));
    Ok(chains)
}

/// An event that no head of a chain covers, if there is one: its chain and number.
pub(super) fn find_stray(connection: &mut AnyConnection) -> Result<Option<(String, i64)>> {
    let heads = audit_chains::table
        .filter(audit_chains::chain.eq(audit_events::chain))
        .filter(audit_chains::seq.ge(audit_events::seq));
    Ok(audit_events::table
        .filter(diesel::dsl::not(diesel::dsl::exists(heads)))
        .select((audit_events::chain, audit_events::seq))
        .first(connection)
        .optional()?)
}
