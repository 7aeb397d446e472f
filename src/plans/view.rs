//! A plan as people see it.

use chrono::NaiveDate;
use serde::Serialize;

use super::model::{Basis, Plan, PlanId, PlanStatus};
use crate::error::{Error, Result};

/// A plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlanView {
    /// Its id.
    pub id: PlanId,
    /// Its year.
    #[schema(example = 2026)]
    pub year: i32,
    /// Title.
    #[schema(example = "Kế hoạch cải cách hành chính phường Long Mỹ năm 2026")]
    pub title: String,
    /// Number of the document, once it has one.
    #[schema(example = "15/KH-UBND")]
    pub number: Option<String>,
    /// Date of the document.
    pub issued_on: Option<NaiveDate>,
    /// Legal bases.
    pub legal_bases: Vec<String>,
    /// Remark.
    pub note: Option<String>,
    /// How its periods are cut; none before the calendar is built.
    pub basis: Option<Basis>,
    /// Where it stands.
    pub status: PlanStatus,
    /// Counts changes.
    pub version: i64,
}

impl PlanView {
    /// The view of a plan.
    ///
    /// # Errors
    /// Internal, when the legal bases in the database are no list.
    pub fn of(plan: &Plan) -> Result<Self> {
        Ok(Self {
            id: plan.id,
            year: plan.year,
            title: plan.title.clone(),
            number: plan.number.clone(),
            issued_on: plan.issued_on,
            legal_bases: plan.legal_bases.read().map_err(Error::internal)?,
            note: plan.note.clone(),
            basis: plan.basis,
            status: plan.status,
            version: plan.version,
        })
    }
}
