//! The words of the check, and how texts are compared: without case, marks and punctuation, abbreviations written out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;

use crate::kernel::text::search_key;

const WORDS: &str = include_str!("../../data/plan-check.json");

/// `data/plan-check.json`.
#[derive(Debug, Default, Deserialize)]
struct WordsFile {
    ignored: Vec<String>,
    abbreviations: BTreeMap<String, String>,
    indices: Vec<IndexEntry>,
    name_qualifiers: Vec<String>,
    appendix: AppendixEntry,
    sample_number: String,
}

#[derive(Debug, Deserialize)]
struct IndexEntry {
    name: String,
    words: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct AppendixEntry {
    codes: Vec<String>,
    titles: Vec<String>,
}

/// A sequence of words.
pub(super) type Phrase = Vec<String>;

/// The words, ready to be compared.
#[derive(Debug, Default)]
pub(super) struct Words {
    abbreviations: BTreeMap<String, Phrase>,
    /// What every second title says, the longest first.
    ignored: Vec<Phrase>,
    /// What a unit's name may carry or leave out.
    qualifiers: Vec<Phrase>,
    /// Indices that are measured once for the whole ward: name, then the phrases that mean it.
    pub indices: Vec<(String, Vec<Phrase>)>,
    /// Codes of an appendix' section.
    pub appendix_codes: Vec<String>,
    /// How the title of an appendix' section begins.
    pub appendix_titles: Vec<Phrase>,
    /// How a number begins that is a sample.
    pub sample_number: String,
}

/// The words; `the_words_are_read` holds that the file is readable.
pub(super) fn words() -> &'static Words {
    static READY: LazyLock<Words> =
        LazyLock::new(|| Words::of(&serde_json::from_str(WORDS).unwrap_or_default()));
    &READY
}

impl Words {
    fn of(file: &WordsFile) -> Self {
        let abbreviations =
            file.abbreviations.iter().map(|(short, long)| (search_key(short), split(long))).collect();
        let mut words = Self { abbreviations, ..Self::default() };
        let phrases = |texts: &[String]| texts.iter().map(|text| words.phrase(text)).collect::<Vec<_>>();
        let longest_first = |mut phrases: Vec<Phrase>| {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
            phrases
        };
        let ignored = longest_first(phrases(&file.ignored));
        let qualifiers = longest_first(phrases(&file.name_qualifiers));
        let indices = file.indices.iter().map(|index| (index.name.clone(), phrases(&index.words))).collect();
        let appendix_titles = phrases(&file.appendix.titles);
        words.ignored = ignored;
        words.qualifiers = qualifiers;
        words.indices = indices;
        words.appendix_titles = appendix_titles;
        words.appendix_codes.clone_from(&file.appendix.codes);
        words.sample_number = search_key(&file.sample_number);
        words
    }

    /// A text as its words, abbreviations written out.
    pub fn phrase(&self, text: &str) -> Phrase {
        let written_out = |word: String| self.abbreviations.get(&word).cloned().unwrap_or_else(|| vec![word]);
        split(text).into_iter().flat_map(written_out).collect()
    }

    /// What a title is about: its words without numbers and without those that every second title says.
    pub fn subject(&self, title: &str) -> BTreeSet<String> {
        let words = without(self.phrase(title), &self.ignored);
        words.into_iter().filter(|word| !word.chars().all(|c| c.is_ascii_digit())).collect()
    }

    /// A unit's name without what it may carry or leave out, such as "phường" at its end.
    pub fn bare_name(&self, name: &[String]) -> Phrase {
        without(name.to_vec(), &self.qualifiers)
    }
}

fn split(text: &str) -> Phrase {
    let key = search_key(&text.replace('&', " và "));
    key.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn without(words: Phrase, phrases: &[Phrase]) -> Phrase {
    let mut kept = Vec::new();
    let mut rest = words.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        rest = match phrases.iter().find(|phrase| !phrase.is_empty() && rest.starts_with(phrase)) {
            Some(phrase) => rest.get(phrase.len()..).unwrap_or_default(),
            None => {
                kept.push(first.clone());
                behind
            }
        };
    }
    kept
}

/// Whether these words stand together in the text.
pub(super) fn contains(text: &[String], phrase: &[String]) -> bool {
    !phrase.is_empty() && text.windows(phrase.len()).any(|words| words == phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_read() {
        assert!(words().indices.iter().any(|(name, _)| name == "SIPAS"));
        assert!(!words().appendix_codes.is_empty() && !words().sample_number.is_empty());
    }

    #[test]
    fn a_subject_is_what_is_left_without_the_common_words() {
        let subject = |title| words().subject(title).into_iter().collect::<Vec<_>>();
        assert_eq!(subject("Hồ sơ TTHC giải quyết đúng và trước hạn"), ["dung", "han", "truoc"]);
        assert_eq!(subject("Đôn đốc hồ sơ trước và đúng hạn từ 98%"), ["dung", "han", "truoc"]);
    }
}
