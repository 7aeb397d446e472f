//! Units as tables name them: by name, alias or code, several in one cell, with the nearest names for a stranger.

use std::collections::{BTreeSet, HashMap};

use super::words::{letters_of, words, words_of};
use crate::{
    error::{Error, Result},
    units::Unit,
};

/// Most names that are offered for a stranger.
const NEAREST: usize = 3;
/// Most parts that the commas within one name make of it.
const MAX_PARTS: usize = 12;

/// What a cell names.
#[derive(Debug, Default)]
pub(super) struct Named<'a> {
    /// The units, each once.
    pub units: Vec<&'a Unit>,
    /// Names for several units at once ("các phòng, ban, ngành"), as they are written.
    pub collective: Vec<String>,
    /// Names that nobody has.
    pub unknown: Vec<String>,
}

/// All names of a ward's units.
#[derive(Debug)]
pub(super) struct UnitNames<'a> {
    by_key: HashMap<String, &'a Unit>,
    collective: BTreeSet<String>,
    /// The words of each name, for the nearest.
    spelled: Vec<(BTreeSet<String>, &'a str)>,
}

impl<'a> UnitNames<'a> {
    /// # Errors
    /// Internal, when the aliases in the database are no list.
    pub fn new(units: &'a [Unit]) -> Result<Self> {
        let mut names = Self {
            by_key: HashMap::new(),
            collective: words().collective_units.iter().map(|name| key_of(name)).collect(),
            spelled: Vec::new(),
        };
        // A name comes before an alias of another unit.
        for unit in units {
            names.by_key.entry(key_of(&unit.name)).or_insert(unit);
            names.spelled.push((word_set(&unit.name), unit.name.as_str()));
        }
        for unit in units {
            names.by_key.entry(key_of(&unit.code)).or_insert(unit);
            let aliases: Vec<String> = unit.aliases.read().map_err(Error::internal)?;
            for alias in aliases {
                names.by_key.entry(key_of(&alias)).or_insert(unit);
                names.spelled.push((word_set(&alias), unit.name.as_str()));
            }
        }
        Ok(names)
    }

    /// The units that a cell names, separated by `;`, line breaks or commas; a name may itself hold commas.
    pub fn read(&self, cell: &str) -> Named<'a> {
        let mut named = Named::default();
        for segment in cell.split([';', '\n', '\r']) {
            self.read_segment(segment, &mut named);
        }
        named
    }

    fn read_segment(&self, segment: &str, named: &mut Named<'a>) {
        let parts: Vec<&str> = segment.split(',').collect();
        let mut strange: Vec<&str> = Vec::new();
        let mut start = 0;
        while let Some(rest) = parts.get(start..).filter(|rest| !rest.is_empty()) {
            // The longest name first: "Phòng Kinh tế, Hạ tầng và Đô thị" is one.
            let longest = (1..=rest.len().min(MAX_PARTS)).rev().find_map(|length| {
                let text = rest.get(..length)?.join(",");
                let key = key_of(&text);
                (self.by_key.contains_key(&key) || self.collective.contains(&key)).then_some((length, text))
            });
            let Some((length, text)) = longest else {
                strange.extend(rest.first());
                start += 1;
                continue;
            };
            take_strange(&mut strange, named);
            match self.by_key.get(&key_of(&text)) {
                Some(unit) if named.units.iter().any(|known| known.id == unit.id) => {}
                Some(unit) => named.units.push(unit),
                None => named.collective.push(text.trim().to_owned()),
            }
            start += length;
        }
        take_strange(&mut strange, named);
    }

    /// The names that share most words with this one, the best first.
    pub fn nearest(&self, name: &str) -> Vec<&'a str> {
        let wanted = word_set(name);
        let mut scored: Vec<(usize, &str)> = Vec::new();
        for (spelled, name) in &self.spelled {
            let shared = wanted.intersection(spelled).count();
            let score = 200 * shared / (wanted.len() + spelled.len()).max(1);
            if score > 0 {
                scored.push((score, name));
            }
        }
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let mut nearest = Vec::new();
        for (_, name) in scored {
            if nearest.len() < NEAREST && !nearest.contains(&name) {
                nearest.push(name);
            }
        }
        nearest
    }
}

/// Parts that nobody knows and that stand together are one name.
fn take_strange(strange: &mut Vec<&str>, named: &mut Named<'_>) {
    let name = strange.join(",").trim().to_owned();
    strange.clear();
    if !letters_of(&name).is_empty() {
        named.unknown.push(name);
    }
}

/// A name without punctuation, and without the word "phường" at its end, which documents write or leave out.
fn key_of(name: &str) -> String {
    let key = letters_of(name);
    match key.strip_suffix("phuong") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => key,
    }
}

fn word_set(name: &str) -> BTreeSet<String> {
    words_of(name).split(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::long_my_units, *};
    use crate::kernel::id::WardId;

    fn read(cell: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
        let units = long_my_units(WardId::generate());
        let named = UnitNames::new(&units).expect("names").read(cell);
        let codes = named.units.iter().map(|unit| unit.code.clone()).collect();
        (codes, named.collective, named.unknown)
    }

    #[test]
    fn names_with_commas_are_one_name_and_several_names_are_several() {
        let (codes, collective, unknown) =
            read("Phòng Kinh tế, Hạ tầng - Đô thị, VP HĐND&UBND phường; TRẠM Y TẾ\nPhòng VH-XH, KT,HT-ĐT");
        assert_eq!(codes, ["KTHTDT", "VP", "TYT", "VHXH"], "KT,HT-ĐT is the first one again");
        assert!(collective.is_empty() && unknown.is_empty(), "{collective:?} {unknown:?}");
        assert_eq!(read("KTHTĐT, Vhxh").0, ["KTHTDT", "VHXH"]);
    }

    #[test]
    fn decomposed_names_are_the_same_names() {
        assert_eq!(read("Tra\u{323}m Y te\u{302}\u{301}").0, ["TYT"]);
    }

    #[test]
    fn collective_names_stay_words_and_strangers_are_named_whole() {
        let (codes, collective, unknown) =
            read("Các phòng, ban, ngành liên quan; Phòng Kinh tế, Xây dựng, Trạm Y tế");
        assert_eq!(codes, ["TYT"]);
        assert_eq!(collective, ["Các phòng, ban, ngành liên quan"]);
        assert_eq!(unknown, ["Phòng Kinh tế, Xây dựng"]);
    }

    #[test]
    fn the_nearest_names_are_offered() {
        let units = long_my_units(WardId::generate());
        let names = UnitNames::new(&units).expect("names");
        assert_eq!(names.nearest("Phòng Văn hoá").first().copied(), Some("Phòng Văn hóa - Xã hội"));
        assert!(names.nearest("xyz").is_empty());
    }
    #[test]
    fn a_cell_of_thousands_of_commas_is_read_at_once() {
        let started = std::time::Instant::now();
        let (codes, _, unknown) = read(&format!("{}, Trạm Y tế", vec!["lạ"; 5_000].join(",")));
        assert_eq!((codes, unknown.len()), (vec!["TYT".to_owned()], 1));
        assert!(started.elapsed().as_secs() < 10, "every beginning of it is held against every name");
    }
}
