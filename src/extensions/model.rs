//! An extension as the database keeps it.

use diesel::{Queryable, Selectable};

use crate::{
    id_type,
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        time::Timestamp,
    },
    periods::PeriodId,
    schema::extensions,
};

id_type! {
    /// Identifies an extension.
    ExtensionId
}

/// More time for one unit in one period. It ends by itself.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = extensions, check_for_backend(crate::db::MultiBackend))]
pub struct Extension {
    /// Its id.
    pub id: ExtensionId,
    /// Its ward.
    pub ward_id: WardId,
    /// The period.
    pub period_id: PeriodId,
    /// The unit.
    pub unit_id: UnitId,
    /// Until when figures are taken, inclusive.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Whether it turns late into on time although it was granted after the due time.
    pub waives_lateness: bool,
    /// Whether figures until then count as on time.
    pub moves_due: bool,
    /// Who granted it.
    pub granted_by: PrincipalId,
    /// When.
    pub granted_at: Timestamp,
}
