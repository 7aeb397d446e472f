//! One ward's rows, written again for every ward.

use std::{collections::HashMap, path::Path};

use cchc::{
    audit::{AuditEventId, AuditRow, genesis, hash_of},
    db::Location,
    kernel::{
        id::{PrincipalId, UnitId},
        json::JsonText,
        time::Timestamp,
    },
    publications,
};

use super::{
    rows::{Cell, Part, Row, Table, Template, tables},
    sink::Sink,
    ward_code,
};
use crate::Failure;

/// Ids that a ward takes in one go before the next ward has its turn: about what an office does in one sitting. Wards
/// work side by side, so their rows lie side by side.
const SITTING: u32 = 128;
/// Milliseconds since 1970 of the first id; all are older than what the program makes while it is measured.
const FIRST_ID: u64 = 1_735_000_000_000;

/// These have one row for the whole city, or count through it, and are written at the end.
const HEADS: [&str; 2] = ["audit_chains", "change_heads"];

/// Writes so many wards, and tells the rows of each table.
///
/// # Errors
/// When the target has rows already, or cannot be written.
pub fn write(template: &Path, target: &Location, wards: usize) -> Result<Vec<(String, u64)>, Failure> {
    let mut template = Template::open(template)?;
    let mut city = City {
        sink: Sink::begin(target)?,
        wards,
        hashes: HashMap::new(),
        chains: HashMap::new(),
        changes: 0,
    };
    let mut written = Vec::new();
    // Publications first, for others name their hashes.
    let mut tables = tables();
    tables.sort_by_key(|table| table.name != "publications");
    for table in tables.iter().filter(|table| !HEADS.contains(&table.name.as_str())) {
        let rows = template.rows(table)?;
        let count = if rows.is_empty() { 0 } else { city.write_table(table, rows)? };
        if count > 0 {
            written.push((table.name.clone(), count));
        }
    }
    for (table, count) in city.write_heads(&tables)? {
        written.push((table, count));
    }
    city.sink.finish()?;
    written.sort();
    Ok(written)
}

struct City {
    sink: Sink,
    wards: usize,
    /// The hashes of publications, by their place in the template and ward.
    hashes: HashMap<(u32, usize), String>,
    /// The head of each chain.
    chains: HashMap<String, (i64, String)>,
    changes: u64,
}

impl City {
    fn write_table(&mut self, table: &Table, rows: Vec<Row>) -> Result<u64, Failure> {
        self.sink.open(table)?;
        let mut count = 0;
        let mut begin = 0;
        while begin < rows.len() {
            let sitting = sitting_of(&rows[begin]);
            let length = rows[begin..].iter().take_while(|row| sitting_of(row) == sitting).count();
            let sitting: Vec<(&Row, bool)> =
                rows[begin..begin + length].iter().map(|row| (row, is_of_the_city(table, row))).collect();
            for ward in 1..=self.wards {
                for (row, once) in &sitting {
                    if ward == 1 || !once {
                        self.write_row(table, row, ward)?;
                        count += 1;
                    }
                }
            }
            begin += length;
        }
        self.sink.close()?;
        Ok(count)
    }

    fn write_row(&mut self, table: &Table, row: &Row, ward: usize) -> Result<(), Failure> {
        let mut cells: Vec<Option<String>> = row.iter().map(|cell| self.render(cell, ward)).collect();
        match table.name.as_str() {
            "publications" => self.hash_publication(table, row, &mut cells, ward)?,
            "audit_events" => self.chain(table, &mut cells)?,
            "changes" => {
                self.changes += 1;
                cells[table.place("seq")?] = Some(self.changes.to_string());
            }
            _ => {}
        }
        self.sink.row(&cells)
    }

