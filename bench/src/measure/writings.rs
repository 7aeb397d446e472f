//! The writings: a draft, its signature, its approval. Beside the program runs a loop of its own actions, without HTTP
//! and JSON: the same rules, the same SQL, the same audit chain, in one transaction each.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use cchc::{
    access::Actor,
    accounts::actions::find_account_by_username,
    approvals::actions::{NewDecision, decide},
    context::{Ctx, Services, Tx},
    db::{Location, Scope},
    error::Error,
    submissions::{
        Action, SubmissionId,
        actions::{NewSubmission, create_submission},
    },
};
use serde_json::{Value, json};

use super::{Run, Side, default_connections, machine::start_bare};
use crate::{
    Failure,
    bare::Recorded,
    city::{
        LAST_YEAR,
        content::{Dice, figure},
        plan, ward_code,
    },
    http::{Connection, Reply, Request},
    load::{Sample, send_once, wrk},
    program,
};

/// Units of a ward that draft, which bounds the sign-ins before a round.
const DRAFTING: usize = 6;
/// Wards in which is written.
const WARDS: usize = 4;

/// A figure that is to be written.
#[derive(Clone)]
struct Figure {
    code: String,
    unit: String,
    tracker: String,
    item_id: String,
    period_id: String,
    unit_id: String,
    content: Value,
}

impl Figure {
    fn person(&self, role: &str) -> String {
        format!("{}.{}.{role}", self.code, self.unit.to_lowercase())
    }

    /// Who takes this step; nobody, where it falls away.
    fn who(&self, action: Action) -> Option<String> {
        match action {
            Action::Submit => Some(self.person("head")),
            Action::Verify if self.tracker == "VHXH" || self.tracker == self.unit => None,
            Action::Verify => Some(format!("{}.{}.staff", self.code, self.tracker.to_lowercase())),
            Action::Endorse => {
                let office = if self.unit == "VHXH" { "vp" } else { "vhxh" };
                Some(format!("{}.{office}.head", self.code))
            }
            _ => Some(format!("{}.leader", self.code)),
        }
    }
}

/// The extra period of a round; each side writes into its own.
fn period_of(round: usize, side: usize) -> String {
    format!("DX-{:02}", (round - 1) * 2 + side)
}

/// What is to be written in a period, in the first wards.
fn figures(address: SocketAddr, wards: usize, period: &str, most: usize) -> Result<Vec<Figure>, Failure> {
    let http = &mut Connection::open(address)?;
    let mut figures = Vec::new();
    let mut dice = Dice::new(7);
    for ward in 1..=wards.min(WARDS) {
        let code = ward_code(ward);
        let token = http.sign_in(&format!("{code}.leader"))?;
        let list = |http: &mut Connection, path: &str| -> Result<Vec<Value>, Failure> {
            Ok(http.read(path, &token)?["items"].as_array().cloned().unwrap_or_default())
        };
        let plans = list(http, "/api/v1/plans?limit=10")?;
        let plan_id = id_of(&plans, "year", &LAST_YEAR.into())?;
        let items = list(http, &format!("/api/v1/plans/{plan_id}/items?limit=200"))?;
        let periods = list(http, &format!("/api/v1/plans/{plan_id}/periods?limit=100"))?;
        let units = list(http, "/api/v1/units?limit=100")?;
        let leaves = items.iter().filter(|item| item["kind"] != "section").count();
        let period_id = id_of(&periods, "code", &period.into())?;
        let reporting = plan::units(units.len() - 1);
        let file = plan::plan_file(LAST_YEAR, leaves, &reporting)?;
        for unit in reporting.iter().take(DRAFTING) {
            let unit_id = id_of(&units, "code", &unit.code.as_str().into())?;
            for leaf in
                file["items"].as_array().into_iter().flatten().filter(|item| item["kind"] != "section")
            {
                figures.push(Figure {
                    code: code.clone(),
                    unit: unit.code.clone(),
                    tracker: leaf["tracking_unit"].as_str().unwrap_or("VHXH").to_owned(),
                    item_id: id_of(&items, "code", &leaf["code"])?,
                    period_id: period_id.clone(),
                    unit_id: unit_id.clone(),
                    content: figure(leaf, LAST_YEAR, &mut dice),
                });
            }
        }
    }
    figures.truncate(most);
    Ok(figures)
}

