//! Writes about plans, and the questions that other concepts ask about them.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    model::{Basis, Plan, PlanId, PlanStatus},
    rules, store,
    view::PlanView,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result},
    kernel::{id::WardId, json::JsonText, text::clean},
    outbox::{Announcement, EventKind},
};

/// What a new plan is made of.
#[derive(Clone, Debug, Default)]
pub struct NewPlan {
    /// Its year, unique in the ward.
    pub year: i32,
    /// Title.
    pub title: String,
    /// Number of the document, once it has one.
    pub number: Option<String>,
    /// Date of the document.
    pub issued_on: Option<NaiveDate>,
    /// Legal bases.
    pub legal_bases: Vec<String>,
    /// Remark.
    pub note: Option<String>,
}

/// What changes about a plan: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct PlanChanges {
    /// Title.
    pub title: Option<String>,
    /// Number of the document.
    pub number: Option<Option<String>>,
    /// Date of the document.
    pub issued_on: Option<Option<NaiveDate>>,
    /// Legal bases.
    pub legal_bases: Option<Vec<String>>,
    /// Remark.
    pub note: Option<Option<String>>,
}

impl NewPlan {
    /// The draft plan it makes.
    #[must_use]
    pub fn to_plan(&self, ward_id: WardId) -> Plan {
        Plan {
            id: PlanId::generate(),
            ward_id,
            year: self.year,
            title: clean(&self.title),
            number: self.number.as_deref().map(clean),
            issued_on: self.issued_on,
            legal_bases: clean_bases(&self.legal_bases),
            note: self.note.as_deref().map(clean),
            basis: None,
            status: PlanStatus::Draft,
            version: 1,
        }
    }
}

/// Adds a draft plan to a ward.
///
/// # Errors
/// `invalid`, `plan_year_taken`.
pub fn create_plan(tx: &mut Tx<'_>, ward_id: WardId, new: &NewPlan) -> Result<Plan> {
    let plan = new.to_plan(ward_id);
    check(&plan)?;
    store::insert_plan(tx.connection, &plan)?;
    tx.record(Event::new("plan.created", "plan", plan.id).between(None, Some(&PlanView::of(&plan)?)));
    Ok(plan)
}

/// Changes the texts of a draft plan.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `plan_not_draft`, `invalid`.
pub fn change_plan(tx: &mut Tx<'_>, ward_id: WardId, id: PlanId, changes: PlanChanges) -> Result<Plan> {
    let before = get_plan(tx.connection, ward_id, id)?;
    tx.require_version(before.version)?;
    rules::require_draft(before.status)?;
    let mut plan = before.clone();
    if let Some(title) = changes.title {
        plan.title = clean(&title);
    }
    if let Some(number) = changes.number {
        plan.number = number.as_deref().map(clean);
    }
    plan.issued_on = changes.issued_on.unwrap_or(plan.issued_on);
    if let Some(bases) = changes.legal_bases {
        plan.legal_bases = clean_bases(&bases);
    }
    if let Some(note) = changes.note {
        plan.note = note.as_deref().map(clean);
    }
    check(&plan)?;
    replace(tx, "plan.changed", &before, plan)
}

/// Notes on which basis the periods of a plan are cut. Nothing happens where it is so already.
///
/// # Errors
/// `concurrent_change`.
pub fn set_basis(tx: &mut Tx<'_>, before: &Plan, basis: Basis) -> Result<()> {
    if before.basis == Some(basis) {
        return Ok(());
    }
    let plan = Plan { basis: Some(basis), ..before.clone() };
    replace(tx, "plan.basis_set", before, plan).map(drop)
}

/// A plan of this ward.
///
/// # Errors
/// Not found.
pub fn get_plan(connection: &mut AnyConnection, ward_id: WardId, id: PlanId) -> Result<Plan> {
    store::find_plan(connection, ward_id, id)?.ok_or_else(Error::not_found)
}

/// A plan of this ward by its id or its year, as filters name it.
///
/// # Errors
/// When the database fails.
pub fn find_plan(connection: &mut AnyConnection, ward_id: WardId, id_or_year: &str) -> Result<Option<Plan>> {
    if let Some(id) = PlanId::parse(id_or_year) {
        return store::find_plan(connection, ward_id, id);
    }
    match id_or_year.parse() {
        Ok(year) => store::find_plan_of_year(connection, ward_id, year),
        Err(_) => Ok(None),
    }
}

/// A draft plan of this ward, held until the transaction ends so that nobody issues it meanwhile.
///
/// # Errors
/// Not found, `plan_not_draft`.
pub fn require_draft(connection: &mut AnyConnection, ward_id: WardId, id: PlanId) -> Result<Plan> {
    get_plan(connection, ward_id, id)?;
    if !store::lock_plan(connection, id, PlanStatus::Draft)? {
        return Err(Error::new(Code::PlanNotDraft));
    }
    // Read again: it is ours now, and may have changed while we waited for it.
    get_plan(connection, ward_id, id)
}

/// An issued plan of this ward, held until the transaction ends so that nobody closes or amends it meanwhile.
///
/// # Errors
/// Not found, `plan_not_issued`.
pub fn require_issued(connection: &mut AnyConnection, ward_id: WardId, id: PlanId) -> Result<Plan> {
    get_plan(connection, ward_id, id)?;
    if !store::lock_plan(connection, id, PlanStatus::Issued)? {
        return Err(Error::new(Code::PlanNotIssued));
    }
    get_plan(connection, ward_id, id)
}

/// Adds a plan that was checked before; the import records its own event.
///
/// # Errors
/// `plan_year_taken`.
pub fn insert_checked(connection: &mut AnyConnection, plan: &Plan) -> Result<()> {
    store::insert_plan(connection, plan)
}

/// Writes a changed plan over the version that was read, and notes it under this name.
///
/// # Errors
/// `concurrent_change`.
pub fn replace(tx: &mut Tx<'_>, kind: &'static str, before: &Plan, plan: Plan) -> Result<Plan> {
    let plan = Plan { version: before.version + 1, ..plan };
    store::update_plan(tx.connection, &plan, before.status)?;
    let (old, new) = (PlanView::of(before)?, PlanView::of(&plan)?);
    tx.record(Event::new(kind, "plan", plan.id).between(Some(&old), Some(&new)));
    Ok(plan)
}

/// Tells other systems what became of a plan, and by which amendment.
pub fn announce(tx: &mut Tx<'_>, kind: EventKind, plan: &Plan, amendment: Option<Value>) {
    let data = json!({
        "plan_year": plan.year,
        "plan": { "id": plan.id, "number": plan.number, "status": plan.status },
        "amendment": amendment,
        "links": { "plan": format!("/api/v1/plans/{}", plan.id) },
    });
    tx.announce(Announcement { kind, unit_id: None, data });
}

fn check(plan: &Plan) -> Result<()> {
    let bases: Vec<String> = plan.legal_bases.read().map_err(Error::internal)?;
    let mut faults = Faults::new();
    rules::check_plan(&mut faults, plan, &bases);
    faults.into_result(Code::Invalid)
}

fn clean_bases(bases: &[String]) -> JsonText {
    let bases: Vec<String> = bases.iter().map(|basis| clean(basis)).collect();
    JsonText::of(&bases)
}
