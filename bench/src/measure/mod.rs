//! One run: the program, the bare SQL and the bare handler in turn, round after round, and one table of the medians.

mod batch;
mod machine;
mod readings;
mod statements;
mod table;
mod writings;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use cchc::db::Location;
use clap::Args;

pub use self::statements::{Options as StatementsOptions, show as show_statements};
use self::{
    machine::{Process, start_bare, start_program},
    table::Table,
};
use crate::{
    Failure,
    load::{Sample, Strength},
};

/// Options of `cchc-bench measure`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The program, built for release.
    #[arg(long)]
    pub program: PathBuf,
    /// What the table calls the database.
    #[arg(long)]
    pub name: String,
    /// The city.
    #[arg(long)]
    pub city: String,
    /// Wards of the city.
    #[arg(long)]
    pub wards: usize,
    /// A city of one ward.
    #[arg(long)]
    pub ward: String,
    /// Rounds, of which the medians count.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of each measurement of a reading.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Requests of each measurement of a writing.
    #[arg(long, default_value_t = 800)]
    pub writes: usize,
    /// Rows of a batch.
    #[arg(long, default_value_t = 10_000)]
    pub batch: usize,
    /// People who sign in at once.
    #[arg(long, default_value_t = 1000)]
    pub sign_ins: usize,
    /// Connections of the load.
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
    /// A directory for keys, answers and logs.
    #[arg(long)]
    pub scratch: PathBuf,
    /// Where the table goes, as Markdown.
    #[arg(long)]
    pub out: PathBuf,
}

/// What is measured of each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The program on the city.
    Program,
    /// The same SQL, or for a writing the same actions, without HTTP and JSON.
    Sql,
    /// A handler that sends the same bytes.
    Handler,
    /// The program on the city, asked about its first ward only.
    FirstOfCity,
    /// The program on one ward.
    OnlyWard,
}

/// All samples, by call and side.
pub type Samples = BTreeMap<(&'static str, Side), Vec<Sample>>;

/// What all measurements share.
pub struct Run {
    options: Options,
    location: Location,
    city: Process,
    ward: Process,
    samples: Samples,
    /// Other figures: what, and how much, in words.
    facts: Vec<(String, String)>,
}

/// The program's connections where nobody chose: twice the cores, and four at least.
#[must_use]
pub fn default_connections() -> usize {
    (machine::cores() * 2).max(4)
}

/// Measures and writes the table.
///
/// # Errors
/// When the program does not start, or does not answer as it should.
pub fn run(options: &Options) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.scratch)?;
    let location = Location::parse(&options.city).ok_or("--city: write sqlite:path or postgres://…")?;
    // The listener first: what the program asks is heard from inside this process.
    let heard = readings::hear(&location, options.wards, &options.scratch)?;
    let city = start_program(options, &options.city, "city")?;
    let ward = start_program(options, &options.ward, "ward")?;
    let mut run =
        Run { options: options.clone(), location, city, ward, samples: Samples::new(), facts: Vec::new() };
    run.first_facts()?;
    let answers = readings::record(&run)?;
    let bare = start_bare(options, &answers)?;
    for round in 1..=options.rounds {
        eprintln!("{}: round {round} of {}", options.name, options.rounds);
        readings::measure(&mut run, &heard, bare.address)?;
        writings::measure(&mut run, round)?;
        batch::measure(&mut run, round)?;
        readings::while_people_sign_in(&mut run)?;
    }
    run.last_facts();
    let table = Table { name: &options.name, samples: &run.samples, facts: &run.facts };
    std::fs::write(&options.out, table.to_string())?;
    print!("{table}");
    Ok(())
}

impl Run {
    fn strength(&self) -> Strength {
        Strength {
            connections: self.options.connections,
            duration: Duration::from_secs(self.options.seconds),
        }
    }

    fn note(&mut self, call: &'static str, side: Side, sample: Sample) {
        if sample.errors > 0 {
            eprintln!("{call}, {side:?}: {} answers were not as they should be", sample.errors);
        }
        self.samples.entry((call, side)).or_default().push(sample);
    }

    fn first_facts(&mut self) -> Result<(), Failure> {
        let size = std::fs::metadata(&self.options.program)?.len();
        self.fact("size of the program", format!("{:.1} MB", megabytes(size)));
        let ready = self.city.ready.as_secs_f64() * 1000.0;
        self.fact("from start to ready", format!("{ready:.0} ms"));
        std::thread::sleep(Duration::from_secs(2));
        let rest = self.city.memory()?;
        self.fact("memory at rest", format!("{:.0} MB", megabytes(rest)));
        self.city.forget_peak()?;
        Ok(())
    }

    fn last_facts(&mut self) {
        let under_load = self.city.load_peak;
        self.fact("memory under load, at most", format!("{:.0} MB", megabytes(under_load)));
        let in_batch = self.city.batch_peak;
        self.fact("memory during the batch, at most", format!("{:.0} MB", megabytes(in_batch)));
    }

    fn fact(&mut self, what: &str, how_much: String) {
        self.facts.push((what.to_owned(), how_much));
    }
}

/// Bytes as megabytes of a million.
fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1000.0
}
