//! Deadlines as tables write them: `30/06/2026`, `Quý II/2026`, `Tháng 6/2026`, `Năm 2026`, `Thường xuyên`, `Hằng quý`.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::words::{words, words_of};
use crate::{items::Recurrence, kernel::text::search_key};

/// When a task is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    /// Last day.
    pub due_on: Option<NaiveDate>,
    /// How often it comes back.
    pub recurrence: Recurrence,
    /// Whether the cell said more than one day or rhythm, so that its words are worth keeping.
    pub says_more: bool,
}

/// Reads a deadline; a day or month without a year is of the plan's year. `None` where no day and no rhythm is found.
pub(super) fn read_deadline(cell: &str, year: i32) -> Option<Deadline> {
    let days = Scanner::new(cell).days(year)?;
    let text = format!(" {} ", words_of(cell));
    let rhythm = words()
        .recurrences
        .iter()
        .find(|entry| entry.words.iter().any(|word| text.contains(&format!(" {} ", words_of(word)))));
    let rhythm = rhythm.map(|entry| entry.recurrence);
    let due_on = days.last().copied();
    let recurrence = rhythm.or(due_on.map(|_| Recurrence::Once))?;
    Some(Deadline { due_on, recurrence, says_more: days.len() + usize::from(rhythm.is_some()) > 1 })
}

/// A piece of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A number, with how many digits it was written.
    Number(u32, usize),
    Word(String),
    Mark(char),
}

/// Walks over the pieces of a cell.
struct Scanner(Vec<Token>);

/// A year is written with so many digits, a day or a month with fewer.
const YEAR_DIGITS: usize = 4;

impl Scanner {
    fn new(cell: &str) -> Self {
        let mut tokens = Vec::new();
        let key = search_key(cell);
        let mut rest = key.as_str();
        while let Some(first) = rest.chars().next() {
            let is_same: fn(char) -> bool =
                if first.is_ascii_digit() { |c| c.is_ascii_digit() } else { char::is_alphabetic };
            let length = rest.find(|c| !is_same(c)).unwrap_or(rest.len()).max(first.len_utf8());
            let (piece, behind) = rest.split_at(length);
            rest = behind;
            if first.is_ascii_digit() {
                tokens.push(Token::Number(piece.parse().unwrap_or(u32::MAX), piece.len()));
            } else if first.is_alphabetic() {
                tokens.push(Token::Word(piece.to_owned()));
            } else if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
        }
        Self(tokens)
    }

    /// Every day that is named, in order; `None` where one does not exist, such as 31/02.
    fn days(&self, year: i32) -> Option<Vec<NaiveDate>> {
        let mut days = Vec::new();
        let mut at = 0;
        while at < self.0.len() {
            let Some((day, length)) = self.day_at(at, year) else {
                at += 1;
                continue;
            };
            days.push(day?);
            at += length;
        }
        Some(days)
    }

    fn number(&self, at: usize, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
        match self.0.get(at) {
            Some(Token::Number(number, length)) if digits.contains(length) => Some(*number),
            _ => None,
        }
    }

    fn small(&self, at: usize) -> Option<u32> {
        self.number(at, 1..=2)
    }

    fn year(&self, at: usize) -> Option<i32> {
        self.number(at, YEAR_DIGITS..=YEAR_DIGITS).and_then(|year| i32::try_from(year).ok())
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        matches!(self.0.get(at), Some(Token::Word(found)) if found == word)
    }

    fn is_mark(&self, at: usize) -> bool {
        matches!(self.0.get(at), Some(Token::Mark('/' | '-' | '.' | '–')))
    }

    /// `/2026`, `-2026`, `năm 2026` or nothing: the year, and how many pieces it took.
    fn year_behind(&self, at: usize, year: i32) -> (i32, usize) {
        let mark = self.is_mark(at) || self.is_word(at, "nam");
        self.year(at + 1).filter(|_| mark).map_or((year, 0), |found| (found, 2))
    }

    /// The day that begins at this piece, if one does, and how many pieces it took; `Some(None)` is no real day.
    fn day_at(&self, at: usize, year: i32) -> Option<(Option<NaiveDate>, usize)> {
        self.plain_day_at(at, year).or_else(|| self.span_at(at, year))
    }

    fn plain_day_at(&self, at: usize, plan_year: i32) -> Option<(Option<NaiveDate>, usize)> {
        if let (Some(year), true, Some(month), true, Some(day)) = (
            self.year(at),
            self.is_mark(at + 1),
            self.small(at + 2),
            self.is_mark(at + 3),
            self.small(at + 4),
        ) {
            return Some((NaiveDate::from_ymd_opt(year, month, day), 5));
        }
        let first = self.small(at).filter(|_| self.is_mark(at + 1))?;
        if let Some(year) = self.year(at + 2) {
            return Some((end_of_month(year, first), 3));
        }
        let month = self.small(at + 2)?;
        if let Some(year) = self.year(at + 4).filter(|_| self.is_mark(at + 3)) {
            return Some((NaiveDate::from_ymd_opt(year, month, first), 5));
        }
        let is_slash = matches!(self.0.get(at + 1), Some(Token::Mark('/')));
        is_slash.then(|| (NaiveDate::from_ymd_opt(plan_year, month, first), 3))
    }

