//! Moving a ward to another database, and keeping it safe: copy, backup, restore, and the proof that all is there.
//!
//! Nothing here knows what the tables mean. Which there are, and what is in them, the database's own catalog tells, so
//! that none can be forgotten; `tests/contract/moving.rs` holds that list against `src/schema.rs`.

mod backup;
mod checks;
mod copying;
mod files;
mod manifest;
mod restore;
mod store;

pub use self::{
    backup::{Backup, backup, prune},
    checks::{Verified, verify},
    copying::{Copied, copy},
    manifest::{FileEntry, Manifest},
    restore::{Restored, restore},
    store::{Column, Kind, Table, list_tables},
};
