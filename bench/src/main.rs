//! `cchc-bench`: makes a city, and measures.

use std::process::ExitCode;

use cchc_bench::{Failure, bare, city, measure};
use clap::{Parser, Subcommand};

/// A city to measure cchc on.
#[derive(Parser)]
#[command(name = "cchc-bench", about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a city: wards with their plans, submissions, decisions, publications and audit chains.
    City(city::Options),
    /// Answer with recorded bytes: what actix-web itself can do.
    Bare(bare::Options),
    /// Measure the program against its own SQL and its own bytes.
    Measure(measure::Options),
    /// Show what the program asks the database for each reading, and how long each statement takes.
    Statements(measure::StatementsOptions),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cchc-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::City(options) => city::make(&options).map(drop),
        Command::Bare(options) => bare::serve(&options),
        Command::Measure(options) => measure::run(&options),
        Command::Statements(options) => measure::show_statements(&options),
    }
}