    /// A quarter, a month, the first six or nine months, a year: due on its last day.
    fn span_at(&self, at: usize, plan_year: i32) -> Option<(Option<NaiveDate>, usize)> {
        if self.is_word(at, "quy") {
            let quarter = self.quarter(at + 1)?;
            let (year, length) = self.year_behind(at + 2, plan_year);
            return Some((end_of_month(year, quarter * 3), 2 + length));
        }
        if self.is_word(at, "thang")
            && let Some(month) = self.small(at + 1)
        {
            let (year, length) = self.year_behind(at + 2, plan_year);
            return Some((end_of_month(year, month), 2 + length));
        }
        if let (Some(months @ (6 | 9)), true) = (self.small(at), self.is_word(at + 1, "thang")) {
            let half = self.is_word(at + 2, "dau") || self.is_word(at + 2, "cuoi");
            if half && self.is_word(at + 3, "nam") {
                let year = self.year(at + 4);
                let month = if self.is_word(at + 2, "cuoi") { 12 } else { months };
                let length = 4 + usize::from(year.is_some());
                return Some((end_of_month(year.unwrap_or(plan_year), month), length));
            }
        }
        if self.is_word(at, "nam")
            && let Some(year) = self.year(at + 1)
        {
            return Some((end_of_month(year, 12), 2));
        }
        let alone = self.0.len() == 1;
        self.year(at).filter(|_| alone).map(|year| (end_of_month(year, 12), 1))
    }

    fn quarter(&self, at: usize) -> Option<u32> {
        let roman = ["i", "ii", "iii", "iv"].iter().position(|roman| self.is_word(at, roman));
        let roman = roman.and_then(|place| u32::try_from(place + 1).ok());
        roman.or_else(|| self.small(at).filter(|quarter| (1..=4).contains(quarter)))
    }
}

fn end_of_month(year: i32, month: u32) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, month, 1).filter(|day| (2000..=2100).contains(&day.year()))?;
    first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str) -> Option<(Option<String>, Recurrence)> {
        let found = read_deadline(cell, 2026)?;
        Some((found.due_on.map(|day| day.to_string()), found.recurrence))
    }

    #[test]
    fn days_months_quarters_and_years_are_due_on_their_last_day() {
        for (cell, day) in [
            ("30/06/2026", "2026-06-30"),
            ("2026-06-30", "2026-06-30"),
            ("Trước ngày 5/3/2026", "2026-03-05"),
            ("15-6-2026", "2026-06-15"),
            ("15.06.2026", "2026-06-15"),
            ("30/5", "2026-05-30"),
            ("Quý I/2026", "2026-03-31"),
            ("quý 2 năm 2026", "2026-06-30"),
            ("Quy\u{301} III", "2026-09-30"),
            ("Tháng 2/2028", "2028-02-29"),
            ("06/2026", "2026-06-30"),
            ("Tháng 6", "2026-06-30"),
            ("Năm 2026", "2026-12-31"),
            ("2026", "2026-12-31"),
            ("6 tháng đầu năm 2026", "2026-06-30"),
            ("Trong 6 tháng cuối năm", "2026-12-31"),
        ] {
            assert_eq!(read(cell), Some((Some(day.to_owned()), Recurrence::Once)), "{cell}");
        }
    }

    #[test]
    fn rhythms_are_read_with_and_without_a_day() {
        for (cell, rhythm) in [
            ("Thường xuyên", Recurrence::Continuous),
            ("Thường xuyên trong năm", Recurrence::Continuous),
            ("Hàng quý", Recurrence::Quarterly),
            ("Định kỳ hằng quý, 6 tháng, năm", Recurrence::Quarterly),
            ("Hằng tháng", Recurrence::Monthly),
            ("6 tháng/lần", Recurrence::HalfYearly),
            ("Khi có phát sinh", Recurrence::Event),
        ] {
            assert_eq!(read(cell), Some((None, rhythm)), "{cell}");
        }
        let both = read_deadline("Hằng quý, trước 15/12/2026", 2026).expect("a deadline");
        assert_eq!((both.recurrence, both.says_more), (Recurrence::Quarterly, true));
        assert_eq!(both.due_on, NaiveDate::from_ymd_opt(2026, 12, 15));
    }

    #[test]
    fn of_several_days_the_last_counts_and_the_words_are_kept() {
        let found = read_deadline("30/6 và 30/11/2026", 2026).expect("a deadline");
        assert_eq!((found.due_on, found.says_more), (NaiveDate::from_ymd_opt(2026, 11, 30), true));
        assert!(!read_deadline("30/6/2026", 2026).expect("a deadline").says_more);
    }

    #[test]
    fn what_is_no_day_is_no_deadline() {
        for cell in ["31/02/2026", "Quý V", "Sau khi thành phố giao", "13/2026", "46203", "x"] {
            assert_eq!(read(cell), None, "{cell}");
        }
    }
}
