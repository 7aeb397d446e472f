//! Granting more time, and what others ask about it.

use super::{
    http::ExtensionView,
    model::{Extension, ExtensionId},
    rules, store,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Faults, Result, text},
    kernel::{
        id::{UnitId, WardId},
        text::clean,
        time::Timestamp,
    },
    periods::{self, PeriodId},
    plans, units,
};

const MAX_REASON: usize = 2000;

/// What a new extension is made of.
#[derive(Clone, Debug)]
pub struct NewExtension {
    /// The unit.
    pub unit_id: UnitId,
    /// Until when, inclusive.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Whether figures until then are on time although it is granted after the due time.
    pub waives_lateness: bool,
}

/// Gives a unit more time in a period.
///
/// # Errors
/// Not found, `plan_not_issued` after the close, `unknown_reference`, `invalid` for a time that gives none.
pub fn grant_extension(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    period_id: PeriodId,
    new: NewExtension,
) -> Result<Extension> {
    let period = periods::actions::get_period(tx.connection, ward_id, period_id)?;
    let plan = plans::actions::get_plan(tx.connection, ward_id, period.plan_id)?;
    plans::rules::require_not_closed(plan.status)?;
    units::actions::require_unit(tx.connection, ward_id, new.unit_id, "/unit_id")?;
    let before = store::list_of(tx.connection, &[period_id], &[new.unit_id])?;
    let limits = rules::limits(&period, &before);
    let reason = clean(&new.reason);
    let mut faults = Faults::new();
    faults.check_text("/reason", &reason, 1, MAX_REASON);
    if new.until <= tx.now || new.until <= limits.due_at {
        let due = limits.due_at.in_words();
        let sentence = text(
            format!("Thời điểm gia hạn phải ở tương lai và sau hạn hiện tại ({due})"),
            format!(
                "The extension must end in the future and after the present due time ({})",
                limits.due_at
            ),
        );
        faults.add_because("/until", Code::OutOfRange, sentence);
    }
    faults.into_result(Code::Invalid)?;
    let extension = Extension {
        id: ExtensionId::generate(),
        ward_id,
        period_id,
        unit_id: new.unit_id,
        until: new.until,
        reason,
        waives_lateness: new.waives_lateness,
        moves_due: rules::moves_due(limits, tx.now, new.waives_lateness),
        granted_by: tx.actor.principal()?,
        granted_at: tx.now,
    };
    store::insert_extension(tx.connection, &extension)?;
    let view = ExtensionView::of(extension.clone());
    tx.record(
        Event::new("extension.granted", "period", period_id)
            .between(None, Some(&view))
            .because(Some(extension.reason.clone())),
    );
    Ok(extension)
}

/// The extensions of these units in these periods. One query.
///
/// # Errors
/// When the database fails.
pub fn list_extensions_of(
    connection: &mut AnyConnection,
    periods: &[PeriodId],
    units: &[UnitId],
) -> Result<Vec<Extension>> {
    store::list_of(connection, periods, units)
}
