//! Cells as exports write them: no text that a spreadsheet would run, dates and decimals as Vietnamese readers expect.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::kernel::number::Quantity;

/// A text that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it (RULES §10).
#[must_use]
pub fn safe_text(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text behind [`safe_text`], for files that come back.
#[must_use]
pub fn plain_text(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| safe_text(rest).len() > rest.len()).unwrap_or(text)
}

/// `dd/MM/yyyy`.
#[must_use]
pub fn vietnamese_date(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// `98,5`.
#[must_use]
pub fn decimal_comma(quantity: Quantity) -> String {
    quantity.to_string().replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_neutralised() {
        for dangerous in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(safe_text(dangerous), format!("'{dangerous}"));
            assert_eq!(plain_text(&safe_text(dangerous)), dangerous);
        }
        assert_eq!(plain_text("'tự chủ'"), "'tự chủ'");
        assert_eq!(safe_text("Đúng hạn"), "Đúng hạn");
    }

    #[test]
    fn dates_and_decimals_are_written_the_vietnamese_way() {
        assert_eq!(NaiveDate::from_ymd_opt(2026, 3, 5).map(vietnamese_date).as_deref(), Some("05/03/2026"));
        assert_eq!(Quantity::parse("98.5").map(decimal_comma).as_deref(), Some("98,5"));
    }
}
