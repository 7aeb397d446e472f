//! The words of an appendix table: headings, collective names, rhythms; and how texts are compared.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::{items::Recurrence, kernel::text::search_key};

const TABLE: &str = include_str!("../../data/appendix-table.json");

/// What `data/appendix-table.json` holds.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Words {
    /// Field of an item, then the headings under which tables have it.
    pub headings: BTreeMap<String, Vec<String>>,
    /// Names for several units at once, which stay words.
    pub collective_units: Vec<String>,
    /// Rhythms, the most frequent first.
    pub recurrences: Vec<RecurrenceWords>,
}

/// The words for one rhythm.
#[derive(Debug, Deserialize)]
pub(super) struct RecurrenceWords {
    /// The rhythm.
    pub recurrence: Recurrence,
    /// How people write it.
    pub words: Vec<String>,
}

/// The words; `the_words_are_read` holds that the file is readable.
pub(super) fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| serde_json::from_str(TABLE).unwrap_or_default());
    &WORDS
}

/// Letters and digits only, without case and marks: `KT, HT - ĐT` is `kthtdt`. `&` is read as `và`.
pub(super) fn letters_of(text: &str) -> String {
    search_key(&text.replace('&', " và ")).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The words of a text, without case, marks and punctuation, one blank between them.
pub(super) fn words_of(text: &str) -> String {
    let key = search_key(&text.replace('&', " và "));
    key.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_read() {
        assert_eq!(words().headings.len(), 7);
        assert!(!words().collective_units.is_empty());
        assert_eq!(words().recurrences.len(), 7);
    }

    #[test]
    fn punctuation_case_and_marks_do_not_tell_names_apart() {
        assert_eq!(letters_of("KT, HT - ĐT"), letters_of("kthtđt"));
        assert_eq!(letters_of("Văn phòng HĐND & UBND"), letters_of("VĂN PHÒNG hđnd và ubnd"));
        assert_eq!(words_of("  Nội dung\n(nhiệm vụ/chỉ tiêu) "), "noi dung nhiem vu chi tieu");
    }
}