    fn render(&self, cell: &Cell, ward: usize) -> Option<String> {
        let parts = cell.as_ref()?;
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Id(rank) => text.push_str(&id_of(*rank, ward)),
                Part::Ward => text.push_str(&ward_code(ward)),
                // Not there yet only while the publication itself is written.
                Part::Hash(number) => {
                    text.push_str(self.hashes.get(&(*number, ward)).map_or("", String::as_str))
                }
            }
        }
        Some(text)
    }

    fn hash_publication(
        &mut self,
        table: &Table,
        row: &Row,
        cells: &mut [Option<String>],
        ward: usize,
    ) -> Result<(), Failure> {
        let place = table.place("hash")?;
        let text = cells[table.place("content")?].clone().unwrap_or_default();
        let hash = publications::rules::hash_of(&JsonText::from_text(text));
        if let Some([Part::Hash(number)]) = row[place].as_deref() {
            self.hashes.insert((*number, ward), hash.clone());
        }
        cells[place] = Some(hash);
        Ok(())
    }

    /// Chains an event of the template into the ward's own chain, with the program's own hash.
    fn chain(&mut self, table: &Table, cells: &mut [Option<String>]) -> Result<(), Failure> {
        let row = AuditColumns(table).read(cells)?;
        let (seq, previous) =
            self.chains.entry(row.chain.clone()).or_insert_with(|| (0, genesis(&row.chain)));
        let row = AuditRow { seq: *seq + 1, previous_hash: previous.clone(), ..row };
        let hash = hash_of(&row);
        *seq = row.seq;
        previous.clone_from(&hash);
        cells[table.place("seq")?] = Some(row.seq.to_string());
        cells[table.place("previous_hash")?] = Some(row.previous_hash);
        cells[table.place("hash")?] = Some(hash);
        Ok(())
    }

    fn write_heads(&mut self, tables: &[Table]) -> Result<Vec<(String, u64)>, Failure> {
        let mut written = Vec::new();
        for table in tables.iter().filter(|table| HEADS.contains(&table.name.as_str())) {
            self.sink.empty(table)?;
            self.sink.open(table)?;
            let rows: Vec<Vec<Option<String>>> = if table.name == "change_heads" {
                vec![vec![Some("1".to_owned()), Some(self.changes.to_string())]]
            } else {
                let mut chains: Vec<_> = self.chains.drain().collect();
                if !chains.iter().any(|(chain, _)| chain == "city") {
                    chains.push(("city".to_owned(), (0, genesis("city"))));
                }
                chains.sort();
                let row = |(chain, (seq, hash)): (String, (i64, String))| {
                    vec![Some(chain), Some(seq.to_string()), Some(hash)]
                };
                chains.into_iter().map(row).collect()
            };
            for row in &rows {
                self.sink.row(row)?;
            }
            self.sink.close()?;
            written.push((table.name.clone(), u64::try_from(rows.len())?));
        }
        Ok(written)
    }
}

/// Where the columns of an event stand.
struct AuditColumns<'t>(&'t Table);

impl AuditColumns<'_> {
    fn read(&self, cells: &[Option<String>]) -> Result<AuditRow, Failure> {
        let get =
            |column: &str| -> Result<Option<&str>, Failure> { Ok(cells[self.0.place(column)?].as_deref()) };
        let must = |column: &str| -> Result<&str, Failure> {
            get(column)?.ok_or_else(|| format!("an event has no {column}").into())
        };
        let wrong = |column: &str| format!("{column} of an event cannot be read");
        let at = format!("{}Z", must("at")?.replace(' ', "T"));
        Ok(AuditRow {
            id: AuditEventId::parse(must("id")?).ok_or_else(|| wrong("id"))?,
            chain: must("chain")?.to_owned(),
            seq: 0,
            at: Timestamp::parse(&at).ok_or_else(|| wrong("at"))?,
            kind: must("kind")?.to_owned(),
            actor_id: get("actor_id")?.and_then(PrincipalId::parse),
            actor_name: get("actor_name")?.map(str::to_owned),
            actor_position: get("actor_position")?.map(str::to_owned),
            on_behalf_of: get("on_behalf_of")?.and_then(PrincipalId::parse),
            unit_id: get("unit_id")?.and_then(UnitId::parse),
            subject_kind: must("subject_kind")?.to_owned(),
            subject_id: must("subject_id")?.to_owned(),
            changes: JsonText::from_text(must("changes")?.to_owned()),
            reason: get("reason")?.map(str::to_owned),
            request_id: must("request_id")?.to_owned(),
            previous_hash: String::new(),
            hash: String::new(),
        })
    }
}

/// The sitting in which a row was written, by the first id in it.
fn sitting_of(row: &Row) -> u32 {
    let first = row.iter().flatten().flat_map(|parts| parts.iter()).find_map(|part| match part {
        Part::Id(rank) => Some(*rank),
        _ => None,
    });
    first.unwrap_or_default() / SITTING
}

/// Whether a row belongs to no ward.
fn is_of_the_city(table: &Table, row: &Row) -> bool {
    let says = |column: &str, word: Option<&str>| {
        table.place(column).is_ok_and(|place| match (&row[place], word) {
            (None, None) => true,
            (Some(parts), Some(word)) => matches!(&**parts, [Part::Text(text)] if &**text == word),
            _ => false,
        })
    };
    says("chain", Some("city")) || says("ward_id", None) || says("ward_id", Some("city"))
}

/// An id of a ward: version 7, in the order of the template, wards beside each other within a sitting.
fn id_of(rank: u32, ward: usize) -> String {
    let millis = FIRST_ID + u64::from(rank / SITTING);
    let place = rank % SITTING;
    format!("{:08x}-{:04x}-7{ward:03x}-8{place:03x}-{:012x}", millis >> 16, millis & 0xffff, rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_order_and_wards_lie_side_by_side() {
        assert!(id_of(0, 1) < id_of(1, 1));
        assert!(id_of(127, 1) < id_of(0, 2));
        assert!(id_of(127, 103) < id_of(128, 1));
        assert_eq!(id_of(7, 103).len(), 36);
    }
}
