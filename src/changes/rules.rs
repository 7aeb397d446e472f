//! What a cursor of the feed says.

use sha2::{Digest, Sha256};

use super::model::{ChangeId, Reach};
use crate::kernel::id::WardId;

/// Characters of a scope.
const SCOPE_LENGTH: usize = 16;

/// What a reader may see, in a word: a cursor of one scope means nothing in another.
///
/// `open` are the wards that publish to everyone, in a fixed order; they count for [`Reach::Open`] only.
#[must_use]
pub fn scope_of(reach: Reach, open: &[WardId]) -> String {
    let text = match reach {
        Reach::All => "all".to_owned(),
        Reach::Ward(id) => format!("ward {id}"),
        Reach::Open => {
            let ids: Vec<&str> = open.iter().map(WardId::as_str).collect();
            format!("open {}", ids.join(" "))
        }
    };
    let mut scope = hex::encode(Sha256::digest(text.as_bytes()));
    scope.truncate(SCOPE_LENGTH);
    scope
}

/// The key behind a cursor: the scope, and the last change that was seen; none at the very beginning.
#[must_use]
pub fn key_of(scope: &str, last: Option<ChangeId>) -> String {
    format!("{scope}|{}", last.as_ref().map_or("", |id| id.as_str()))
}

/// Reads a key; `None` if it is none of ours.
#[must_use]
pub fn parse_key(key: &str) -> Option<(&str, Option<ChangeId>)> {
    let (scope, id) = key.split_once('|')?;
    let is_scope = scope.len() == SCOPE_LENGTH && scope.bytes().all(|byte| byte.is_ascii_hexdigit());
    let last = if id.is_empty() { None } else { Some(ChangeId::parse(id)?) };
    is_scope.then_some((scope, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_nothing_else_is() {
        let (scope, id) = (scope_of(Reach::All, &[]), ChangeId::generate());
        assert_eq!(parse_key(&key_of(&scope, Some(id))), Some((scope.as_str(), Some(id))));
        assert_eq!(parse_key(&key_of(&scope, None)), Some((scope.as_str(), None)));
        for foreign in ["", "|", "12", "2026-Q1", &scope, &format!("{scope}|12"), &format!("x{scope}|")] {
            assert_eq!(parse_key(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn whoever_sees_other_wards_has_another_scope() {
        let (one, two) = (WardId::generate(), WardId::generate());
        let scopes = [
            scope_of(Reach::All, &[one]),
            scope_of(Reach::Ward(one), &[one]),
            scope_of(Reach::Ward(two), &[one]),
            scope_of(Reach::Open, &[]),
            scope_of(Reach::Open, &[one]),
            scope_of(Reach::Open, &[one, two]),
        ];
        let different: std::collections::BTreeSet<&String> = scopes.iter().collect();
        assert_eq!(different.len(), scopes.len());
        // Opening a ward to everyone changes nothing for those who know who they are.
        assert_eq!(scope_of(Reach::Ward(one), &[]), scope_of(Reach::Ward(one), &[two]));
    }
}
