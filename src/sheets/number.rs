//! Figures as people type them: `98,5` and `98.5`, but not `1.234`, which is two numbers (RULES §10).

use super::Cell;
use crate::{
    error::{Code, Text, text},
    kernel::number::Quantity,
};

/// Reads the figure of a cell; `None` for an empty one.
///
/// A cell that the spreadsheet itself holds as a number is taken as it is.
///
/// # Errors
/// Code and sentence: `ambiguous_number` for `1.234`, `invalid_value` for anything that is no figure.
pub fn read_number(cell: &Cell) -> Result<Option<Quantity>, (Code, Text)> {
    let (given, typed) = match cell {
        Cell::Empty => return Ok(None),
        Cell::Number(given) => (given.as_str(), false),
        Cell::Text(given) => (given.trim(), true),
    };
    if typed && is_ambiguous(given) {
        let plain: String = given.chars().filter(char::is_ascii_digit).collect();
        let decimal = given.replace('.', ",");
        let sentence = text(
            format!("“{given}” có thể là {plain} hoặc {decimal}0; hãy gõ {plain} hoặc {decimal}0"),
            format!("“{given}” may be {plain} or a decimal; type it without a group mark"),
        );
        return Err((Code::AmbiguousNumber, sentence));
    }
    let plain = if typed { given.replace(',', ".") } else { without_noise(given) };
    match Quantity::parse(&plain) {
        Some(quantity) => Ok(Some(quantity)),
        None => {
            let sentence = text(
                format!("“{given}” không phải là số; hãy gõ dạng 98,5 hoặc 98.5, tối đa 4 số lẻ"),
                format!("“{given}” is no number; type 98,5 or 98.5, with at most 4 decimals"),
            );
            Err((Code::InvalidValue, sentence))
        }
    }
}

/// A formula leaves 0.30000000000000004 where its author reads 0.3.
fn without_noise(given: &str) -> String {
    rust_decimal::Decimal::from_str_exact(given)
        .map_or_else(|_| given.to_owned(), |exact| exact.round_dp(10).normalize().to_string())
}

/// One separator with exactly three digits behind it and one to three before it, which is not a lone zero.
fn is_ambiguous(given: &str) -> bool {
    let unsigned = given.trim_start_matches(['-', '+']);
    let Some((before, behind)) = unsigned.split_once(['.', ',']) else { return false };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    digits(before) && digits(behind) && behind.len() == 3 && (1..=3).contains(&before.len()) && before != "0"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str) -> Result<Option<Quantity>, Code> {
        read_number(&Cell::Text(given.to_owned())).map_err(|(code, _)| code)
    }

    #[test]
    fn decimal_comma_and_point_are_read_and_the_ambiguous_is_refused() {
        let figure = Quantity::parse("98.5");
        assert_eq!(read("98,5"), Ok(figure));
        assert_eq!(read("98.5"), Ok(figure));
        assert_eq!(read(" 1234 "), Ok(Some(Quantity::whole(1234))));
        assert_eq!(read("0,125"), Ok(Quantity::parse("0.125")));
        for ambiguous in ["1.234", "1,234", "12.345", "-1.234"] {
            assert_eq!(read(ambiguous), Err(Code::AmbiguousNumber), "{ambiguous}");
        }
        for wrong in ["1.234,5", "1.234.567", "chín mươi", "98,5%", "1e400"] {
            assert_eq!(read(wrong), Err(Code::InvalidValue), "{wrong}");
        }
    }

    #[test]
    fn a_number_of_the_spreadsheet_is_not_ambiguous() {
        assert_eq!(read_number(&Cell::Number("1.234".to_owned())).ok(), Some(Quantity::parse("1.234")));
        let noisy = read_number(&Cell::Number("0.30000000000000004".to_owned()));
        assert_eq!(noisy.ok(), Some(Quantity::parse("0.3")));
    }
}
