//! All SQL about documents and their files. What a caller may see is part of each query.

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper, TextExpressionMethods, dsl,
};

use super::model::{Document, DocumentId, StoredFile};
use crate::{
    db::{AnyConnection, MultiBackend, is_unique_violation, one_of},
    error::{Code, Error, Result},
    kernel::{
        id::{UnitId, WardId},
        page::{Page, PageRequest, Rank},
        text,
        time::Timestamp,
    },
    schema::{document_files, documents, revision_evidence, submission_evidence, submissions, units},
    submissions::{SubmissionId, actions::visible_ids, reach::Visibility},
};

type Boxed<'q> = dsl::IntoBoxed<'q, documents::table, MultiBackend>;

/// Which documents are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub q: Option<String>,
    pub submission: Option<String>,
    pub unit: Option<String>,
}

/// The documents that this caller may know of: of its own unit, and what submissions cite that it may read, in their
/// drafts or in frozen revisions; supervisors what the approved or published revision cites.
fn visible<'q>(visibility: &Visibility) -> Boxed<'q> {
    let ward_id = visibility.ward_id;
    let query = documents::table
        .into_boxed()
        .filter(documents::ward_id.eq(ward_id))
        .filter(documents::deleted_at.is_null());
    if visibility.all {
        return query;
    }
    // Ids that match nothing stand for what the caller does not have, so one expression serves all.
    let own = visibility.own_unit.map_or_else(String::new, |unit| unit.to_string());
    let supervised = if visibility.approved { ward_id.to_string() } else { String::new() };
    let readable = Visibility { approved: false, ..visibility.clone() };
    let in_draft = submission_evidence::table
        .filter(submission_evidence::document_id.eq(documents::id))
        .filter(submission_evidence::submission_id.eq_any(visible_ids(&readable)));
    let in_revision = revision_evidence::table
        .filter(revision_evidence::document_id.eq(documents::id))
        .filter(revision_evidence::submission_id.eq_any(visible_ids(&readable)));
    let in_figure = revision_evidence::table
        .inner_join(submissions::table.on(submissions::id.eq(revision_evidence::submission_id)))
        .filter(revision_evidence::document_id.eq(documents::id))
        .filter(submissions::ward_id.eq(supervised))
        .filter(
            submissions::approved_revision
                .eq(revision_evidence::number.nullable())
                .or(submissions::published_revision.eq(revision_evidence::number.nullable()))
                .assume_not_null(),
        );
    query.filter(
        documents::unit_id
            .eq(own)
            .or(dsl::exists(in_draft))
            .or(dsl::exists(in_revision))
            .or(dsl::exists(in_figure)),
    )
}

/// The caller's documents, newest first; where a text is searched for, exact hits before loose ones.
pub(super) fn list_documents(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<(Document, StoredFile)>> {
    let found = page.search(
        filter.q.is_some(),
        |rank, after, limit| list_ranked(connection, visibility, filter, rank, after, limit),
        |document| document.id.to_string(),
    )?;
    Ok(Page { items: with_files(connection, found.items)?, next_cursor: found.next_cursor })
}

fn list_ranked(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    filter: &Filter,
    rank: Rank,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Document>> {
    let mut query = narrow(visible(visibility), visibility, filter);
    if let Some(q) = &filter.q {
        let loose = text::contains_pattern(&text::search_key(q));
        let exact = text::contains_pattern(&text::lower(q));
        query = query.filter(documents::search_key.like(loose).escape('\\'));
        query = match rank {
            Rank::Exact => query.filter(documents::name_lower.like(exact).escape('\\')),
            Rank::Loose => query.filter(documents::name_lower.not_like(exact).escape('\\')),
        };
    }
    if let Some(after) = after {
        let after = DocumentId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(documents::id.lt(after));
    }
    Ok(query.select(Document::as_select()).order(documents::id.desc()).limit(limit).load(connection)?)
}

fn narrow<'q>(mut query: Boxed<'q>, visibility: &Visibility, filter: &Filter) -> Boxed<'q> {
    if let Some(submission) = filter.submission.clone() {
        // A submission that the caller may not know of cites nothing, not even a document of the caller's own unit.
        let cited = submission_evidence::table
            .filter(submission_evidence::document_id.eq(documents::id))
            .filter(submission_evidence::submission_id.eq(submission))
            .filter(submission_evidence::submission_id.eq_any(visible_ids(visibility)));
        query = query.filter(dsl::exists(cited));
    }
    if let Some(unit) = filter.unit.clone() {
        let named = units::table
            .filter(units::ward_id.eq(visibility.ward_id))
            .filter(units::id.eq(unit.clone()).or(units::code.eq(unit)))
            .select(units::id);
        query = query.filter(documents::unit_id.eq_any(named));
    }
    query
}

