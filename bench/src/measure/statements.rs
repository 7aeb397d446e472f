//! What the program asks the database for each reading.

use std::path::PathBuf;

use cchc::db::Location;
use clap::Args;

use super::readings;
use crate::{Failure, replay};

/// Options of `cchc-bench statements`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The city.
    #[arg(long)]
    pub city: String,
    /// Wards of the city.
    #[arg(long)]
    pub wards: usize,
    /// A directory for files.
    #[arg(long)]
    pub scratch: PathBuf,
}

/// Prints the statements of one request of each call, with their times.
///
/// # Errors
/// When the program does not answer as it should.
pub fn show(options: &Options) -> Result<(), Failure> {
    let location = Location::parse(&options.city).ok_or("--city: write sqlite:path or postgres://…")?;
    let heard = readings::hear(&location, options.wards, &options.scratch)?;
    for (call, requests) in heard {
        println!("== {call}");
        let statements = requests.first().into_iter().flatten();
        for statement in statements.filter(|statement| statement.is_question()) {
            let (micros, rows) = replay::time(&location, statement)?;
            println!("{micros:>8} us {rows:>6} rows  {statement}");
        }
    }
    Ok(())
}
