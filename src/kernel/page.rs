//! Pages of a list: a bounded `limit`, and a cursor that is the last key of the page before.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::error::{Code, Error, Result};

/// Rows of a page when the caller names none.
pub const DEFAULT_LIMIT: u16 = 50;
/// The most rows of a page.
pub const MAX_LIMIT: u16 = 200;

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

/// A cursor on the wire: a key as opaque text.
#[must_use]
pub fn encode_cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// Which rows of a list are wanted: those after `after`, at most `limit`.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// The key of the last row of the page before.
    pub after: Option<String>,
    limit: u16,
}

impl PageRequest {
    /// Checks what a caller sent; `None` if the limit is out of bounds or the cursor is not one of ours.
    #[must_use]
    pub fn parse(limit: Option<u16>, cursor: Option<&str>) -> Option<Self> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return None;
        }
        let after = match cursor {
            None => None,
            Some(cursor) => {
                let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
                let text = String::from_utf8(bytes).ok()?;
                if text.is_empty() || text.contains('\0') {
                    return None;
                }
                Some(text)
            }
        };
        Some(Self { after, limit })
    }

    /// What to ask of the database: one row more than the page, to learn whether another follows.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts the surplus row off and sets the cursor from the key of the last row that stays.
    pub fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| encode_cursor(&key(row)));
        Page { items: rows, next_cursor }
    }
}

/// How well a row fits a text that is searched for; better fits come first (RULES §10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It holds the text with all its marks.
    Exact,
    /// It holds the text only when marks are left out.
    Loose,
}

impl PageRequest {
    /// A page of a search: exact hits, then loose ones, each in the list's order. `fetch` gets a rank, the key of the
    /// last row before, and how many rows to give.
    ///
    /// # Errors
    /// `invalid_cursor`, and those of `fetch`.
    pub fn search<T>(
        &self,
        searched: bool,
        mut fetch: impl FnMut(Rank, Option<&str>, i64) -> Result<Vec<T>>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>> {
        let split = |text: &str| text.split_once('|').map(|(rank, key)| (rank.to_owned(), key.to_owned()));
        let after = match self.after.as_deref().map(split) {
            Some(Some((rank, key))) if rank == "0" || (rank == "1" && searched) => Some((rank, key)),
            Some(_) => return Err(Error::new(Code::InvalidCursor)),
            None => None,
        };
        let mut rows: Vec<(Rank, T)> = Vec::new();
        let ranks: &[(Rank, &str)] = &[(Rank::Exact, "0"), (Rank::Loose, "1")];
        for (rank, digit) in ranks.iter().take(if searched { 2 } else { 1 }) {
            if after.as_ref().is_some_and(|(last, _)| last.as_str() > *digit) {
                continue;
            }
            let from = after.as_ref().filter(|(last, _)| last == digit).map(|(_, key)| key.as_str());
            let left = self.fetch() - i64::try_from(rows.len()).unwrap_or(i64::MAX);
            rows.extend(fetch(*rank, from, left.max(0))?.into_iter().map(|row| (*rank, row)));
        }
        let page = self.page(rows, |(rank, row)| {
            let digit = if *rank == Rank::Exact { 0 } else { 1 };
            format!("{digit}|{}", key(row))
        });
        Ok(page.map(|(_, row)| row))
    }
}

impl<T> Page<T> {
    /// The same page with its rows turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }

    /// Like [`Page::map`], for a turn that can fail.
    ///
    /// # Errors
    /// The first failure.
    pub fn try_map<U>(self, f: impl FnMut(T) -> Result<U>) -> Result<Page<U>> {
        Ok(Page {
            items: self.items.into_iter().map(f).collect::<Result<_>>()?,
            next_cursor: self.next_cursor,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_the_last_key_of_the_page() {
        let first = PageRequest::parse(Some(2), None).expect("valid").page(vec![1, 2, 3], i32::to_string);
        assert_eq!(first.items, [1, 2]);
        let cursor = first.next_cursor.expect("more follows");
        let second = PageRequest::parse(Some(2), Some(&cursor)).expect("valid");
        assert_eq!(second.after.as_deref(), Some("2"));
        assert_eq!(second.page(vec![3], i32::to_string).next_cursor, None);
    }

    #[test]
    fn a_cursor_of_a_search_is_refused_by_a_list_that_is_not_searched() {
        let cursor = URL_SAFE_NO_PAD.encode("1|x");
        let page = PageRequest::parse(None, Some(&cursor)).expect("valid");
        let look = |searched| page.search(searched, |_, _, _| Ok(vec![1]), i32::to_string);
        assert_eq!(look(false).expect_err("refused").code, Code::InvalidCursor);
        assert_eq!(look(true).expect("a page").items, [1]);
    }

    #[test]
    fn limits_out_of_bounds_and_foreign_cursors_are_refused() {
        assert!(PageRequest::parse(Some(0), None).is_none());
        assert!(PageRequest::parse(Some(201), None).is_none());
        assert!(PageRequest::parse(None, Some("%%%")).is_none());
    }
}
