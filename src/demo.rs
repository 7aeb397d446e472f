//! The demo: the real Long Mỹ plan, a second ward, accounts of offices, and sample figures in every state.
//!
//! Everything is played through the same actions that serve requests, in one transaction: a start that is cut
//! off leaves nothing half loaded.

mod unit_plans;

use std::{collections::HashMap, sync::Arc};

use chrono::Datelike;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    access::{Actor, Role, Scope, password},
    accounts::{self, Account},
    approvals::{self, actions::NewDecision},
    clients,
    context::{Ctx, Services},
    db::{self, AnyConnection},
    error::{Error, Result},
    imports::{self, AppendixFile, PlanFile, WardFile},
    issuing,
    items::{self, ItemId, ItemKind},
    kernel::{
        id::{UnitId, WardId},
        time::{Clock, Timestamp},
    },
    periods::{self, actions::CalendarOptions, model::CalendarFile},
    plans::{Basis, PlanId},
    publications,
    submissions::{self, Action, Content, SubmissionId},
    units, wards,
};

const WARD: &str = include_str!("../data/long-my/ward.json");
const PLAN: &str = include_str!("../data/long-my/plan-2026.json");
const APPENDIX: &str = include_str!("../data/long-my/appendix-2026.json");
const CALENDAR: &str = include_str!("../data/calendar-2026.json");
const ACCOUNTS: &str = include_str!("../data/demo/accounts.json");
const FIGURES: &str = include_str!("../data/demo/figures-2026.json");
const SECOND_WARD: &str = include_str!("../data/demo/long-binh.json");

#[derive(Debug, Deserialize)]
struct AccountsFile {
    accounts: Vec<AccountEntry>,
    clients: Vec<ClientEntry>,
}

#[derive(Debug, Deserialize)]
struct AccountEntry {
    username: String,
    full_name: String,
    position: Option<String>,
    unit: String,
    roles: Vec<Role>,
}

#[derive(Debug, Deserialize)]
struct ClientEntry {
    client_id: String,
    name: String,
    scopes: Vec<Scope>,
}

#[derive(Debug, Deserialize)]
struct SecondWardFile {
    ward: WardFile,
    accounts: Vec<AccountEntry>,
    plan: PlanFile,
}

#[derive(Debug, Deserialize)]
struct FiguresFile {
    submissions: Vec<FigureEntry>,
    publications: Vec<PublicationEntry>,
}

#[derive(Debug, Deserialize)]
struct FigureEntry {
    unit: String,
    item: String,
    kind: ItemKind,
    period: String,
    content: Content,
    steps: Vec<StepEntry>,
}

