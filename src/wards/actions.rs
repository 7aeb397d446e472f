//! Writes about wards, and the questions that other concepts ask about them.

use super::{
    http::WardView,
    model::{ReturnReason, Ward},
    rules, store,
};
use crate::{
    audit::{self, Event},
    context::Tx,
    db::AnyConnection,
    error::{Error, Result},
    kernel::{
        id::WardId,
        json::JsonText,
        number::Quantity,
        page::{Page, PageRequest},
        text::clean,
    },
};

/// What a new ward is made of.
#[derive(Clone, Debug)]
pub struct NewWard {
    /// Short code, unique.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Administrative area code.
    pub area_code: Option<String>,
    /// Whether anybody may read its published figures.
    pub public_results: bool,
    /// Reasons for returning a submission; the usual ones if absent.
    pub return_reasons: Option<Vec<ReturnReason>>,
    /// Share of a jump against the period before that needs a note: points of a rate, else percent; none checks nothing.
    pub jump_percent: Option<Quantity>,
}

/// What changes about a ward: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct WardChanges {
    /// Its name.
    pub name: Option<String>,
    /// Its name in English.
    pub name_en: Option<Option<String>>,
    /// Administrative area code.
    pub area_code: Option<Option<String>>,
    /// Whether anybody may read its published figures.
    pub public_results: Option<bool>,
    /// Reasons for returning a submission.
    pub return_reasons: Option<Vec<ReturnReason>>,
    /// Share of a jump that needs a note.
    pub jump_percent: Option<Option<Quantity>>,
}

/// Adds a ward, and begins its audit chain.
///
/// # Errors
/// `invalid`, `code_taken`.
pub fn create_ward(tx: &mut Tx<'_>, new: NewWard) -> Result<Ward> {
    let reasons =
        new.return_reasons.map_or_else(rules::default_reasons, |reasons| Ok(clean_reasons(reasons)))?;
    let ward = Ward {
        id: WardId::generate(),
        code: clean(&new.code),
        name: clean(&new.name),
        name_en: new.name_en.map(|name| clean(&name)),
        area_code: new.area_code.map(|code| clean(&code)),
        public_results: new.public_results,
        return_reasons: JsonText::of(&reasons),
        jump_percent: new.jump_percent,
        version: 1,
    };
    rules::check_ward(&ward, &reasons)?;
    store::insert_ward(tx.connection, &ward)?;
    audit::start_chain(tx.connection, ward.id)?;
    tx.record_for(Some(ward.id));
    tx.record(Event::new("ward.created", "ward", ward.id).between(None, Some(&WardView::of(&ward)?)));
    Ok(ward)
}

/// Changes a ward. Its code stays: others know it by that.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `invalid`.
pub fn change_ward(tx: &mut Tx<'_>, id: WardId, changes: WardChanges) -> Result<Ward> {
    let before = get_ward(tx.connection, id)?;
    tx.require_version(before.version)?;
    let reasons = match changes.return_reasons {
        Some(reasons) => clean_reasons(reasons),
        None => before.return_reasons.read().map_err(Error::internal)?,
    };
    let ward = Ward {
        name: changes.name.map_or_else(|| before.name.clone(), |name| clean(&name)),
        name_en: changes.name_en.map_or_else(|| before.name_en.clone(), |name| name.map(|text| clean(&text))),
        area_code: changes
            .area_code
            .map_or_else(|| before.area_code.clone(), |code| code.map(|text| clean(&text))),
        public_results: changes.public_results.unwrap_or(before.public_results),
        return_reasons: JsonText::of(&reasons),
        jump_percent: changes.jump_percent.unwrap_or(before.jump_percent),
        version: before.version + 1,
        ..before.clone()
    };
    rules::check_ward(&ward, &reasons)?;
    store::update_ward(tx.connection, &ward)?;
    tx.record_for(Some(ward.id));
    let (old, new) = (WardView::of(&before)?, WardView::of(&ward)?);
    tx.record(Event::new("ward.changed", "ward", id).between(Some(&old), Some(&new)));
    Ok(ward)
}

/// A ward by id.
///
/// # Errors
/// Not found.
pub fn get_ward(connection: &mut AnyConnection, id: WardId) -> Result<Ward> {
    store::find_ward(connection, id)?.ok_or_else(Error::not_found)
}

/// Makes others who would lock the same ward wait until the transaction ends.
///
/// # Errors
/// When the database fails.
pub fn lock_ward(connection: &mut AnyConnection, id: WardId) -> Result<()> {
    store::lock_ward(connection, id)
}

/// A ward by code.
///
/// # Errors
/// When the database fails.
pub fn find_ward_by_code(connection: &mut AnyConnection, code: &str) -> Result<Option<Ward>> {
    store::find_by_code(connection, code)
}

/// Wards by code.
///
/// # Errors
/// When the database fails.
pub fn list_wards(connection: &mut AnyConnection, page: &PageRequest) -> Result<Page<Ward>> {
    store::list_wards(connection, false, page)
}

/// Wards whose published figures anybody may read, by code.
///
/// # Errors
/// When the database fails.
pub fn list_open_wards(connection: &mut AnyConnection, page: &PageRequest) -> Result<Page<Ward>> {
    store::list_wards(connection, true, page)
}

/// Whether there is no ward yet.
///
/// # Errors
/// When the database fails.
pub fn is_empty(connection: &mut AnyConnection) -> Result<bool> {
    Ok(store::count_wards(connection)? == 0)
}

/// The ward's reasons for returning a submission.
///
/// # Errors
/// Not found.
pub fn list_return_reasons(connection: &mut AnyConnection, id: WardId) -> Result<Vec<ReturnReason>> {
    get_ward(connection, id)?.return_reasons.read().map_err(Error::internal)
}

fn clean_reasons(reasons: Vec<ReturnReason>) -> Vec<ReturnReason> {
    let tidy = |reason: ReturnReason| ReturnReason { code: clean(&reason.code), label: clean(&reason.label) };
    reasons.into_iter().map(tidy).collect()
}
