//! `cchc-bench`: makes a city, and measures.

use std::process::ExitCode;

use cchc_bench::{Failure, city};
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
    }
}
