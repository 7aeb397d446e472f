//! What an amendment's own fields may look like (RULES §6).

use chrono::NaiveDate;

use super::model::{Amendment, AmendmentStatus};
use crate::{
    error::{Code, Error, Faults, FieldError, Result, text},
    periods::Period,
    plans::Plan,
};

const MAX_NUMBER: usize = 50;
const MAX_REASON: usize = 2000;
/// Most changes of one amendment.
pub const MAX_CHANGES: usize = 200;

/// Notes what is wrong with number, dates and reason. `settled` is the plan's last period whose figures are settled.
pub fn check_amendment(faults: &mut Faults, amendment: &Amendment, plan: &Plan, settled: Option<&Period>) {
    faults.check_text("/number", &amendment.number, 1, MAX_NUMBER);
    faults.check_text("/reason", &amendment.reason, 1, MAX_REASON);
    let day = |year: i32, month: u32, day: u32| NaiveDate::from_ymd_opt(year, month, day);
    // The windows of a year begin in the December before (NĐ 09/2019/NĐ-CP).
    let fits =
        |date: NaiveDate| Some(date) >= day(plan.year - 1, 12, 1) && Some(date) <= day(plan.year, 12, 31);
    if !fits(amendment.decided_on) {
        faults.add("/decided_on", Code::OutOfRange);
    }
    if !fits(amendment.effective_on) {
        faults.add("/effective_on", Code::OutOfRange);
    } else if let Some(period) = settled.filter(|period| amendment.effective_on <= period.data_to) {
        faults.add_because("/effective_on", Code::AmendmentTooEarly, too_early(period));
    }
}

fn too_early(period: &Period) -> crate::error::Text {
    let (code, day) = (&period.code, period.data_to.format("%d/%m/%Y"));
    text(
        format!("Kỳ {code} đã khóa sổ hoặc đã công bố; ngày hiệu lực phải sau ngày chốt {day}"),
        format!(
            "Period {code} is closed or published; the effective date must come after {}",
            period.data_to
        ),
    )
}

/// Whether an amendment can still be changed, deleted or approved.
///
/// # Errors
/// `amendment_not_draft`.
pub fn require_draft(status: AmendmentStatus) -> Result<()> {
    if status == AmendmentStatus::Draft { Ok(()) } else { Err(Error::new(Code::AmendmentNotDraft)) }
}

/// Whether the decision was made by this day; one that is still to come cannot be approved.
///
/// # Errors
/// `invalid` at `/decided_on`.
pub fn require_decided(decided_on: NaiveDate, today: NaiveDate) -> Result<()> {
    if decided_on <= today {
        return Ok(());
    }
    let sentence =
        text("Ngày quyết định còn ở tương lai; chưa duyệt được", "The decision's date is still to come");
    Err(Error::fields(Code::Invalid, vec![FieldError::because("/decided_on", Code::OutOfRange, sentence)]))
}
