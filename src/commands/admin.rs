//! Commands for the person who runs the system: schema, first accounts, import.

use std::{io::Read, path::PathBuf, sync::Arc};

use cchc::{
    access::{Role, password, password::Hasher, token::Tokens},
    accounts,
    config::Config,
    context::{Ctx, Recent, Services, Tx},
    db::{AnyConnection, Db, DbOptions},
    demo::create_ward,
    error::{Code, Error, Result as CoreResult},
    http::extract::read_value,
    imports::{PlanFile, WardFile, import_plan},
    kernel::{id::WardId, time::Clock},
    storage::Storage,
    telemetry::Metrics,
    units, wards,
};
use clap::{Args, Subcommand};
use secrecy::SecretString;

use super::Failure;

/// `cchc account …`
#[derive(Subcommand)]
pub enum AccountCommand {
    /// Create an account, such as a ward's first administrator. The password comes from CCHC_PASSWORD or stdin.
    Create(CreateAccount),
}

/// What a new account is made of.
#[derive(Args)]
pub struct CreateAccount {
    /// Code of the ward.
    #[arg(long)]
    ward: String,
    /// Code of the unit.
    #[arg(long)]
    unit: String,
    /// Username.
    #[arg(long)]
    username: String,
    /// Full name.
    #[arg(long)]
    full_name: String,
    /// Roles; give several times for several.
    #[arg(long = "role", default_value = "admin")]
    roles: Vec<String>,
}

/// `cchc migrate …`
#[derive(Args)]
pub struct MigrateOptions {
    /// Also give this PostgreSQL role what `cchc serve` needs, and nothing else; again after each upgrade.
    #[arg(long, value_name = "ROLE")]
    grant_to: Option<String>,
}

/// `cchc import …`
#[derive(Args)]
pub struct ImportOptions {
    /// A JSON file: a ward with its units, or a plan.
    file: PathBuf,
    /// Code of the ward that a plan belongs to.
    #[arg(long)]
    ward: Option<String>,
    /// Check everything, keep nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Brings the schema up to date, as the owner of the tables.
pub fn migrate(options: &MigrateOptions) -> Result<(), Failure> {
    let db = Db::open(Config::load_migration()?, &DbOptions::of(2))?;
    db.migrate()?;
    println!("The schema is up to date.");
    if let Some(role) = &options.grant_to {
        db.grant_to(role)?;
        println!("The role {role} may do what the program needs, and nothing else.");
    }
    Ok(())
}

fn open() -> Result<Db, Failure> {
    let db = Db::open(Config::load_database()?, &DbOptions::of(2))?;
    db.migrate()?;
    Ok(db)
}

/// The console's way in: it signs nothing, so its key is drawn anew each time, and touches no files.
pub(super) fn console() -> Result<Ctx, Failure> {
    let services = Services {
        db: open()?,
        clock: Clock::real(),
        hasher: Hasher::new(19 * 1024, 2)?,
        tokens: Tokens::from_pem(&Tokens::generate_pem()?, "console")?,
        documents: Storage::in_memory(),
        settings: Arc::default(),
        metrics: Metrics::default(),
        recent: Recent::default(),
    };
    Ok(Ctx::system(Arc::new(services)))
}

/// Creates an account.
pub fn account(command: AccountCommand) -> Result<(), Failure> {
    let AccountCommand::Create(new) = command;
    let console = console()?;
    let secret = SecretString::from(read_password()?);
    password::check_strength("/password", &secret, &new.username)?;
    let password_hash = console.services.hasher.hash_blocking(&secret)?;
    let roles = new
        .roles
        .iter()
        .map(|role| Role::parse(role).ok_or_else(|| format!("There is no role {role}.")))
        .collect::<Result<Vec<_>, _>>()?;
    console.write_blocking(|tx| {
        let ward_id = require_ward(tx.connection, &new.ward)?;
        let unit = units::actions::list_ward_units(tx.connection, ward_id)?
            .into_iter()
            .find(|unit| unit.code == new.unit)
            .ok_or_else(|| Error::internal(format!("the ward has no unit {}", new.unit)))?;
        accounts::actions::create_account(
            tx,
            ward_id,
            accounts::actions::NewAccount {
                username: new.username.clone(),
                full_name: new.full_name.clone(),
                position: None,
                unit_id: unit.id,
                roles,
                password_hash,
            },
        )
    })?;
    println!("The account {} is created.", new.username);
    Ok(())
}

fn read_password() -> Result<String, Failure> {
    if let Ok(password) = std::env::var("CCHC_PASSWORD") {
        return Ok(password);
    }
    eprintln!("Password (end with a new line):");
    let mut line = String::new();
    std::io::stdin().take(1024).read_to_string(&mut line)?;
    Ok(line.lines().next().unwrap_or_default().to_owned())
}

/// What a JSON file holds.
enum ImportFile {
    Ward(Box<WardFile>),
    Plan(Box<PlanFile>),
}

/// Reads a ward or a plan.
pub fn import(options: &ImportOptions) -> Result<(), Failure> {
    let file = read_file(options)?;
    let console = console()?;
    let mut report = String::new();
    let outcome = console.write_blocking(|tx| {
        report = import_into(tx, &file, options.ward.as_deref())?;
        // A dry run does everything and then rolls back, so that it finds what the real run would.
        if options.dry_run { Err(Error::internal("dry run")) } else { Ok(()) }
    });
    match outcome {
        Ok(()) => println!("{report}"),
        Err(_) if options.dry_run && !report.is_empty() => println!("{report} Nothing was kept (dry run)."),
        Err(error) => return Err(explain(&error)),
    }
    Ok(())
}

fn read_file(options: &ImportOptions) -> Result<ImportFile, Failure> {
    let text = std::fs::read_to_string(&options.file)
        .map_err(|error| format!("{}: {error}", options.file.display()))?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    Ok(if value.get("units").is_some() {
        ImportFile::Ward(serde_json::from_value(value)?)
    } else {
        let plan = read_value(value);
        ImportFile::Plan(plan.map_err(|fault| explain(&Error::fields(Code::MalformedBody, vec![fault])))?)
    })
}

fn import_into(tx: &mut Tx<'_>, file: &ImportFile, ward: Option<&str>) -> CoreResult<String> {
    match file {
        ImportFile::Ward(file) => {
            create_ward(tx, file)?;
            Ok(format!("Ward {} with {} units.", file.code, file.units.len()))
        }
        ImportFile::Plan(file) => {
            let ward = ward.ok_or_else(|| Error::internal("name the ward of the plan with --ward"))?;
            let ward_id = require_ward(tx.connection, ward)?;
            tx.record_for(Some(ward_id));
            let (_, counts) = import_plan(tx, ward_id, file, &[])?;
            Ok(format!(
                "Plan {}: {} sections, {} indicators, {} tasks, {} assignments.",
                file.year, counts.sections, counts.indicators, counts.tasks, counts.assignments
            ))
        }
    }
}

fn require_ward(connection: &mut AnyConnection, code: &str) -> CoreResult<WardId> {
    wards::actions::find_ward_by_code(connection, code)?
        .map(|ward| ward.id)
        .ok_or_else(|| Error::internal(format!("there is no ward {code}")))
}

/// One line per fault, in Vietnamese, for the clerk who has to correct the file.
pub(super) fn explain(error: &Error) -> Failure {
    let mut lines = vec![error.to_string()];
    lines.extend(
        error.fields.iter().map(|f| format!("  {} [{}] {}", f.pointer, f.code.as_str(), f.detail.vi)),
    );
    lines.join("\n").into()
}
