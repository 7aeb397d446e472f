//! Writing a change with the publication it tells of, and reading on from where a reader stands.

use super::{
    model::{ChangeId, ChangeKind, Feed, FeedItem, NewChange, Reach},
    rules, store,
};
use crate::{
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result},
    kernel::{
        id::WardId,
        page::{PageRequest, encode_cursor},
    },
};

/// Adds a change to the feed, in the transaction of the publication or withdrawal it tells of.
///
/// From here to the end of the transaction all other publications wait, so it comes last.
///
/// # Errors
/// When the database fails.
pub fn append(tx: &mut Tx<'_>, ward_id: WardId, kind: ChangeKind, publication_id: &str) -> Result<()> {
    let seq = store::advance_head(tx.connection)?;
    let new = NewChange { seq, id: ChangeId::generate(), kind, ward_id, publication_id, at: tx.now };
    store::insert_change(tx.connection, &new)
}

/// The changes that a reader has not seen yet, oldest first.
///
/// # Errors
/// `invalid_cursor` for what is no cursor of the feed; `cursor_unknown` where going on from it would leave changes out.
pub fn read_feed(connection: &mut AnyConnection, reach: Reach, page: &PageRequest) -> Result<Feed> {
    // Head and scope before the changes: what comes meanwhile is found by the next reading.
    let head = store::find_head(connection)?;
    let open = if reach == Reach::Open { store::list_open_wards(connection)? } else { Vec::new() };
    let scope = rules::scope_of(reach, &open);
    let key = page.after.clone().unwrap_or_else(|| rules::key_of(&scope, None));
    let after = place_of(connection, &scope, &key)?;
    let found = store::list_changes(connection, reach, after, page.fetch())?;
    let changes = page.page(found, |change| change.id.to_string()).items;
    let items: Vec<FeedItem> = changes
        .into_iter()
        .map(|change| FeedItem { cursor: encode_cursor(&rules::key_of(&scope, Some(change.id))), change })
        .collect();
    let next_cursor = items.last().map_or_else(|| encode_cursor(&key), |item| item.cursor.clone());
    Ok(Feed { items, next_cursor, head })
}

/// The number of the change that a key names.
fn place_of(connection: &mut AnyConnection, scope: &str, key: &str) -> Result<i64> {
    let (known, last) = rules::parse_key(key).ok_or_else(|| Error::new(Code::InvalidCursor))?;
    let unknown = || Error::new(Code::CursorUnknown);
    if known != scope {
        return Err(unknown());
    }
    last.map_or(Ok(0), |id| store::find_seq(connection, id)?.ok_or_else(unknown))
}
