//! `cchc copy`: a ward that has outgrown its file moves to PostgreSQL, or back.

use cchc::{
    config::Config,
    db::{Db, DbOptions, Location},
    moving,
};
use clap::Args;

use super::{Failure, reason};

/// From where to where.
#[derive(Args)]
pub struct Options {
    /// Database to read, such as `sqlite:/var/lib/cchc/cchc.db`.
    #[arg(long)]
    from: String,
    /// Empty database to fill; the configured one (CCHC_DATABASE_URL, CCHC_DATABASE_URL_FILE) if absent.
    #[arg(long)]
    to: Option<String>,
}

/// Copies and proves.
pub fn run(options: &Options) -> Result<(), Failure> {
    let from = parse(&options.from)?;
    let to = match &options.to {
        Some(url) => parse(url)?,
        None => Config::load_database()?,
    };
    let source = open_existing(&from)?;
    let target = Db::open(to, &DbOptions::of(1)).map_err(reason)?;
    println!("{:<24} {:>12}  digest, the same on both sides", "table", "rows");
    let proof = moving::copy(&source, &target, |copied| {
        println!(
            "{:<24} {:>12}  {} ok",
            copied.table,
            copied.rows,
            copied.digest.get(..16).unwrap_or_default()
        );
    })
    .map_err(reason)?;
    println!(
        "Copied and committed. {} audit chains with {} events hold in the copy.",
        proof.chains, proof.events
    );
    println!(
        "Documents were not touched and stay where they are: set CCHC_DOCUMENTS_URL{} for the new database. Keep the \
         signing key, and do not start the old database again.",
        place_of_documents(&from)
    );
    Ok(())
}

fn place_of_documents(from: &Location) -> String {
    let Location::Sqlite(file) = from else { return String::new() };
    let folder = std::path::absolute(file.with_file_name("documents"));
    folder.map(|folder| format!(" (file://{}, unless it was set)", folder.display())).unwrap_or_default()
}

fn parse(url: &str) -> Result<Location, Failure> {
    Location::parse(url).ok_or_else(|| "A database begins with `sqlite:` or `postgres://`.".into())
}

/// Opens a database that must be there: a mistyped name must not make an empty one.
pub(super) fn open_existing(location: &Location) -> Result<Db, Failure> {
    if let Location::Sqlite(file) = location
        && !file.is_file()
    {
        return Err(format!("There is no database {}.", file.display()).into());
    }
    Db::open(location.clone(), &DbOptions::of(1)).map_err(reason)
}
