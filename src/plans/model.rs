//! A plan as the database keeps it.

use chrono::NaiveDate;
use diesel::{Queryable, Selectable};

use crate::{
    id_type,
    kernel::{id::WardId, json::JsonText},
    schema::plans,
    text_enum,
};

id_type! {
    /// Identifies a plan.
    PlanId
}

text_enum! {
    /// Where a plan stands.
    pub enum PlanStatus {
        /// Being built; nothing is reported yet.
        Draft = "draft",
        /// In force; changes only by amendment.
        Issued = "issued",
        /// The year is over.
        Closed = "closed",
    }
}

text_enum! {
    /// How the windows of a plan's periods are cut (RULES §4). A plan never mixes bases.
    pub enum Basis {
        /// From the 15th to the 14th (NĐ 09/2019/NĐ-CP, article 12).
        Decree09 = "decree09",
        /// Calendar months, quarters and years.
        Calendar = "calendar",
    }
}

/// A plan.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = plans, check_for_backend(crate::db::MultiBackend))]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Its ward.
    pub ward_id: WardId,
    /// Its year.
    pub year: i32,
    /// Title.
    pub title: String,
    /// Number of the document, once it has one.
    pub number: Option<String>,
    /// Date of the document.
    pub issued_on: Option<NaiveDate>,
    /// Legal bases (JSON list of texts).
    pub legal_bases: JsonText,
    /// Remark.
    pub note: Option<String>,
    /// How its periods are cut; none before the calendar is built.
    pub basis: Option<Basis>,
    /// Where it stands.
    pub status: PlanStatus,
    /// Counts changes.
    pub version: i64,
}
