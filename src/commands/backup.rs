//! `cchc backup`, `cchc restore`, `cchc verify`: keeping the data safe, and proving that it is.

use std::path::PathBuf;

use cchc::{
    config::Config,
    db::Location,
    kernel::time::Clock,
    moving::{self, Manifest},
    storage::Storage,
};
use clap::Args;

use super::{Failure, copy::open_existing, reason};

/// Options of `cchc backup`.
#[derive(Args)]
pub struct BackupOptions {
    /// Folder of backups; each becomes a folder of its own in it.
    #[arg(long)]
    to: PathBuf,
    /// Keep the newest backups, so many, and remove those before them.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
}

/// Options of `cchc restore`.
#[derive(Args)]
pub struct RestoreOptions {
    /// Folder of one backup.
    #[arg(long)]
    from: PathBuf,
    /// Database to make, such as `sqlite:/var/lib/cchc/cchc.db`; the configured one if absent.
    #[arg(long)]
    to: Option<String>,
}

const NOT_EMBEDDED: &str = "`cchc backup` and `cchc restore` are for the embedded database (sqlite:…). For PostgreSQL use \
    pg_dump and pg_restore, or base backups with WAL: docs/operations.md, \"Backup and restore\".";

/// Backs up the configured database while it serves.
pub fn backup(options: &BackupOptions) -> Result<(), Failure> {
    let (location, place) = Config::load_places(None)?;
    let Location::Sqlite(database) = &location else { return Err(NOT_EMBEDDED.into()) };
    drop(open_existing(&location)?);
    let documents = Storage::open(&place, u64::MAX).map_err(reason)?;
    let made =
        block_on(moving::backup(database, &documents, &options.to, Clock::real_now())).map_err(reason)?;
    println!("{}", made.folder.display());
    print_content(&made.manifest);
    println!("The signing key is not in it; keep it apart.");
    if let Some(keep) = options.keep {
        for removed in moving::prune(&options.to, keep.into()).map_err(reason)? {
            println!("Removed {}.", removed.display());
        }
    }
    Ok(())
}

/// Restores a backup to a new file.
pub fn restore(options: &RestoreOptions) -> Result<(), Failure> {
    let wanted = options.to.as_deref().map(|url| Location::parse(url).ok_or(NOT_EMBEDDED)).transpose()?;
    let (location, place) = Config::load_places(wanted)?;
    let Location::Sqlite(database) = &location else { return Err(NOT_EMBEDDED.into()) };
    let documents = Storage::open(&place, u64::MAX).map_err(reason)?;
    let restored = block_on(moving::restore(&options.from, database, &documents)).map_err(reason)?;
    println!("Restored to {}, as it was at {}.", database.display(), restored.manifest.taken_at.in_words());
    print_content(&restored.manifest);
    match restored.proven_events {
        Some(_) => println!("Start `cchc serve` with the same signing key as before."),
        None => println!("The backup is of an older version: run `cchc migrate`, then `cchc verify`."),
    }
    Ok(())
}

/// Proves the configured database and its documents.
pub fn verify() -> Result<(), Failure> {
    let (location, place) = Config::load_places(None)?;
    let db = open_existing(&location)?;
    let documents = Storage::open(&place, u64::MAX).map_err(reason)?;
    let verified = block_on(moving::verify(&db, &documents)).map_err(reason)?;
    println!(
        "{} audit chains with {} events hold; {} documents are what was filed.",
        verified.chains, verified.events, verified.documents
    );
    Ok(())
}

fn print_content(manifest: &Manifest) {
    let rows = |table: &str| manifest.rows.get(table).copied().unwrap_or_default();
    println!(
        "{} wards, {} accounts, {} submissions, {} publications, {} audit events{}; {} documents ({} bytes); schema {}, \
         made by cchc {}.",
        rows("wards"),
        rows("accounts"),
        rows("submissions"),
        rows("publications"),
        rows("audit_events"),
        if manifest.proven_events.is_some() { " whose chains hold" } else { "" },
        manifest.files.len(),
        manifest.file_bytes(),
        manifest.schema,
        manifest.program
    );
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}