#[derive(Debug, Deserialize)]
struct StepEntry {
    action: String,
    by: String,
    at: Timestamp,
    reason: Option<String>,
    #[serde(default)]
    reason_codes: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct PublicationEntry {
    period: String,
    by: String,
    at: Timestamp,
}

/// An account as the start page lists it.
#[derive(Debug)]
pub struct DemoAccount {
    /// Username.
    pub username: String,
    /// Code of the unit.
    pub unit: String,
    /// Roles.
    pub roles: Vec<Role>,
}

/// The accounts of the demo, in the order of the files.
///
/// # Errors
/// Internal, when a data file cannot be read.
pub fn list_accounts() -> Result<Vec<DemoAccount>> {
    let accounts: AccountsFile = parse(ACCOUNTS)?;
    let second: SecondWardFile = parse(SECOND_WARD)?;
    Ok(accounts
        .accounts
        .into_iter()
        .chain(second.accounts)
        .map(|entry| DemoAccount { username: entry.username, unit: entry.unit, roles: entry.roles })
        .collect())
}

/// When the plan was put into force, in the demo's history.
const BEGINNING: &str = "2026-01-15T08:00:00+07:00";

/// Loads everything into a migrated, empty database.
///
/// # Errors
/// Internal, when a data file is wrong; then nothing is loaded.
pub fn load(services: &Arc<Services>, password: &SecretString) -> Result<()> {
    let hash = services.hasher.hash_blocking(password)?;
    let secret = password::digest(password.expose_secret());
    let stage = Stage { services: Arc::clone(services), hash };
    // It makes the wards.
    services.db.write_blocking(db::Scope::All, |connection| stage.load(connection, &secret))
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// The loader, with what every step of it needs.
struct Stage {
    services: Arc<Services>,
    hash: String,
}

/// Who and what a ward's history speaks of, by code.
struct Cast {
    plan_id: PlanId,
    actors: HashMap<String, Actor>,
    units: HashMap<String, UnitId>,
    items: HashMap<(ItemKind, String), ItemId>,
}

impl Stage {
    fn load(&self, connection: &mut AnyConnection, secret: &str) -> Result<()> {
        let accounts: AccountsFile = parse(ACCOUNTS)?;
        let appendix: AppendixFile = parse(APPENDIX)?;
        let plan = (parse(PLAN)?, appendix.items);
        let cast = self.load_ward(connection, &parse(WARD)?, &accounts.accounts, &plan)?;
        let second: SecondWardFile = parse(SECOND_WARD)?;
        self.load_ward(connection, &second.ward, &second.accounts, &(second.plan, Vec::new()))?;
        self.load_clients(connection, accounts.clients, secret)?;
        self.load_unit_plans(connection, &cast)?;
        self.play(connection, &cast, parse(FIGURES)?)
    }

    /// A request of this actor at this time.
    fn as_actor(&self, actor: Actor, at: Timestamp) -> Ctx {
        let services = Services { clock: Clock::Fixed(at), ..(*self.services).clone() };
        Ctx { actor: Arc::new(actor), request_id: "demo".to_owned(), ..Ctx::system(Arc::new(services)) }
    }

    fn load_ward(
        &self,
        connection: &mut AnyConnection,
        file: &WardFile,
        accounts: &[AccountEntry],
        plan: &(PlanFile, Vec<serde_json::Value>),
    ) -> Result<Cast> {
        let at = Timestamp::parse(BEGINNING).ok_or_else(|| Error::internal("the beginning is no time"))?;
        let console = self.as_actor(Actor::system(), at);
        let days: CalendarFile = parse(CALENDAR)?;
        let (ward_id, actors) = console.run_in(connection, |tx| {
            let ward_id = create_ward(tx, file)?;
            // The file looks over the year's end, where the year's figures are still on their way.
            for days in days.days.chunk_by(|one, next| one.date.year() == next.date.year()) {
                let [first, ..] = days else { continue };
                periods::actions::replace_calendar(tx, ward_id, first.date.year(), days)?;
            }
            let units = unit_ids(tx.connection, ward_id)?;
            let mut actors = HashMap::new();
            for entry in accounts {
                let account = self.create_account(tx, ward_id, &units, entry)?;
                actors.insert(entry.username.clone(), account.to_actor()?);
            }
            Ok((ward_id, actors))
        })?;
        let plan_id = self.load_plan(connection, ward_id, at, plan, &actors)?;
        Ok(Cast {
            plan_id,
            units: unit_ids(connection, ward_id)?,
            items: items::actions::list_leaves(connection, plan_id)?
                .into_iter()
                .map(|item| ((item.kind, item.code), item.id))
                .collect(),
            actors,
        })
    }

    fn load_plan(
        &self,
        connection: &mut AnyConnection,
        ward_id: WardId,
        at: Timestamp,
        plan: &(PlanFile, Vec<serde_json::Value>),
        actors: &HashMap<String, Actor>,
    ) -> Result<PlanId> {
        let with_role = |role| actors.values().find(|actor| actor.has_role(role)).cloned();
        let missing = || Error::internal("the ward lacks a leader or a coordinator");
        let coordinator = self.as_actor(with_role(Role::Coordinator).ok_or_else(missing)?, at);
        let plan_id = coordinator.run_in(connection, |tx| {
            let (plan_id, _) = imports::import_plan(tx, ward_id, &plan.0, &plan.1)?;
            let calendar = CalendarOptions::proposed(plan.0.basis.unwrap_or(Basis::Decree09));
            periods::actions::generate_periods(tx, ward_id, plan_id, &calendar)?;
            Ok(plan_id)
        })?;
        let leader = self.as_actor(with_role(Role::Leader).ok_or_else(missing)?, at);
        leader.run_in(connection, |tx| issuing::actions::issue_plan(tx, ward_id, plan_id))?;
        Ok(plan_id)
    }

    fn create_account(
        &self,
        tx: &mut crate::context::Tx<'_>,
        ward_id: WardId,
        units: &HashMap<String, UnitId>,
        entry: &AccountEntry,
    ) -> Result<Account> {
        let unit_id = *units.get(&entry.unit).ok_or_else(|| unknown("unit", &entry.unit))?;
        accounts::actions::create_account(
            tx,
            ward_id,
            accounts::actions::NewAccount {
                username: entry.username.clone(),
                full_name: entry.full_name.clone(),
                position: entry.position.clone(),
                unit_id,
                roles: entry.roles.clone(),
                password_hash: self.hash.clone(),
            },
        )
    }

    fn load_clients(
        &self,
        connection: &mut AnyConnection,
        entries: Vec<ClientEntry>,
        secret: &str,
    ) -> Result<()> {
        let console = Ctx::system(Arc::clone(&self.services));
        console.run_in(connection, |tx| {
            for entry in entries {
                let new = clients::actions::NewClient {
                    client_id: entry.client_id,
                    name: entry.name,
                    scopes: entry.scopes,
                    unit_id: None,
                    expires_at: None,
                    allowed_networks: Vec::new(),
                    secret_hash: secret.to_owned(),
                };
                clients::actions::create_client(tx, None, new)?;
            }
            Ok(())
        })
    }

    /// Plays the sample history, act by act, in the order of time.
    fn play(&self, connection: &mut AnyConnection, cast: &Cast, figures: FiguresFile) -> Result<()> {
        let mut acts: Vec<(Timestamp, &str, Act<'_>)> = Vec::new();
        for (index, figure) in figures.submissions.iter().enumerate() {
            for step in &figure.steps {
                acts.push((step.at, &step.by, Act::Step(index, figure, step)));
            }
        }
        for publication in &figures.publications {
            acts.push((publication.at, &publication.by, Act::Publish(publication)));
        }
        acts.sort_by_key(|(at, ..)| *at);
        let mut submissions: HashMap<usize, SubmissionId> = HashMap::new();
        for (at, by, act) in acts {
            let actor = cast.actors.get(by).cloned().ok_or_else(|| unknown("account", by))?;
            self.as_actor(actor, at).run_in(connection, |tx| match act {
                Act::Publish(entry) => {
                    let period = periods::actions::find_period(tx.connection, cast.plan_id, &entry.period)?
                        .ok_or_else(|| unknown("period", &entry.period))?;
                    publications::actions::publish(tx, period.id).map(drop)
                }
                Act::Step(index, figure, step) => {
                    let id = act_on(tx, cast, figure, step, submissions.get(&index).copied()).map_err(
                        |error| {
                            Error::internal(format!(
                                "{} {} {}: {error}",
                                figure.unit, figure.item, step.action
                            ))
                        },
                    )?;
                    submissions.insert(index, id);
                    Ok(())
                }
            })?;
        }
        Ok(())
    }
}

/// One act of the sample history.
enum Act<'f> {
    Step(usize, &'f FigureEntry, &'f StepEntry),
    Publish(&'f PublicationEntry),
}

fn act_on(
    tx: &mut crate::context::Tx<'_>,
    cast: &Cast,
    figure: &FigureEntry,
    step: &StepEntry,
    id: Option<SubmissionId>,
) -> Result<SubmissionId> {
    let Some(id) = id else {
        let period = periods::actions::find_period(tx.connection, cast.plan_id, &figure.period)?
            .ok_or_else(|| unknown("period", &figure.period))?;
        let item_id = cast.items.get(&(figure.kind, figure.item.clone())).copied();
        return submissions::actions::create_submission(
            tx,
            submissions::actions::NewSubmission {
                item_id: item_id.ok_or_else(|| unknown("item", &figure.item))?,
                period_id: period.id,
                unit_id: cast.units.get(&figure.unit).copied(),
                content: figure.content.clone(),
                rate: None,
            },
        );
    };
    let new = NewDecision {
        action: Action::parse(&step.action).ok_or_else(|| unknown("action", &step.action))?,
        reason: step.reason.clone(),
        reason_codes: step.reason_codes.clone(),
        pointers: Vec::new(),
        not_a_report: false,
        expected_revision: None,
    };
    approvals::actions::decide(tx, id, &new).map(|_| id)
}

/// Adds units to a ward, which is created if there is none of that code.
///
/// # Errors
/// Those of the rules for wards and units.
pub fn create_ward(tx: &mut crate::context::Tx<'_>, file: &WardFile) -> Result<WardId> {
    let ward = match wards::actions::find_ward_by_code(tx.connection, &file.code)? {
        Some(ward) => ward,
        None => wards::actions::create_ward(
            tx,
            wards::actions::NewWard {
                code: file.code.clone(),
                name: file.name.clone(),
                name_en: file.name_en.clone(),
                area_code: file.area_code.clone(),
                public_results: file.public_results,
                return_reasons: None,
                jump_percent: file.jump_percent,
            },
        )?,
    };
    tx.record_for(Some(ward.id));
    imports::import_units(tx, ward.id, &file.units)?;
    Ok(ward.id)
}

fn unit_ids(connection: &mut AnyConnection, ward_id: WardId) -> Result<HashMap<String, UnitId>> {
    let units = units::actions::list_ward_units(connection, ward_id)?;
    Ok(units.into_iter().map(|unit| (unit.code, unit.id)).collect())
}

fn unknown(what: &str, code: &str) -> Error {
    Error::internal(format!("the sample data names an unknown {what}: {code}"))
}
