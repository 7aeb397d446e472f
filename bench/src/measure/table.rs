//! The table: medians over the rounds, and what they are held against.

use std::{collections::BTreeSet, fmt};

use super::{Samples, Side};
use crate::load::Sample;

/// The order of the calls; those that are not here come last.
const ORDER: [&str; 11] = [
    "list of 50 submissions",
    "one submission",
    "summary of a period",
    "summary, one caller",
    "completeness",
    "public results, whole (200)",
    "public results, known (304)",
    "draft",
    "submit",
    "approve",
    "batch, rows",
];

/// One database's figures as Markdown.
pub struct Table<'r> {
    /// What the database is called.
    pub name: &'r str,
    /// All samples.
    pub samples: &'r Samples,
    /// Other figures.
    pub facts: &'r [(String, String)],
}

/// The middle one; of two, their mean.
fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let half = figures.len() / 2;
    match figures.len() {
        0 => None,
        even if even % 2 == 0 => Some(f64::midpoint(figures[half - 1], figures[half])),
        _ => Some(figures[half]),
    }
}

impl Table<'_> {
    fn median(&self, call: &'static str, side: Side, figure: fn(&Sample) -> f64) -> Option<f64> {
        median(self.samples.get(&(call, side))?.iter().map(figure).collect())
    }

    /// The median over the rounds of how one side compares with another in the same round.
    fn ratio(&self, call: &'static str, side: Side, other: Side) -> Option<f64> {
        let pairs = self.samples.get(&(call, side))?.iter().zip(self.samples.get(&(call, other))?);
        median(pairs.map(|(one, other)| one.rate / other.rate).collect())
    }
}

fn written(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.digits$}"))
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: BTreeSet<&'static str> = self.samples.keys().map(|(call, _)| *call).collect();
        let last = known.iter().copied().filter(|call| !ORDER.contains(call));
        let calls: Vec<_> = ORDER.iter().copied().filter(|call| known.contains(call)).chain(last).collect();
        writeln!(f, "### {}\n", self.name)?;
        writeln!(
            f,
            "| Call | requests/s | p50 ms | p99 ms | SQL alone /s | of SQL alone | handler alone /s | of handler alone \
             | one ward /s | growth |"
        )?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        for call in calls {
            let rate = |side| written(self.median(call, side, |sample| sample.rate), 0);
            let first = if self.samples.contains_key(&(call, Side::FirstOfCity)) {
                Side::FirstOfCity
            } else {
                Side::Program
            };
            writeln!(
                f,
                "| {call} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                rate(Side::Program),
                written(self.median(call, Side::Program, |sample| sample.p50), 2),
                written(self.median(call, Side::Program, |sample| sample.p99), 2),
                rate(Side::Sql),
                written(self.ratio(call, Side::Program, Side::Sql), 2),
                rate(Side::Handler),
                written(self.ratio(call, Side::Program, Side::Handler), 2),
                rate(Side::OnlyWard),
                written(self.ratio(call, Side::OnlyWard, first), 2),
            )?;
        }
        writeln!(f)?;
        for (what, how_much) in self.facts {
            writeln!(f, "- {what}: {how_much}")?;
        }
        let (with, without) = ("reads, while a crowd signs in", "reads, nobody signs in");
        let pairs = [with, without].map(|call| self.median(call, Side::Program, |sample| sample.rate));
        if let [Some(with), Some(without)] = pairs {
            writeln!(f, "- reads keep {:.2} of their speed while a crowd signs in", with / without)?;
        }
        writeln!(f)
    }
}
