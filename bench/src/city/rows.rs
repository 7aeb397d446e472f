//! The rows of a played ward, cut so that they can be written again for other wards.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};

use super::ward_code;
use crate::Failure;

const SCHEMA: &str = include_str!("../../../src/schema.rs");

/// Letters of a hash.
const HASH: usize = 64;

/// A table with its columns, in the order in which the program's schema names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
}

impl Table {
    /// Where a column stands.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn place(&self, column: &str) -> Result<usize, Failure> {
        let place = self.columns.iter().position(|name| name == column);
        Ok(place.ok_or_else(|| format!("{} has no {column}", self.name))?)
    }
}

/// A piece of a value.
#[derive(Clone, Debug)]
pub enum Part {
    /// The same in every ward.
    Text(Box<str>),
    /// An id, by its place among all ids of the ward.
    Id(u32),
    /// The ward's code.
    Ward,
    /// The hash of a publication, by its place among them.
    Hash(u32),
}

/// A value; none is NULL.
pub type Cell = Option<Box<[Part]>>;
/// A row.
pub type Row = Box<[Cell]>;

/// The tables, as `schema.rs` declares them; views are left out by the caller, for they have no rows of their own.
#[must_use]
pub fn tables() -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut inside = false;
    for line in SCHEMA.lines().map(str::trim) {
        if line.starts_with("diesel::table!") {
            inside = true;
        } else if inside && line.ends_with(") {") {
            let name = line.split_once(" (").map_or(line, |(name, _)| name);
            tables.push(Table { name: name.to_owned(), columns: Vec::new() });
        } else if let (true, Some((column, _))) = (inside, line.split_once(" -> ")) {
            if let Some(table) = tables.last_mut() {
                table.columns.push(column.to_owned());
            }
        } else if line == "}" && tables.last().is_some_and(|table| !table.columns.is_empty()) {
            inside = false;
        }
    }
    tables.retain(|table| table.name != "owed_figures");
    tables
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The played ward.
pub struct Template {
    connection: SqliteConnection,
    ids: HashMap<String, u32>,
    hashes: Vec<String>,
}

impl Template {
    /// Opens a played ward, and numbers all its ids in the order in which they came to be.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(file: &Path) -> Result<Self, Failure> {
        let mut connection = SqliteConnection::establish(&file.to_string_lossy())?;
        let mut found = BTreeSet::new();
        for table in tables() {
            for line in lines(&mut connection, &table)? {
                let mut rest = line.as_str();
                while let Some((at, id)) = find_id(rest) {
                    if !found.contains(id) {
                        found.insert(id.to_owned());
                    }
                    rest = &rest[at + id.len()..];
                }
            }
        }
        let ids = found.into_iter().zip(0..).collect();
        let publications = Table { name: "publications".to_owned(), columns: vec!["hash".to_owned()] };
        let mut hashes = Vec::new();
        for line in lines(&mut connection, &publications)? {
            hashes.extend(serde_json::from_str::<Vec<String>>(&line)?);
        }
        Ok(Self { connection, ids, hashes })
    }

    /// The rows of a table, in the order in which they were written.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows(&mut self, table: &Table) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        for line in lines(&mut self.connection, table)? {
            let values: Vec<Option<String>> = serde_json::from_str(&line)?;
            rows.push(values.iter().map(|value| value.as_deref().map(|text| self.cut(text))).collect());
        }
        Ok(rows)
    }

    fn find_hash(&self, text: &str) -> Option<(usize, u32)> {
        if text.len() < HASH {
            return None;
        }
        self.hashes.iter().zip(0..).filter_map(|(hash, number)| Some((text.find(hash)?, number))).min()
    }

    fn cut(&self, text: &str) -> Box<[Part]> {
        let code = ward_code(1);
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let id = find_id(rest).and_then(|(at, id)| Some((at, id.len(), Part::Id(*self.ids.get(id)?))));
            let ward = rest.find(&code).map(|at| (at, code.len(), Part::Ward));
            let hash = self.find_hash(rest).map(|(at, number)| (at, HASH, Part::Hash(number)));
            let next = [id, ward, hash].into_iter().flatten().min_by_key(|(at, ..)| *at);
            let Some((at, length, part)) = next else { break };
            if at > 0 {
                parts.push(Part::Text(rest[..at].into()));
            }
            parts.push(part);
            rest = &rest[at + length..];
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        parts.into()
    }
}

fn lines(connection: &mut SqliteConnection, table: &Table) -> Result<Vec<String>, Failure> {
    let texts: Vec<String> = table.columns.iter().map(|name| format!("CAST(\"{name}\" AS TEXT)")).collect();
    let sql = format!("SELECT json_array({}) AS line FROM {} ORDER BY rowid", texts.join(", "), table.name);
    Ok(sql_query(sql).load::<Line>(connection)?.into_iter().map(|line| line.line).collect())
}

/// The first text that looks like an id, and where it begins.
fn find_id(text: &str) -> Option<(usize, &str)> {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = text[from..].find('-') {
        let dash = from + found;
        if dash >= 8 && dash + 28 <= bytes.len() {
            let candidate = &bytes[dash - 8..dash + 28];
            let fits = candidate.iter().enumerate().all(|(at, byte)| {
                if DASHES.contains(&at) { *byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') }
            });
            if fits {
                return Some((dash - 8, &text[dash - 8..dash + 28]));
            }
        }
        from = dash + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let id = "0193a5b0-0000-7000-8000-00000000000a";
        assert_eq!(find_id(&format!("{{\"unit-id\":\"{id}\"}}")), Some((12, id)));
        assert_eq!(find_id("2025-01-02 và một-hai-ba"), None);
        assert_eq!(find_id(id), Some((0, id)));
    }

    #[test]
    fn the_schema_is_read_as_it_is_declared() {
        let tables = tables();
        let submissions = tables.iter().find(|table| table.name == "submissions").expect("is declared");
        assert_eq!(submissions.columns.first().map(String::as_str), Some("id"));
        assert_eq!(submissions.columns.len(), 18);
        assert!(tables.iter().any(|table| table.name == "audit_events"));
    }
}
