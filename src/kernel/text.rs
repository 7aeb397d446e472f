//! Vietnamese text: NFC, search keys without tone marks, and the Vietnamese order of letters (RULES §10).

use unicode_normalization::UnicodeNormalization;

/// The Vietnamese alphabet's base letters in order; each tone is a secondary difference.
const ALPHABET: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";

/// Tones in dictionary order: none, huyền, hỏi, ngã, sắc, nặng.
const TONES: [char; 5] = ['\u{300}', '\u{309}', '\u{303}', '\u{301}', '\u{323}'];

/// Composed (NFC), without zero-width characters, outer blanks and a byte-order mark.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}'))
        .nfc()
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Whether a text holds a control character other than line breaks and tabs; such text is refused.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// Lower case with all its marks: the key for exact hits.
#[must_use]
pub fn lower(text: &str) -> String {
    clean(text).to_lowercase()
}

/// Lower case without tone and letter marks, `đ` as `d`: the key by which people search.
#[must_use]
pub fn search_key(text: &str) -> String {
    lower(text).nfd().filter(|c| !is_mark(*c)).map(|c| if c == 'đ' { 'd' } else { c }).collect()
}

/// A key whose byte order is the Vietnamese order: a ă â b … d đ …, tones deciding only between equals.
#[must_use]
pub fn sort_key(text: &str) -> String {
    let mut letters = String::new();
    let mut tones = String::new();
    for c in lower(text).chars() {
        let decomposed: Vec<char> = c.nfd().collect();
        let tone = decomposed.iter().find_map(|m| TONES.iter().position(|t| t == m));
        let base: String = decomposed.into_iter().filter(|m| !TONES.contains(m)).nfc().collect();
        for letter in base.chars() {
            match ALPHABET.chars().position(|a| a == letter) {
                // Two bytes per letter: '5' keeps letters after digits and blanks.
                Some(place) => letters.push_str(&format!("5{place:02}")),
                None => letters.push(letter),
            }
        }
        tones.push(match tone {
            None => '0',
            Some(0) => '1',
            Some(1) => '2',
            Some(2) => '3',
            Some(3) => '4',
            Some(_) => '5',
        });
    }
    format!("{letters}\u{1}{tones}")
}

/// The ASCII alias of a plan code: `II.2.đ.1` is `II.2.dd.1` (RULES §1).
#[must_use]
pub fn ascii_code(code: &str) -> String {
    clean(code).replace('đ', "dd").replace('Đ', "DD")
}

/// A `LIKE` pattern for rows that contain this text, its own wildcards escaped with `\`.
#[must_use]
pub fn contains_pattern(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_ignores_case_tones_and_the_bar_of_d() {
        assert_eq!(search_key("Đúng hạn"), "dung han");
        assert_eq!(search_key("Ươm tơ"), "uom to");
    }

    #[test]
    fn decomposed_and_zero_width_input_is_stored_composed() {
        assert_eq!(clean("\u{FEFF}e\u{302}\u{301}\u{200B} "), "ế");
    }

    #[test]
    fn names_sort_in_vietnamese_order() {
        let mut names = ["Ơn", "Ông", "Oanh", "Đông", "Dung", "Ân", "Ăn", "An"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, ["An", "Ăn", "Ân", "Dung", "Đông", "Oanh", "Ông", "Ơn"]);
        let mut tones = ["mạ", "má", "mã", "mả", "mà", "ma"];
        tones.sort_by_key(|name| sort_key(name));
        assert_eq!(tones, ["ma", "mà", "mả", "mã", "má", "mạ"]);
    }

    #[test]
    fn plan_codes_have_an_ascii_alias() {
        assert_eq!(ascii_code("II.2.đ.1"), "II.2.dd.1");
    }
}
