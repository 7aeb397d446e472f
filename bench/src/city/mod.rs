//! The city: one ward's history is played through the program itself, act by act; then its rows are written again for
//! every ward, with ids, codes and hashes of its own. So each row is one that the program would write, and ward 1 is
//! the same in a city of one and of 103.

mod content;
mod copies;
mod history;
mod plan;
mod rows;
mod sink;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use cchc::db::Location;
use clap::Args;

use crate::{Failure, program};

/// How large a city is.
#[derive(Args, Clone, Debug)]
pub struct Size {
    /// Wards.
    #[arg(long, default_value_t = 103)]
    pub wards: usize,
    /// Years with a plan, the last of them 2025.
    #[arg(long, default_value_t = 3)]
    pub years: u8,
    /// Units of a ward that report, 10 of them schools if there are as many.
    #[arg(long, default_value_t = 30)]
    pub units: usize,
    /// Leaves of a plan, all of which every unit reports every quarter.
    #[arg(long, default_value_t = 35)]
    pub leaves: usize,
}

/// Options of `cchc-bench city`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub size: Size,
    /// Where it goes: `sqlite:path` or `postgres://…`, without tables or freshly migrated.
    #[arg(long)]
    pub to: String,
    /// Keeps the played ward in this file, or takes it from there: two cities of one size then cost one history.
    #[arg(long)]
    pub template: Option<PathBuf>,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Report {
    /// Rows of each table.
    pub rows: Vec<(String, u64)>,
    /// Time to play one ward's history.
    pub played: Duration,
    /// Time to write all wards.
    pub written: Duration,
}

/// The password of every account and client.
pub const PASSWORD: &str = "cai-cach-2025";
/// The last year of the city; its year period and the extra ones stay open for as long as anybody will measure.
pub const LAST_YEAR: i32 = 2025;
/// Empty periods of the last year, for drafts that the benchmark begins.
pub const EXTRA_PERIODS: usize = 12;

/// The code of a ward, and how its usernames begin; wards count from 1.
#[must_use]
pub fn ward_code(number: usize) -> String {
    format!("ward{number:03}")
}

/// Makes a city and tells what it wrote.
///
/// # Errors
/// When the target cannot be written or is not empty.
pub fn make(options: &Options) -> Result<Report, Failure> {
    let target = Location::parse(&options.to).ok_or("--to: write sqlite:path or postgres://…")?;
    let started = Instant::now();
    let scratch = tempfile::tempdir()?;
    let template = options.template.clone().unwrap_or_else(|| scratch.path().join("ward.db"));
    if !template.exists() {
        history::play(&template, &options.size)?;
    }
    let played = started.elapsed();
    drop(program::open(target.clone(), 1)?);
    let started = Instant::now();
    let rows = copies::write(&template, &target, options.size.wards)?;
    let report = Report { rows, played, written: started.elapsed() };
    for (table, rows) in &report.rows {
        println!("{table:<24} {rows:>10}");
    }
    println!(
        "played one ward in {:.1} s, wrote {} in {:.1} s",
        report.played.as_secs_f64(),
        options.size.wards,
        report.written.as_secs_f64()
    );
    Ok(report)
}