/// Adds to the documents of one ward their files, by one query.
fn with_files(connection: &mut AnyConnection, found: Vec<Document>) -> Result<Vec<(Document, StoredFile)>> {
    let Some(ward_id) = found.first().map(|document| document.ward_id) else { return Ok(Vec::new()) };
    let hashes: Vec<&str> = found.iter().map(|document| document.sha256.as_str()).collect();
    let files: Vec<StoredFile> = document_files::table
        .filter(document_files::ward_id.eq(ward_id))
        .filter(one_of(document_files::sha256, hashes))
        .select(StoredFile::as_select())
        .load(connection)?;
    let files: HashMap<String, StoredFile> =
        files.into_iter().map(|file| (file.sha256.clone(), file)).collect();
    found
        .into_iter()
        .map(|document| {
            let file = files.get(&document.sha256).cloned();
            file.map(|file| (document, file)).ok_or_else(|| Error::internal("a document without a file"))
        })
        .collect()
}

/// One document with its file, if the caller may know of it.
pub(super) fn find_document(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    id: DocumentId,
) -> Result<Option<(Document, StoredFile)>> {
    let found: Option<Document> = visible(visibility)
        .filter(documents::id.eq(id))
        .select(Document::as_select())
        .first(connection)
        .optional()?;
    Ok(with_files(connection, found.into_iter().collect())?.pop())
}

/// The document of this unit that has this file.
pub(super) fn find_of_unit(
    connection: &mut AnyConnection,
    unit_id: UnitId,
    sha256: &str,
) -> Result<Option<DocumentId>> {
    Ok(documents::table
        .filter(documents::unit_id.eq(unit_id))
        .filter(documents::sha256.eq(sha256))
        .filter(documents::deleted_at.is_null())
        .select(documents::id)
        .first(connection)
        .optional()?)
}

/// Adds a document; a second of the same unit with the same file is a conflict.
pub(super) fn insert_document(connection: &mut AnyConnection, new: &Document) -> Result<()> {
    use documents as d;
    diesel::insert_into(d::table)
        .values((
            d::id.eq(new.id),
            d::ward_id.eq(new.ward_id),
            d::unit_id.eq(new.unit_id),
            d::sha256.eq(&new.sha256),
            d::name.eq(&new.name),
            d::title.eq(&new.title),
            d::number.eq(&new.number),
            d::issued_on.eq(new.issued_on),
            d::name_lower.eq(text_of(new, text::lower)),
            d::search_key.eq(text_of(new, text::search_key)),
            d::uploaded_by.eq(new.uploaded_by),
            d::uploaded_at.eq(new.uploaded_at),
            d::version.eq(new.version),
        ))
        .execute(connection)
        .map_err(|error| {
            if is_unique_violation(&error, "documents_once") {
                Error::new(Code::DocumentExists)
            } else {
                error.into()
            }
        })?;
    Ok(())
}

