//! One ward's history, played through the same actions that serve requests, at its own times.

use std::{collections::HashMap, path::Path, sync::Arc};

use cchc::{
    access::{Actor, Scope as ClientScope, password},
    accounts::actions::{NewAccount, create_account},
    approvals::actions::{NewDecision, decide},
    clients::actions::{NewClient, create_client},
    context::{Ctx, Services},
    db::{AnyConnection, Location, Scope},
    error::{Error, Result},
    imports, issuing,
    items::{self, ItemId},
    kernel::{
        id::{UnitId, WardId},
        time::{Clock, Timestamp},
    },
    periods::{
        self, Period,
        actions::{CalendarOptions, NewPeriod, PeriodChanges},
    },
    plans::{Basis, PlanId},
    publications,
    submissions::{self, Action, SubmissionId, SubmissionState, actions::NewSubmission},
    units,
};
use serde_json::Value;

use super::{
    EXTRA_PERIODS, LAST_YEAR, PASSWORD, Size,
    content::{Dice, figure},
    plan::{self, Unit},
    ward_code,
};
use crate::{Failure, program};

/// Argon2id of [`PASSWORD`] with the program's own parameters; one for all, or the city would take a day.
pub const PASSWORD_HASH: &str = include_str!("password-hash.txt");

/// Until when the last year's open periods take figures.
const NEVER: &str = "2099-12-31T17:00:00+07:00";

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 3600;

/// Plays a ward into a new file.
///
/// # Errors
/// When the program refuses an act: then the script is wrong.
pub fn play(file: &Path, size: &Size) -> std::result::Result<(), Failure> {
    let partial = file.with_extension("partial");
    let services =
        program::services(Location::Sqlite(partial.clone()), 1, &file.with_extension("documents"))?;
    let stage = Stage { services: Arc::new(services), units: plan::units(size.units), dice: Dice::new(103) };
    let db = stage.services.db.clone();
    db.write_blocking(Scope::All, |connection| stage.play(connection, size))?;
    drop(db);
    std::fs::rename(&partial, file)?;
    Ok(())
}

struct Stage {
    services: Arc<Services>,
    units: Vec<Unit>,
    dice: Dice,
}

/// Who and what the acts speak of.
struct Cast {
    ward_id: WardId,
    actors: HashMap<String, Actor>,
    unit_ids: HashMap<String, UnitId>,
}

/// A plan in force.
struct Year {
    plan_id: PlanId,
    leaves: Vec<(ItemId, Value)>,
}

/// A figure on its way through the steps.
struct Figure {
    unit: usize,
    leaf: usize,
    id: SubmissionId,
    /// In which state it is left.
    until: SubmissionState,
    /// Days by which the signature is late.
    late: bool,
    returned: bool,
}

fn at(text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).ok_or_else(|| Error::internal(format!("{text} is no time")))
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(Error::internal)
}

impl Stage {
    fn play(mut self, connection: &mut AnyConnection, size: &Size) -> Result<()> {
        let first = LAST_YEAR + 1 - i32::from(size.years);
        let cast = self.found_ward(connection, at(&format!("{first}-01-02T08:00:00+07:00"))?)?;
        for year in first..=LAST_YEAR {
            let year = self.begin_year(connection, &cast, year, size.leaves)?;
            for period in self.regular_periods(connection, &cast, &year)? {
                self.play_period(connection, &cast, &year, &period)?;
            }
        }
        Ok(())
    }

    fn acting(&self, actor: &Actor, at: Timestamp) -> Ctx {
        let services = Services { clock: Clock::Fixed(at), ..(*self.services).clone() };
        Ctx {
            actor: Arc::new(actor.clone()),
            request_id: "city".to_owned(),
            ..Ctx::system(Arc::new(services))
        }
    }

    fn found_ward(&self, connection: &mut AnyConnection, at: Timestamp) -> Result<Cast> {
        let console = self.acting(&Actor::system(), at);
        let cast = console.run_in(connection, |tx| {
            let ward_id = cchc::demo::create_ward(tx, &read(plan::ward_file(&self.units))?)?;
            let unit_ids: HashMap<String, UnitId> = units::actions::list_ward_units(tx.connection, ward_id)?
                .into_iter()
                .map(|unit| (unit.code, unit.id))
                .collect();
            let mut actors = HashMap::new();
            for (username, full_name, position, unit, roles) in plan::people(&self.units) {
                let new = NewAccount {
                    username: username.clone(),
                    full_name,
                    position: Some(position.to_owned()),
                    unit_id: unit_ids[&unit],
                    roles: read(roles.into())?,
                    password_hash: PASSWORD_HASH.trim().to_owned(),
                };
                actors.insert(username, create_account(tx, ward_id, new)?.to_actor()?);
            }
            Ok(Cast { ward_id, actors, unit_ids })
        })?;
        let client = |client_id: &str, name: &str, scope| NewClient {
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            scopes: vec![scope],
            unit_id: None,
            expires_at: None,
            allowed_networks: Vec::new(),
            secret_hash: password::digest(PASSWORD),
        };
        console.run_in(connection, |tx| {
            create_client(tx, None, client("city-portal", "Cổng thông tin", ClientScope::ResultsRead))
                .map(drop)?;
            create_client(tx, None, client("city-operator", "Quản trị", ClientScope::WardsManage)).map(drop)
        })?;
        Ok(cast)
    }

