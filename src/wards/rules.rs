//! What a ward may look like.

use super::model::{ReturnReason, Ward};
use crate::{
    error::{Code, Error, Faults, Result},
    kernel::number::Quantity,
};

/// The list a new ward begins with; it is the ward's own from then on.
const DEFAULT_REASONS: &str = include_str!("../../data/return-reasons.json");

/// The largest share of a jump: ten times as much.
const MAX_JUMP: Quantity = Quantity::whole(1000);

/// The reasons a new ward begins with.
///
/// # Errors
/// Internal, when the data file is wrong.
pub fn default_reasons() -> Result<Vec<ReturnReason>> {
    serde_json::from_str(DEFAULT_REASONS).map_err(Error::internal)
}

/// Checks what was written about a ward.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_ward(ward: &Ward, reasons: &[ReturnReason]) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/code", &ward.code, 2, 40);
    if !ward.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        faults.add("/code", Code::OutOfRange);
    }
    faults.check_text("/name", &ward.name, 1, 200);
    faults.check_text("/name_en", ward.name_en.as_deref().unwrap_or_default(), 0, 200);
    faults.check_text("/area_code", ward.area_code.as_deref().unwrap_or_default(), 0, 35);
    if ward.jump_percent.is_some_and(|share| share.is_negative() || share > MAX_JUMP) {
        faults.add("/jump_percent", Code::OutOfRange);
    }
    if reasons.len() > 50 {
        faults.add("/return_reasons", Code::OutOfRange);
    }
    for (index, reason) in reasons.iter().enumerate() {
        let pointer = format!("/return_reasons/{index}/code");
        faults.check_text(&pointer, &reason.code, 1, 40);
        if !reason.code.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            faults.add(pointer, Code::OutOfRange);
        }
        faults.check_text(&format!("/return_reasons/{index}/label"), &reason.label, 1, 200);
    }
    faults.into_result(Code::Invalid)
}
