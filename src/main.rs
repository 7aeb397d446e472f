//! The commands.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the console")]

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

/// Requests are made of many small pieces, which the C library's allocator spends a seventh of their time on.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The reform plan of a ward as a REST API.
#[derive(Parser)]
#[command(name = "cchc", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve with the configuration from environment and file (production).
    Serve,
    /// Deliver webhooks, and serve nothing: beside instances with `CCHC_WEBHOOK_DELIVERY=false`.
    Work,
    /// Serve the Long Mỹ plan with sample accounts and figures, on this machine only.
    Demo(commands::demo::Options),
    /// Bring the schema up to date.
    Migrate(commands::admin::MigrateOptions),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the role table.
    Roles,
    /// Manage accounts from the console.
    #[command(subcommand)]
    Account(commands::admin::AccountCommand),
    /// Manage machine clients from the console.
    #[command(subcommand)]
    Client(commands::clients::ClientCommand),
    /// Read a ward with its units, or a plan, from a JSON file.
    Import(commands::admin::ImportOptions),
    /// Copy everything into an empty database of either kind, and prove the copy.
    Copy(commands::copy::Options),
    /// Back up the embedded database and its documents while it serves.
    Backup(commands::backup::BackupOptions),
    /// Make a database of a backup.
    Restore(commands::backup::RestoreOptions),
    /// Prove the audit chains of all wards, and that every document is what was filed.
    Verify,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve => commands::serve::run(),
        Command::Work => commands::work::run(),
        Command::Demo(options) => commands::demo::run(&options),
        Command::Migrate(options) => commands::admin::migrate(&options),
        Command::Openapi => {
            print!("{}", cchc::server::document_text());
            Ok(())
        }
        Command::Roles => {
            print!("{}", cchc::access::policy::readable_table());
            Ok(())
        }
        Command::Account(command) => commands::admin::account(command),
        Command::Client(command) => commands::clients::client(command),
        Command::Import(options) => commands::admin::import(&options),
        Command::Copy(options) => commands::copy::run(&options),
        Command::Backup(options) => commands::backup::backup(&options),
        Command::Restore(options) => commands::backup::restore(&options),
        Command::Verify => commands::backup::verify(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cchc: {error}");
            ExitCode::FAILURE
        }
    }
}
