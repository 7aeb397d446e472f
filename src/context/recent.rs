//! Public answers that were made a moment ago, so that a crowd which asks the same does not ask the database.
//!
//! An answer is given again for one second, and not after this process wrote anything. Only an embedded database lends
//! itself to that: whoever reads of a change in the feed must get it from every instance that shares a PostgreSQL.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync::Cache};

/// How long an answer is given again.
const FRESH: Duration = Duration::from_secs(1);
/// Answers, at first; more find room.
const ANSWERS: usize = 64;
/// The most bytes of all answers together.
const ROOM: u64 = 8 << 20;

/// A body and how it is sent.
#[derive(Clone, Debug)]
pub struct Content {
    /// Its media type.
    pub media_type: &'static str,
    /// The body.
    pub text: Arc<[u8]>,
    /// Of a table: the file to save it as.
    pub file_name: Option<String>,
    /// Of a table, which has no room for it: the cursor of the next page.
    pub next_cursor: Option<String>,
}

/// A public answer.
#[derive(Clone, Debug)]
pub struct PublicAnswer {
    /// The tag of what it says.
    pub tag: String,
    /// What it says; none where all who asked knew it already.
    pub content: Option<Content>,
}

/// An answer, when it was made, and after how many writes.
#[derive(Clone, Debug)]
struct Made {
    answer: PublicAnswer,
    at: Instant,
    writes: u64,
}

#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<String, Made> for Bytes {
    fn weight(&self, key: &String, made: &Made) -> u64 {
        let text = made.answer.content.as_ref().map_or(0, |content| content.text.len());
        u64::try_from(key.len() + text).unwrap_or(u64::MAX) + 500
    }
}

/// The answers of this process; cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Recent(Arc<Cache<String, Made, Bytes>>);

impl Default for Recent {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(ANSWERS, ROOM, Bytes)))
    }
}

impl Recent {
    /// What was answered to this question a moment ago, if nothing was written since.
    #[must_use]
    pub fn find(&self, question: &str, writes: u64) -> Option<PublicAnswer> {
        let made = self.0.get(question)?;
        (made.writes == writes && made.at.elapsed() < FRESH).then_some(made.answer)
    }

    /// Keeps an answer that began to be made at this time, after so many writes.
    pub fn keep(&self, question: String, answer: PublicAnswer, at: Instant, writes: u64) {
        self.0.insert(question, Made { answer, at, writes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_stands_for_a_second_and_until_something_is_written() {
        let recent = Recent::default();
        let answer = || PublicAnswer { tag: "a".to_owned(), content: None };
        let now = Instant::now();
        recent.keep("q".to_owned(), answer(), now, 7);
        assert_eq!(recent.find("q", 7).map(|found| found.tag).as_deref(), Some("a"));
        assert!(recent.find("q", 8).is_none(), "something was written");
        assert!(recent.find("p", 7).is_none(), "nobody asked that");
        recent.keep("q".to_owned(), answer(), now.checked_sub(FRESH).expect("a time before"), 7);
        assert!(recent.find("q", 7).is_none(), "it is old");
    }
}
