//! What a snapshot of the database holds beside its rows: its own health, and the files that it names.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl, sql_query, sql_types::Text,
};

use crate::{
    db::AnyConnection,
    error::{Error, Result},
    moving::manifest::FileEntry,
    schema::{document_files, wards},
};

#[derive(QueryableByName)]
struct Complaint {
    #[diesel(sql_type = Text)]
    complaint: String,
}

/// The first things that SQLite finds wrong with a file's pages, indexes and references; none if it is whole.
pub(in crate::moving) fn read_damage(connection: &mut AnyConnection) -> Result<Vec<String>> {
    let pages = "SELECT integrity_check AS complaint FROM pragma_integrity_check \
        WHERE integrity_check <> 'ok' LIMIT 5";
    let references = "SELECT \"table\" || ' refers to a row of ' || parent || ' that is not there' AS complaint \
        FROM pragma_foreign_key_check LIMIT 5";
    let mut found: Vec<Complaint> = sql_query(pages).load(connection)?;
    if found.is_empty() {
        found = sql_query(references).load(connection)?;
    }
    Ok(found.into_iter().map(|row| row.complaint).collect())
}

/// The files of documents that rows name.
pub(in crate::moving) fn list_files(connection: &mut AnyConnection) -> Result<Vec<FileEntry>> {
    use document_files as f;
    let rows: Vec<(String, String, i64)> = f::table
        .select((f::object_key, f::sha256, f::size_bytes))
        .order((f::ward_id, f::sha256))
        .load(connection)?;
    let entry = |(key, sha256, size): (String, String, i64)| {
        Ok(FileEntry { key, sha256, size_bytes: u64::try_from(size).map_err(Error::internal)? })
    };
    rows.into_iter().map(entry).collect()
}

/// The code of a ward.
pub(in crate::moving) fn find_ward_code(connection: &mut AnyConnection, id: &str) -> Result<Option<String>> {
    Ok(wards::table.filter(wards::id.eq(id)).select(wards::code).first(connection).optional()?)
}