fn id_of(list: &[Value], key: &str, value: &Value) -> Result<String, Failure> {
    let found = list.iter().find(|entry| entry[key] == *value).and_then(|entry| entry["id"].as_str());
    Ok(found.ok_or_else(|| format!("there is no {key} {value}"))?.to_owned())
}

const STEPS: [(&str, Action); 4] = [
    ("submit", Action::Submit),
    ("verify", Action::Verify),
    ("endorse", Action::Endorse),
    ("approve", Action::Approve),
];

/// One round of all writings.
pub fn measure(run: &mut Run, round: usize) -> Result<(), Failure> {
    let (connections, most, wards) = (run.options.connections, run.options.writes, run.options.wards);
    let address = run.city.address;
    let all = figures(address, wards, &period_of(round, 1), most)?;
    for (name, sample, first) in over_http(address, &all, connections)? {
        run.note(name, Side::Program, sample);
        measure_bytes(run, name, &first)?;
    }
    let all = figures(address, wards, &period_of(round, 2), most)?;
    let documents = run.options.scratch.join("documents-loop");
    for (name, sample) in in_a_loop(&run.location, &documents, &all)? {
        run.note(name, Side::Sql, sample);
    }
    // The same calls where there is no other ward.
    let ward = run.ward.address;
    let all = figures(ward, 1, &period_of(round, 1), most)?;
    for (name, sample, _) in over_http(ward, &all, connections)? {
        run.note(name, Side::OnlyWard, sample);
    }
    run.city.load_peak = run.city.load_peak.max(run.city.peak()?);
    run.city.forget_peak()
}

/// Sends the figures through all steps; the measured ones with their names and first answers.
fn over_http(
    address: SocketAddr,
    figures: &[Figure],
    connections: usize,
) -> Result<Vec<(&'static str, Sample, Reply)>, Failure> {
    let http = &mut Connection::open(address)?;
    let mut tokens: HashMap<String, String> = HashMap::new();
    let mut token_of = |who: &str| -> Result<String, Failure> {
        if let Some(token) = tokens.get(who) {
            return Ok(token.clone());
        }
        let token = http.sign_in(who)?;
        tokens.insert(who.to_owned(), token.clone());
        Ok(token)
    };
    let mut measured = Vec::new();
    let mut drafts = Vec::new();
    for figure in figures {
        let mut body = figure.content.clone();
        body["item_id"] = figure.item_id.as_str().into();
        body["period_id"] = figure.period_id.as_str().into();
        drafts.push(Request::post("/api/v1/submissions", &token_of(&figure.person("staff"))?, &body));
    }
    let (sample, replies) = send_once(address, &drafts, connections, 201)?;
    let first = replies.first().ok_or("no figure was written")?.clone();
    measured.push(("draft", sample, first));
    let ids: Vec<String> =
        replies.iter().map(|reply| reply.json()["id"].as_str().unwrap_or_default().to_owned()).collect();
    for (name, action) in STEPS {
        let mut requests = Vec::new();
        for (figure, id) in figures.iter().zip(&ids) {
            if let Some(who) = figure.who(action) {
                let path = format!("/api/v1/submissions/{id}/decisions");
                requests.push(Request::post(path, &token_of(&who)?, &json!({ "action": name })));
            }
        }
        let (sample, replies) = send_once(address, &requests, connections, 201)?;
        if let (Action::Submit | Action::Approve, Some(first)) = (action, replies.first()) {
            measured.push((name, sample, first.clone()));
        }
    }
    Ok(measured)
}

/// A handler that only takes such a body and answers with such bytes.
fn measure_bytes(run: &mut Run, name: &'static str, reply: &Reply) -> Result<(), Failure> {
    let answers = HashMap::from([(name.to_owned(), Recorded::of(reply))]);
    let bare = start_bare(&run.options, &answers)?;
    let same = Request::post(format!("/{name}"), "none", &json!({ "action": name, "expected_revision": 1 }));
    let sample = wrk(bare.address, &[same], run.strength(), &run.options.scratch)?;
    // What wrk counts as an error is any status of 400 and more.
    run.note(name, Side::Handler, sample);
    Ok(())
}

