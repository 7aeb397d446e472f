//! A unit as the database keeps it, and its kinds.

use chrono::NaiveDate;
use diesel::{Insertable, Queryable, Selectable};

use crate::{
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
    },
    schema::{unit_names, units},
    text_enum,
};

text_enum! {
    /// What sort of body a unit is (RULES §1).
    pub enum UnitKind {
        /// People's Committee, People's Council.
        Leadership = "leadership",
        /// The ward's Office.
        Office = "office",
        /// A specialised department.
        Department = "department",
        /// The public-service centre.
        ServiceCenter = "service_center",
        /// A public service unit that is no school.
        PublicServiceUnit = "public_service_unit",
        /// A school.
        School = "school",
        /// Fatherland Front and mass organisations: asked, never ordered.
        Front = "front",
        /// A body of a higher level in the ward: asked, never ordered.
        VerticalAgency = "vertical_agency",
    }
}

/// A unit.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = units, check_for_backend(crate::db::MultiBackend))]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// Its ward.
    pub ward_id: WardId,
    /// Short code, unique in the ward.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Other ways documents write the name (JSON list).
    pub aliases: JsonText,
    /// What sort of body it is.
    pub kind: UnitKind,
    /// Whether it is the ward's one standing office.
    pub is_standing_office: bool,
    /// The unit it belongs to.
    pub parent_id: Option<UnitId>,
    /// First day; it owes nothing before.
    pub active_from: NaiveDate,
    /// Last day.
    pub active_to: Option<NaiveDate>,
    /// The unit that took its work over.
    pub successor_id: Option<UnitId>,
    /// Counts changes.
    pub version: i64,
    /// The unit whose people finish what it left open since it was merged; none while it has people of its own.
    pub acting_unit_id: Option<UnitId>,
}

impl Unit {
    /// Whether it exists on a day (RULES §4).
    #[must_use]
    pub fn is_active_on(&self, day: NaiveDate) -> bool {
        self.active_from <= day && self.active_to.is_none_or(|last| last >= day)
    }

    /// The unit whose people act for it: its own, or those of the unit it was merged into.
    #[must_use]
    pub fn acting_id(&self) -> UnitId {
        self.acting_unit_id.unwrap_or(self.id)
    }
}

/// A name that a unit bore, and when.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = unit_names, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct FormerName {
    /// The unit.
    pub unit_id: UnitId,
    /// First day of the name.
    pub valid_from: NaiveDate,
    /// Last day of the name.
    pub valid_to: NaiveDate,
    /// The name.
    pub name: String,
    /// The code of that time.
    pub code: String,
    /// The decision that ended it.
    pub decision: Option<String>,
}
