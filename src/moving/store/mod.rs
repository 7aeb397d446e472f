//! All SQL of moving: what tables there are, their rows as text, and what a snapshot holds.

mod catalog;
mod rows;
mod snapshot;

pub use self::catalog::{Column, Kind, Table, list_tables};
pub(super) use self::{
    catalog::parents_first,
    rows::{Counted, begin_load, copy_table, count_first_row, count_table, delete_rows, finish_load},
    snapshot::{find_ward_code, list_files, read_damage},
};