/// The same steps by the program's own actions, on as many threads as it has connections.
fn in_a_loop(
    location: &Location,
    documents: &Path,
    figures: &[Figure],
) -> Result<Vec<(&'static str, Sample)>, Failure> {
    let threads = default_connections();
    let services = Arc::new(program::services(location.clone(), u32::try_from(threads)?, documents)?);
    let mut people: HashMap<String, Actor> = HashMap::new();
    for figure in figures {
        let steps = STEPS.iter().filter_map(|(_, action)| figure.who(*action));
        for who in steps.chain([figure.person("staff")]) {
            if !people.contains_key(&who) {
                let found = services
                    .db
                    .read_blocking(Scope::All, |connection| find_account_by_username(connection, &who))?;
                people.insert(who.clone(), found.ok_or("nobody of that name")?.to_actor()?);
            }
        }
    }
    let ids: Mutex<Vec<(usize, SubmissionId)>> = Mutex::default();
    let drafting = |at: usize, tx: &mut Tx<'_>| {
        let figure = &figures[at];
        let read = |id: &str| serde_json::from_value(id.into()).map_err(Error::internal);
        let new = NewSubmission {
            item_id: serde_json::from_value(figure.item_id.as_str().into()).map_err(Error::internal)?,
            period_id: serde_json::from_value(figure.period_id.as_str().into()).map_err(Error::internal)?,
            unit_id: Some(read(&figure.unit_id)?),
            content: serde_json::from_value(figure.content.clone()).map_err(Error::internal)?,
            rate: None,
        };
        let id = create_submission(tx, new)?;
        ids.lock().unwrap_or_else(PoisonError::into_inner).push((at, id));
        Ok(())
    };
    let everybody: Vec<(usize, &Actor)> =
        figures.iter().enumerate().map(|(at, figure)| (at, &people[&figure.person("staff")])).collect();
    let mut measured = vec![("draft", loop_over(&services, threads, &everybody, drafting)?)];
    let ids: HashMap<usize, SubmissionId> =
        ids.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect();
    for (name, action) in STEPS {
        let takers: Vec<(usize, &Actor)> = figures
            .iter()
            .enumerate()
            .filter_map(|(at, figure)| Some((at, &people[&figure.who(action)?])))
            .collect();
        let sample = loop_over(&services, threads, &takers, |at, tx| {
            let new = NewDecision {
                action,
                reason: None,
                reason_codes: Vec::new(),
                pointers: Vec::new(),
                not_a_report: false,
                expected_revision: None,
            };
            decide(tx, ids[&at], &new).map(drop)
        })?;
        if matches!(action, Action::Submit | Action::Approve) {
            measured.push((name, sample));
        }
    }
    Ok(measured)
}

/// Runs one transaction for each, on so many threads.
fn loop_over(
    services: &Arc<Services>,
    threads: usize,
    all: &[(usize, &Actor)],
    work: impl Fn(usize, &mut Tx<'_>) -> cchc::error::Result<()> + Sync,
) -> Result<Sample, Failure> {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let times = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<Vec<u32>, Failure> {
                    let mut times = Vec::new();
                    while let Some((at, actor)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let ctx = Ctx {
                            actor: Arc::new((*actor).clone()),
                            request_id: "loop".to_owned(),
                            ..Ctx::system(Arc::clone(services))
                        };
                        let begun = Instant::now();
                        ctx.write_blocking(|tx| work(*at, tx))?;
                        times.push(u32::try_from(begun.elapsed().as_micros())?);
                    }
                    Ok(times)
                })
            })
            .collect();
        let mut times = Vec::new();
        for worker in workers {
            times.extend(worker.join().map_err(|_| "a thread of the loop broke")??);
        }
        Ok::<_, Failure>(times)
    })?;
    Ok(Sample::of(times, started.elapsed(), 0))
}
