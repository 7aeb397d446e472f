//! A unit as people see it.

use chrono::NaiveDate;
use serde::Serialize;

use super::model::{Unit, UnitKind};
use crate::{
    error::{Error, Result},
    kernel::id::UnitId,
};

/// A unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitView {
    /// Its id.
    pub id: UnitId,
    /// Short code, unique in the ward.
    #[schema(example = "KTHTDT")]
    pub code: String,
    /// Full name.
    #[schema(example = "Phòng Kinh tế, Hạ tầng và Đô thị")]
    pub name: String,
    /// Other ways documents write the name.
    pub aliases: Vec<String>,
    /// What sort of body it is.
    pub kind: UnitKind,
    /// Whether it is the ward's one standing office.
    pub is_standing_office: bool,
    /// The unit it belongs to.
    pub parent_id: Option<UnitId>,
    /// First day.
    pub active_from: NaiveDate,
    /// Last day.
    pub active_to: Option<NaiveDate>,
    /// The unit that took its work over.
    pub successor_id: Option<UnitId>,
    /// Counts changes.
    pub version: i64,
}

impl UnitView {
    /// The view of a unit.
    ///
    /// # Errors
    /// Internal, when the aliases in the database are no list.
    pub fn of(unit: &Unit) -> Result<Self> {
        Ok(Self {
            id: unit.id,
            code: unit.code.clone(),
            name: unit.name.clone(),
            aliases: unit.aliases.read().map_err(Error::internal)?,
            kind: unit.kind,
            is_standing_office: unit.is_standing_office,
            parent_id: unit.parent_id,
            active_from: unit.active_from,
            active_to: unit.active_to,
            successor_id: unit.successor_id,
            version: unit.version,
        })
    }
}
