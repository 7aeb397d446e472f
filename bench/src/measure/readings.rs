//! The readings: the program, its SQL alone, and its bytes alone.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use cchc::db::Location;

use super::{Run, Side, default_connections};
use crate::{
    Failure,
    bare::Recorded,
    city::{LAST_YEAR, ward_code},
    http::{Connection, Request},
    load::{Strength, send_once, wrk},
    program,
    replay::{self, Statement},
};

/// A call: its name, and the requests that are sent round and round.
pub type Call = (&'static str, Vec<Request>);

/// The SQL of each call, request by request.
pub type Heard = HashMap<&'static str, Vec<Vec<Statement>>>;

/// The call of which the load is a mark for other measurements.
const LIST: &str = "list of 50 submissions";
const SUMMARY: &str = "summary of a period";
const NOT_MODIFIED: &str = "public results, known (304)";

/// Wards that are asked about; more of them would only make the run longer to begin.
fn some_wards(wards: usize) -> Vec<usize> {
    (1..=wards).step_by(wards.div_ceil(10)).collect()
}

/// The calls about these wards.
pub fn calls(address: SocketAddr, wards: &[usize]) -> Result<Vec<Call>, Failure> {
    let http = &mut Connection::open(address)?;
    let mut calls: Vec<Call> =
        [LIST, "one submission", SUMMARY, "completeness", "public results, whole (200)", NOT_MODIFIED]
            .map(|name| (name, Vec::new()))
            .into();
    for ward in wards {
        let code = ward_code(*ward);
        let token = http.sign_in(&format!("{code}.leader"))?;
        let plans = http.read("/api/v1/plans?limit=10", &token)?;
        let plan = plans["items"].as_array().into_iter().flatten().find(|plan| plan["year"] == LAST_YEAR);
        let plan = plan.and_then(|plan| plan["id"].as_str()).ok_or("the ward has no plan")?.to_owned();
        let list = "/api/v1/submissions?limit=50";
        let ids = http.read(list, &token)?;
        let period = format!("{LAST_YEAR}-Q3");
        let public = format!("/public/v1/wards/{code}/results?year={LAST_YEAR}&period={period}");
        let whole = Request { token: None, ..Request::get(public, "") };
        let tag = http.call(&whole)?.expect(200)?.header("etag").ok_or("no ETag")?.to_owned();
        let known = Request { header: Some(("If-None-Match", tag)), ..whole.clone() };
        let ones = ids["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str());
        let requests = [
            vec![Request::get(list, &token)],
            ones.map(|id| Request::get(format!("/api/v1/submissions/{id}"), &token)).collect(),
            vec![Request::get(format!("/api/v1/plans/{plan}/summary?period={period}"), &token)],
            vec![Request::get(format!("/api/v1/plans/{plan}/completeness?period={period}"), &token)],
            vec![whole],
            vec![known],
        ];
        for ((_, all), more) in calls.iter_mut().zip(requests) {
            all.extend(more);
        }
    }
    Ok(calls)
}

/// Listens to what the program asks the database for each call, once it is warm.
pub fn hear(location: &Location, wards: usize, scratch: &Path) -> Result<Heard, Failure> {
    replay::listen()?;
    let services = program::services(location.clone(), 2, &scratch.join("documents-heard"))?;
    let served = program::serve(services, 1)?;
    let mut heard = Heard::new();
    for (name, requests) in calls(served.address, &some_wards(wards))? {
        let http = &mut Connection::open(served.address)?;
        let mut all = Vec::new();
        for request in &requests {
            http.call(request)?;
            let _ = replay::take_heard();
            http.call(request)?;
            let asked: Vec<Statement> =
                replay::take_heard().iter().map(|sql| Statement::read(sql)).collect::<Result<_, _>>()?;
            if !asked.is_empty() {
                all.push(asked);
            }
        }
        heard.insert(name, all);
    }
    Ok(heard)
}

/// The answers of the program, which the bare handler will send.
pub fn record(run: &Run) -> Result<HashMap<String, Recorded>, Failure> {
    let http = &mut Connection::open(run.city.address)?;
    let mut answers = HashMap::new();
    for (name, requests) in calls(run.city.address, &[1])? {
        let request = requests.first().ok_or("no request")?;
        // The tag that is known is that of the whole answer.
        let whole = Request { header: None, ..request.clone() };
        answers.insert(slug(name), Recorded::of(&http.call(&whole)?.expect(200)?));
    }
    Ok(answers)
}

/// The name of a call in a path.
pub fn slug(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// One round of all readings.
pub fn measure(run: &mut Run, heard: &Heard, bare: SocketAddr) -> Result<(), Failure> {
    let strength = run.strength();
    let scratch = run.options.scratch.clone();
    let many = calls(run.city.address, &some_wards(run.options.wards))?;
    let first = calls(run.city.address, &[1])?;
    let only = calls(run.ward.address, &[1])?;
    for (((name, many), (_, first)), (_, only)) in many.into_iter().zip(first).zip(only) {
        let sample = wrk(run.city.address, &many, strength, &scratch)?;
        run.note(name, Side::Program, sample);
        if name == SUMMARY {
            let one = Strength { connections: 1, ..strength };
            let sample = wrk(run.city.address, &many, one, &scratch)?;
            run.note("summary, one caller", Side::Program, sample);
        }
        let statements = heard.get(name).filter(|all| !all.is_empty());
        if let Some(statements) = statements {
            let sample = replay::run(&run.location, statements, default_connections(), strength.duration)?;
            run.note(name, Side::Sql, sample);
        }
        let header = first.first().and_then(|request| request.header.clone());
        let same = Request { token: None, header, ..Request::get(format!("/{}", slug(name)), "") };
        let sample = wrk(bare, &[same], strength, &scratch)?;
        run.note(name, Side::Handler, sample);
        let sample = wrk(run.city.address, &first, strength, &scratch)?;
        run.note(name, Side::FirstOfCity, sample);
        let sample = wrk(run.ward.address, &only, strength, &scratch)?;
        run.note(name, Side::OnlyWard, sample);
    }
    run.city.load_peak = run.city.load_peak.max(run.city.peak()?);
    run.city.forget_peak()
}

/// Reads while a crowd signs in, and how the same reads went without.
pub fn while_people_sign_in(run: &mut Run) -> Result<(), Failure> {
    let wards = some_wards(run.options.wards);
    let (_, list) =
        calls(run.city.address, &wards)?.into_iter().find(|(name, _)| *name == LIST).ok_or("no list")?;
    let names = ["admin", "auditor", "vp.head", "vp.staff", "vhxh.head", "vhxh.staff", "truong-01.head"];
    let people = (0..).flat_map(|turn| (1..=run.options.wards).map(move |ward| (turn, ward)));
    let people: Vec<Request> = people
        .take(run.options.sign_ins)
        .map(|(turn, ward): (usize, usize)| {
            Request::sign_in(&format!("{}.{}", ward_code(ward), names[turn % names.len()]))
        })
        .collect();
    let alone = wrk(run.city.address, &list, run.strength(), &run.options.scratch)?;
    run.note("reads, nobody signs in", Side::Program, alone);
    let (address, crowd) = (run.city.address, people.len());
    let signing = std::thread::spawn(move || {
        let begun = Instant::now();
        let outcome = send_once(address, &people, people.len(), 200).map_err(|error| error.to_string());
        (outcome, begun.elapsed())
    });
    std::thread::sleep(Duration::from_millis(300));
    // Only as long as the crowd is there.
    let strength = Strength { duration: Duration::from_secs(run.options.seconds.min(5)), ..run.strength() };
    let beside = wrk(run.city.address, &list, strength, &run.options.scratch)?;
    let still = !signing.is_finished();
    let (outcome, took) = signing.join().map_err(|_| "the crowd broke")?;
    let (_, replies) = outcome?;
    run.note("reads, while a crowd signs in", Side::Program, beside);
    let count = |status| replies.iter().filter(|reply| reply.status == status).count();
    run.fact(
        &format!("{crowd} sign-ins at once"),
        format!(
            "{} got 200, {} got 503, {} others, in {:.1} s{}",
            count(200),
            count(503),
            crowd - count(200) - count(503),
            took.as_secs_f64(),
            if still { "" } else { " (over before the reads were)" }
        ),
    );
    run.city.load_peak = run.city.load_peak.max(run.city.peak()?);
    run.city.forget_peak()
}
