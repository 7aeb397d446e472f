//! The numbers of a table's rows (I, A, 1, 1.1, a, –) as a tree: which row stands below which, and its code.

/// How a row is numbered; rows of one style stand on one floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// I, II, III.
    Roman,
    /// A, B, C.
    Upper,
    /// 1, 2, 3.
    Number,
    /// 1.1, 1.2; the count of its parts.
    Dotted(usize),
    /// a, b, c, đ.
    Lower,
    /// A dash or a plus sign.
    Dash,
}

/// A row that later rows may stand below.
#[derive(Clone, Debug)]
struct Open {
    style: Style,
    number: String,
    code: String,
    children: i32,
}

/// Where a row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its code: that of the row above, then its own number.
    pub code: String,
    /// Code of the row above.
    pub parent: String,
    /// Place among its siblings.
    pub position: i32,
}

/// The rows above the next one, from the root down.
#[derive(Debug)]
pub(super) struct Outline {
    root: Open,
    open: Vec<Open>,
}

impl Outline {
    /// An outline whose first floor stands below `root`.
    pub fn new(root: &str) -> Self {
        let root = Open { style: Style::Dash, number: String::new(), code: root.to_owned(), children: 0 };
        Self { root, open: Vec::new() }
    }

    /// Puts the next row in its place; `None` where its number is no number.
    pub fn place(&mut self, cell: &str) -> Option<Place> {
        let number = number_of(cell)?;
        let above = number.rsplit_once('.').map_or("", |(above, _)| above);
        let parts = number.split('.').count();
        let parent = self.open.iter().rposition(|open| !above.is_empty() && open.number == above);
        let (style, own) = match parent {
            Some(parent) => {
                self.open.truncate(parent + 1);
                (Style::Dotted(parts), number.rsplit('.').next().unwrap_or_default())
            }
            None => {
                let style = if parts > 1 { Style::Dotted(parts) } else { self.style_of(&number) };
                if let Some(peer) = self.open.iter().position(|open| open.style == style) {
                    self.open.truncate(peer);
                }
                (style, number.as_str())
            }
        };
        let parent = self.open.last_mut().unwrap_or(&mut self.root);
        parent.children += 1;
        let position = parent.children;
        let code = match style {
            Style::Dash => format!("{}-{position}", parent.code),
            _ => format!("{}.{own}", parent.code),
        };
        let place = Place { code: code.clone(), parent: parent.code.clone(), position };
        self.open.push(Open { style, number, code, children: 0 });
        Some(place)
    }

    /// `C` is a letter where `B` came before, and else a Roman number.
    fn style_of(&self, number: &str) -> Style {
        let mut letters = number.chars();
        match (letters.next(), letters.next()) {
            (Some('-' | '+'), None) => Style::Dash,
            (Some(first), _) if first.is_ascii_digit() => Style::Number,
            (Some(first), None) if first.is_lowercase() => Style::Lower,
            (Some(first), None) if !is_roman(number) || self.follows_letter(first) => Style::Upper,
            _ if is_roman(number) => Style::Roman,
            _ => Style::Lower,
        }
    }

    fn follows_letter(&self, letter: char) -> bool {
        let before = self.open.iter().find(|open| open.style == Style::Upper);
        before.is_some_and(|open| next_letter(&open.number) == Some(letter))
    }
}

fn next_letter(number: &str) -> Option<char> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let place = ALPHABET.find(number)?;
    ALPHABET.get(place + 1..)?.chars().next()
}

fn is_roman(number: &str) -> bool {
    !number.is_empty() && number.chars().all(|c| matches!(c, 'I' | 'V' | 'X' | 'L' | 'C' | 'D' | 'M'))
}

/// The number itself: `1.`, `(1)`, `a)` are `1`, `1`, `a`.
fn number_of(cell: &str) -> Option<String> {
    let bare = cell.trim().trim_start_matches('(').trim_end_matches([')', '.', ':', ' ', '/']);
    if matches!(bare, "-" | "–" | "+" | "*" | "•") {
        return Some("-".to_owned());
    }
    let number: String = bare.chars().filter(|c| !c.is_whitespace()).collect();
    let fits = |part: &str| {
        (1..=5).contains(&part.chars().count())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, 'đ' | 'Đ'))
    };
    number.split('.').all(fits).then_some(number)
}

/// Splits `I. Chỉ đạo, điều hành` into its number and its text, for headings that fill one merged cell.
pub(super) fn split_heading(cell: &str) -> Option<(&str, &str)> {
    let (number, rest) = cell.split_once(['.', ')', ':'])?;
    let short = number.trim();
    let is_number = is_roman(short)
        || (!short.is_empty() && short.chars().all(|c| c.is_ascii_digit()))
        || short.chars().count() == 1;
    let rest = rest.trim();
    (is_number && rest.starts_with(char::is_alphabetic)).then_some((short, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(numbers: &[&str]) -> Vec<String> {
        let mut outline = Outline::new("PL");
        numbers.iter().map(|n| outline.place(n).map_or("?".to_owned(), |place| place.code)).collect()
    }

    #[test]
    fn floors_are_told_by_the_style_of_their_numbers() {
        let found = codes(&["I", "1.", "a)", "b)", "2", "II", "3", "-", "+", "4"]);
        let expected = [
            "PL.I",
            "PL.I.1",
            "PL.I.1.a",
            "PL.I.1.b",
            "PL.I.2",
            "PL.II",
            "PL.II.3",
            "PL.II.3-1",
            "PL.II.3-2",
            "PL.II.4",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn dotted_numbers_stand_below_what_they_name() {
        assert_eq!(
            codes(&["1", "1.1", "1.2", "1.2.1", "2", "2.1"]),
            ["PL.1", "PL.1.1", "PL.1.2", "PL.1.2.1", "PL.2", "PL.2.1"]
        );
        assert_eq!(
            codes(&["I", "1.1", "1.2", "II", "2.1"]),
            ["PL.I", "PL.I.1.1", "PL.I.1.2", "PL.II", "PL.II.2.1"]
        );
        assert_eq!(codes(&["II", "II.1"]), ["PL.II", "PL.II.1"]);
    }

    #[test]
    fn letters_and_roman_numbers_are_told_apart_by_what_came_before() {
        assert_eq!(
            codes(&["A", "I", "1", "B", "I", "C", "D"]),
            ["PL.A", "PL.A.I", "PL.A.I.1", "PL.B", "PL.B.I", "PL.C", "PL.D"]
        );
        assert_eq!(codes(&["đ", "tổng cộng"]), ["PL.đ", "?"]);
    }

    #[test]
    fn a_heading_in_one_cell_is_split() {
        assert_eq!(split_heading("IV. Cải cách thể chế"), Some(("IV", "Cải cách thể chế")));
        assert_eq!(split_heading("12) Báo cáo"), Some(("12", "Báo cáo")));
        assert_eq!(split_heading("Cải cách: thể chế"), None);
        assert_eq!(split_heading("1.1"), None);
    }
}