    fn begin_year(
        &self,
        connection: &mut AnyConnection,
        cast: &Cast,
        year: i32,
        leaves: usize,
    ) -> Result<Year> {
        let file =
            plan::plan_file(year, leaves, &self.units).map_err(|error| Error::internal(error.to_string()))?;
        let begins = at(&format!("{year}-01-10T08:00:00+07:00"))?;
        let coordinator = self.acting(self.head(cast, "VHXH"), begins);
        let plan_id = coordinator.run_in(connection, |tx| {
            let (plan_id, _) = imports::import_plan(tx, cast.ward_id, &read(file.clone())?, &[])?;
            let calendar = CalendarOptions::proposed(Basis::Decree09);
            let made = periods::actions::generate_periods(tx, cast.ward_id, plan_id, &calendar)?;
            if year == LAST_YEAR {
                self.keep_open(tx, cast, plan_id, &made)?;
            }
            Ok(plan_id)
        })?;
        let leader = self.acting(&cast.actors[&format!("{}.leader", ward_code(1))], begins);
        leader.run_in(connection, |tx| issuing::actions::issue_plan(tx, cast.ward_id, plan_id))?;
        let by_code: HashMap<&str, &Value> = file["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|item| item["kind"] != "section")
            .filter_map(|item| Some((item["code"].as_str()?, item)))
            .collect();
        let leaves = items::actions::list_leaves(connection, plan_id)?
            .into_iter()
            .map(|item| (item.id, by_code[item.code.as_str()].clone()))
            .collect();
        Ok(Year { plan_id, leaves })
    }

    /// The year's last period never closes, and beside it are empty ones.
    fn keep_open(
        &self,
        tx: &mut cchc::context::Tx<'_>,
        cast: &Cast,
        plan_id: PlanId,
        made: &[Period],
    ) -> Result<()> {
        let never = Some(at(NEVER)?);
        let last = made
            .iter()
            .max_by_key(|period| (period.data_to, period.data_from))
            .ok_or_else(Error::not_found)?;
        let changes = PeriodChanges { due_at: never, hard_close_at: never, ..PeriodChanges::default() };
        periods::actions::change_period(tx, cast.ward_id, last.id, &changes)?;
        for number in 1..=EXTRA_PERIODS {
            let new = NewPeriod {
                code: format!("DX-{number:02}"),
                data_from: last.data_from,
                data_to: last.data_to,
                opens_at: None,
                due_at: never,
                hard_close_at: never,
            };
            periods::actions::create_period(tx, cast.ward_id, plan_id, &new)?;
        }
        Ok(())
    }

    /// The four reports of the year, in the order of their cut-off.
    fn regular_periods(
        &self,
        connection: &mut AnyConnection,
        cast: &Cast,
        year: &Year,
    ) -> Result<Vec<Period>> {
        let mut regular = Vec::new();
        for code in ["Q1", "H1", "Q3", "Y"] {
            let plan = cchc::plans::actions::get_plan(connection, cast.ward_id, year.plan_id)?;
            let code = format!("{}-{code}", plan.year);
            let found = periods::actions::find_period(connection, year.plan_id, &code)?;
            regular.push(found.ok_or_else(|| Error::internal(format!("there is no {code}")))?);
        }
        Ok(regular)
    }

    fn head<'c>(&self, cast: &'c Cast, unit: &str) -> &'c Actor {
        &cast.actors[&format!("{}.{}.head", ward_code(1), unit.to_lowercase())]
    }

    fn staff<'c>(&self, cast: &'c Cast, unit: &str) -> &'c Actor {
        &cast.actors[&format!("{}.{}.staff", ward_code(1), unit.to_lowercase())]
    }

    fn play_period(
        &mut self,
        connection: &mut AnyConnection,
        cast: &Cast,
        year: &Year,
        period: &Period,
    ) -> Result<()> {
        let current = period.hard_close_at >= at(NEVER)?;
        let opens = period.opens_at;
        let mut figures = self.draft_all(connection, cast, year, period, current)?;
        // A day for the signatures, one for those sent back; who is late signs three days on.
        self.move_all(connection, cast, year, &mut figures, Action::Submit, opens, |f| !f.late)?;
        self.move_all(connection, cast, year, &mut figures, Action::Return, opens.plus_seconds(DAY), |f| {
            f.returned
        })?;
        self.move_all(
            connection,
            cast,
            year,
            &mut figures,
            Action::Submit,
            opens.plus_seconds(2 * DAY),
            |f| f.returned && f.until != SubmissionState::Returned,
        )?;
        self.move_all(
            connection,
            cast,
            year,
            &mut figures,
            Action::Submit,
            opens.plus_seconds(3 * DAY),
            |f| f.late,
        )?;
        for (days, action) in [(4, Action::Verify), (5, Action::Endorse), (6, Action::Approve)] {
            let day = opens.plus_seconds(days * DAY);
            self.move_all(connection, cast, year, &mut figures, action, day, |_| true)?;
        }
        if current {
            return Ok(());
        }
        let leader = &cast.actors[&format!("{}.leader", ward_code(1))];
        self.acting(leader, opens.plus_seconds(7 * DAY))
            .run_in(connection, |tx| publications::actions::publish(tx, period.id).map(drop))
    }

    /// Every unit drafts every leaf in one sitting; the units one after the other.
    fn draft_all(
        &mut self,
        connection: &mut AnyConnection,
        cast: &Cast,
        year: &Year,
        period: &Period,
        current: bool,
    ) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        let begins = period.opens_at.plus_seconds(-3 * DAY);
        for (number, unit) in (0_i64..).zip(&self.units) {
            let staff = self.staff(cast, &unit.code);
            for (line, (item_id, leaf)) in (0_i64..).zip(&year.leaves) {
                let data_year = chrono::Datelike::year(&period.data_to);
                let content = read(figure(leaf, data_year, &mut self.dice))?;
                let now = begins.plus_seconds(number * 10 * MINUTE + line * 10);
                let new = NewSubmission {
                    item_id: *item_id,
                    period_id: period.id,
                    unit_id: Some(cast.unit_ids[&unit.code]),
                    content,
                    rate: None,
                };
                let id = self
                    .acting(staff, now)
                    .run_in(connection, |tx| submissions::actions::create_submission(tx, new))?;
                let until = if current { state_of(&mut self.dice) } else { SubmissionState::Published };
                let returned = until == SubmissionState::Returned || self.dice.percent(3);
                let late = !returned && self.dice.percent(5);
                let place = |n: i64| usize::try_from(n).unwrap_or_default();
                figures.push(Figure { unit: place(number), leaf: place(line), id, until, late, returned });
            }
        }
        Ok(figures)
    }

    /// One step for all figures that take it, unit by unit.
    #[allow(clippy::too_many_arguments, reason = "an act has as many sides")]
    fn move_all(
        &self,
        connection: &mut AnyConnection,
        cast: &Cast,
        year: &Year,
        figures: &mut [Figure],
        action: Action,
        from: Timestamp,
        takes: impl Fn(&Figure) -> bool,
    ) -> Result<()> {
        for figure in figures.iter().filter(|figure| reaches(figure.until, action) && takes(figure)) {
            let unit = &self.units[figure.unit];
            let tracker = year.leaves[figure.leaf].1["tracking_unit"].as_str().unwrap_or("VHXH");
            // The step falls away where the tracking unit would check itself.
            if action == Action::Verify && !needs_verifying(&unit.code, tracker) {
                continue;
            }
            let by = match action {
                Action::Submit => self.head(cast, &unit.code),
                Action::Verify => self.staff(cast, tracker),
                // Whoever holds the next step sends back.
                Action::Return if needs_verifying(&unit.code, tracker) => self.staff(cast, tracker),
                Action::Return | Action::Endorse => {
                    self.head(cast, if unit.code == "VHXH" { "VP" } else { "VHXH" })
                }
                _ => &cast.actors[&format!("{}.leader", ward_code(1))],
            };
            let place = |n: usize| i64::try_from(n).unwrap_or_default();
            let now = from.plus_seconds(place(figure.unit) * 10 * MINUTE + place(figure.leaf) * 10);
            let reason =
                (action == Action::Return).then(|| "Đề nghị đối chiếu lại với sổ theo dõi.".to_owned());
            let new = NewDecision {
                action,
                reason,
                reason_codes: Vec::new(),
                pointers: Vec::new(),
                not_a_report: false,
                expected_revision: None,
            };
            self.acting(by, now).run_in(connection, |tx| decide(tx, figure.id, &new)).map_err(|error| {
                Error::internal(format!(
                    "{} {} {action:?}: {error}",
                    unit.code, year.leaves[figure.leaf].1["code"]
                ))
            })?;
        }
        Ok(())
    }
}

fn needs_verifying(unit: &str, tracker: &str) -> bool {
    tracker != "VHXH" && tracker != unit
}

/// The mix of a period that is under way.
fn state_of(dice: &mut Dice) -> SubmissionState {
    match dice.below(100) {
        0..15 => SubmissionState::Draft,
        15..50 => SubmissionState::Submitted,
        50..55 => SubmissionState::Returned,
        55..75 => SubmissionState::Verified,
        75..90 => SubmissionState::Endorsed,
        _ => SubmissionState::Approved,
    }
}

/// Whether a figure that is left in this state takes this step at all.
fn reaches(until: SubmissionState, action: Action) -> bool {
    let rank = |state| match state {
        SubmissionState::Draft => 0,
        SubmissionState::Submitted | SubmissionState::Returned => 1,
        SubmissionState::Verified => 2,
        SubmissionState::Endorsed => 3,
        SubmissionState::Approved | SubmissionState::Published => 4,
    };
    let step = match action {
        Action::Submit | Action::Return => 1,
        Action::Verify => 2,
        Action::Endorse => 3,
        _ => 4,
    };
    rank(until) >= step
}