/// Writes a changed description over the version that was read.
pub(super) fn update_document(connection: &mut AnyConnection, after: &Document) -> Result<()> {
    use documents as d;
    let row =
        d::table.find(after.id).filter(d::version.eq(after.version - 1)).filter(d::deleted_at.is_null());
    let changed = diesel::update(row)
        .set((
            d::title.eq(&after.title),
            d::number.eq(&after.number),
            d::issued_on.eq(after.issued_on),
            d::name_lower.eq(text_of(after, text::lower)),
            d::search_key.eq(text_of(after, text::search_key)),
            d::version.eq(after.version),
        ))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Takes a document out of the library in the version that was read; the row stays.
pub(super) fn delete_document(
    connection: &mut AnyConnection,
    before: &Document,
    at: Timestamp,
) -> Result<()> {
    use documents as d;
    let row = d::table.find(before.id).filter(d::version.eq(before.version)).filter(d::deleted_at.is_null());
    let deleted = diesel::update(row)
        .set((d::deleted_at.eq(at), d::version.eq(before.version + 1)))
        .execute(connection)?;
    if deleted == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Keeps others from deleting a document until the transaction ends; not found, if somebody was faster.
pub(super) fn hold_document(connection: &mut AnyConnection, id: DocumentId) -> Result<()> {
    use documents as d;
    let held = diesel::update(d::table.find(id).filter(d::deleted_at.is_null()))
        .set(d::version.eq(d::version))
        .execute(connection)?;
    if held == 0 { Err(Error::not_found()) } else { Ok(()) }
}

/// A submission that cites the document, in its draft or in a frozen revision; with a caller, one it may know of.
pub(super) fn find_citation(
    connection: &mut AnyConnection,
    id: DocumentId,
    visibility: Option<&Visibility>,
) -> Result<Option<SubmissionId>> {
    use {revision_evidence as r, submission_evidence as s};
    let mut drafts = s::table.filter(s::document_id.eq(id)).select(s::submission_id).into_boxed();
    let mut revisions = r::table.filter(r::document_id.eq(id)).select(r::submission_id).into_boxed();
    if let Some(visibility) = visibility {
        drafts = drafts.filter(s::submission_id.eq_any(visible_ids(visibility)));
        revisions = revisions.filter(r::submission_id.eq_any(visible_ids(visibility)));
    }
    let found = drafts.limit(1).first(connection).optional()?;
    Ok(if found.is_some() { found } else { revisions.limit(1).first(connection).optional()? })
}

/// A file of this ward.
pub(super) fn find_file(
    connection: &mut AnyConnection,
    ward_id: WardId,
    sha256: &str,
) -> Result<Option<StoredFile>> {
    Ok(document_files::table
        .find((ward_id, sha256))
        .select(StoredFile::as_select())
        .first(connection)
        .optional()?)
}

/// Adds a file; somebody who brings in the same bytes at the same time is faster or slower.
pub(super) fn insert_file(connection: &mut AnyConnection, new: &StoredFile) -> Result<()> {
    use document_files as f;
    diesel::insert_into(f::table)
        .values((
            f::ward_id.eq(new.ward_id),
            f::sha256.eq(&new.sha256),
            f::object_key.eq(&new.object_key),
            f::kind.eq(new.kind),
            f::size_bytes.eq(new.size_bytes),
        ))
        .execute(connection)
        .map_err(|error| {
            if is_unique_violation(&error, "document_files_pkey") {
                Error::new(Code::ConcurrentChange)
            } else {
                error.into()
            }
        })?;
    Ok(())
}

/// Which of these keys have a row.
pub(super) fn list_known_keys(connection: &mut AnyConnection, keys: &[String]) -> Result<Vec<String>> {
    Ok(document_files::table
        .filter(one_of(document_files::object_key, keys))
        .select(document_files::object_key)
        .load(connection)?)
}

/// Name, title and number as one text, each turned by this function.
fn text_of(document: &Document, turn: fn(&str) -> String) -> String {
    let words = [Some(&document.name), document.title.as_ref(), document.number.as_ref()];
    words.into_iter().flatten().map(|word| turn(word)).collect::<Vec<_>>().join("\n")
}
