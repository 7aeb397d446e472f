//! Changes: the ordered, gap-free feed of what became public, was corrected or withdrawn (API "Reading the whole").
//!
//! # Why nobody misses a change
//!
//! A reader that asks for what comes after the last change it saw must never be shown a later change before an earlier
//! one is visible: it would go on from the later one, and never see the other.
//!
//! - Each change is written in the transaction of the publication or withdrawal it tells of ([`actions::append`]): there
//!   is never one without the other.
//! - It takes its number from the one row of `change_heads` by an update. PostgreSQL keeps the lock of that row until the
//!   transaction ends, so the next number is given out only after the one before is committed and visible to every new
//!   statement, or was rolled back, which gives its number back. So numbers become visible in their order, and none is
//!   missing. SQLite has one writer at a time, which is the same thing.
//! - A reader's page is one statement, so it sees one state of the database.
//!
//! A sequence (`nextval`) would do neither: its numbers are committed in any order, and one that is rolled back is lost.
//!
//! The head is the last lock that a transaction takes but one: after it comes only the ward's audit chain, when the
//! transaction ends (`context`). Nobody waits for the head while holding a chain, so no two wait for each other.
//! `tests/api/changes_at_once.rs` holds all of this on both databases.
//!
//! # Where a reader stands
//!
//! A cursor names the last change seen, and what its reader may see ([`rules::scope_of`]). Both are looked at when it
//! comes back: after a restore from an older backup the change is not there, and when wards were opened or closed to
//! everyone an anonymous reader sees another feed. Going on would leave changes out without a word, so the answer is
//! `cursor_unknown`, and the reader starts again. A cursor holds no number, for that would tell one ward how much the
//! others publish.

pub mod actions;
pub mod model;
pub mod rules;
mod store;
pub mod watch;

pub use self::{
    model::{Change, ChangeKind, Feed, FeedItem, Reach},
    store::find_head,
};
