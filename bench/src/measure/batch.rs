//! The batch: so many rows in one call, against inserting rows like those it wrote, in one transaction, without rules.

use std::time::Instant;

use cchc::{
    audit::{AuditEventId, AuditRow},
    db::Location,
    kernel::id::WardId,
    schema::{audit_events, submission_drafters, submissions},
    submissions::{Submission, SubmissionId},
};
use diesel::{
    Connection as _, ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl, SelectableHelper,
    SqliteConnection, connection::SimpleConnection,
};
use serde_json::{Value, json};

use super::{Run, Side};
use crate::{
    Failure,
    city::{
        LAST_YEAR,
        content::{Dice, figure},
        plan, ward_code,
    },
    http::{Connection, Request},
    load::Sample,
};

const BATCH: &str = "batch, rows";
/// Rows of one statement, as the program has it.
const CHUNK: usize = 500;

/// One round: a batch into a ward that nobody else writes in, then the bare inserts into the next.
pub fn measure(run: &mut Run, round: usize) -> Result<(), Failure> {
    let wards = run.options.wards;
    let (ward, other) = (wards + 2 - round * 2, wards + 1 - round * 2);
    let (rows, token, ward_id) = rows_for(run, ward)?;
    let http = &mut Connection::open(run.city.address)?;
    let request = Request::post("/api/v1/submissions/batch", &token, &json!({ "rows": rows }));
    run.city.forget_peak()?;
    let begun = Instant::now();
    let reply = http.call(&request)?.expect(200)?.json();
    let took = begun.elapsed().as_secs_f64();
    run.city.batch_peak = run.city.batch_peak.max(run.city.peak()?);
    run.city.forget_peak()?;
    let count = f64::from(u32::try_from(rows.len())?);
    if reply["counts"]["created"] != rows.len() {
        eprintln!("the batch created {} of {} rows", reply["counts"], rows.len());
    }
    run.note(
        BATCH,
        Side::Program,
        Sample { rate: count / took, p50: took * 1000.0, p99: took * 1000.0, errors: 0 },
    );
    let took = insert_bare(&run.location, ward_id, (ward, other), rows.len(), round)?;
    run.note(
        BATCH,
        Side::Sql,
        Sample { rate: count / took, p50: took * 1000.0, p99: took * 1000.0, errors: 0 },
    );
    Ok(())
}

/// Rows for all units, leaves and as many extra periods as it takes.
fn rows_for(run: &Run, ward: usize) -> Result<(Vec<Value>, String, WardId), Failure> {
    let http = &mut Connection::open(run.city.address)?;
    let token = http.sign_in(&format!("{}.vhxh.head", ward_code(ward)))?;
    let plans = http.read("/api/v1/plans?limit=10", &token)?;
    let plan = plans["items"].as_array().into_iter().flatten().find(|plan| plan["year"] == LAST_YEAR);
    let plan_id = plan.and_then(|plan| plan["id"].as_str()).ok_or("no plan")?.to_owned();
    let me = http.read("/api/v1/me", &token)?;
    let ward_id = me["ward"]["id"].as_str().and_then(WardId::parse).ok_or("no ward")?;
    let items = http.read(&format!("/api/v1/plans/{plan_id}/items?limit=200"), &token)?;
    let leaves =
        items["items"].as_array().into_iter().flatten().filter(|item| item["kind"] != "section").count();
    let units = http.read("/api/v1/units?limit=100", &token)?;
    let reporting = plan::units(units["items"].as_array().map_or(1, Vec::len) - 1);
    let file = plan::plan_file(LAST_YEAR, leaves, &reporting)?;
    let mut dice = Dice::new(11);
    let mut rows = Vec::new();
    for period in 1..=crate::city::EXTRA_PERIODS {
        for unit in &reporting {
            for leaf in
                file["items"].as_array().into_iter().flatten().filter(|item| item["kind"] != "section")
            {
                let mut row = figure(leaf, LAST_YEAR, &mut dice);
                row["item"] = leaf["code"].clone();
                row["kind"] = leaf["kind"].clone();
                row["period"] = format!("DX-{period:02}").into();
                row["unit"] = unit.code.as_str().into();
                rows.push(row);
            }
        }
    }
    rows.truncate(run.options.batch);
    Ok((rows, token, ward_id))
}

/// How long the bare inserts of the same rows take, in seconds.
fn insert_bare(
    location: &Location,
    ward_id: WardId,
    wards: (usize, usize),
    rows: usize,
    round: usize,
) -> Result<f64, Failure> {
    macro_rules! insert {
        ($connection:expr, $begin:expr) => {{
            let c = &mut $connection;
            let written = load!(c, ward_id, rows);
            let new = elsewhere(written, wards, round)?;
            let begun = Instant::now();
            c.batch_execute($begin)?;
            for rows in new.submissions.chunks(CHUNK) {
                diesel::insert_into(submissions::table).values(rows).execute(c)?;
            }
            for rows in new.drafters.chunks(CHUNK) {
                let rows: Vec<_> = rows
                    .iter()
                    .map(|(id, who)| {
                        (submission_drafters::submission_id.eq(id), submission_drafters::principal_id.eq(who))
                    })
                    .collect();
                diesel::insert_into(submission_drafters::table).values(&rows).execute(c)?;
            }
            for rows in new.events.chunks(CHUNK) {
                diesel::insert_into(audit_events::table).values(rows).execute(c)?;
            }
            c.batch_execute("COMMIT")?;
            Ok(begun.elapsed().as_secs_f64())
        }};
    }
    macro_rules! load {
        ($c:expr, $ward:expr, $rows:expr) => {{
            let rows = i64::try_from($rows)?;
            let submissions: Vec<Submission> = submissions::table
                .filter(submissions::ward_id.eq($ward))
                .order(submissions::id.desc())
                .limit(rows)
                .select(Submission::as_select())
                .load($c)?;
            let events: Vec<AuditRow> = audit_events::table
                .filter(audit_events::chain.eq($ward.as_str()))
                .order(audit_events::seq.desc())
                .limit(rows + 1)
                .select(AuditRow::as_select())
                .load($c)?;
            Written { submissions, events }
        }};
    }
    match location {
        Location::Sqlite(path) => {
            let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
            connection.batch_execute(
                "PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA cache_size = -4000;",
            )?;
            insert!(connection, "BEGIN IMMEDIATE")
        }
        Location::Postgres(url) => {
            let mut connection = PgConnection::establish(url)?;
            connection.batch_execute("SET timezone = 'UTC'")?;
            insert!(connection, "BEGIN")
        }
    }
}

struct Written {
    submissions: Vec<Submission>,
    events: Vec<AuditRow>,
}

struct New {
    submissions: Vec<Submission>,
    drafters: Vec<(String, String)>,
    events: Vec<AuditRow>,
}

/// The same rows in another ward, whose ids differ only by its number, and events of a chain of their own.
fn elsewhere(written: Written, (from, to): (usize, usize), round: usize) -> Result<New, Failure> {
    let (from, to) = (format!("-7{from:03x}-"), format!("-7{to:03x}-"));
    macro_rules! moved {
        ($id:expr) => {
            serde_json::from_value($id.as_str().replace(&from, &to).into())?
        };
    }
    let drafter = written.events.iter().find_map(|event| event.actor_id).ok_or("nobody drafted")?;
    let drafter = drafter.as_str().replace(&from, &to);
    let mut new = New { submissions: Vec::new(), drafters: Vec::new(), events: Vec::new() };
    for row in written.submissions {
        let id = SubmissionId::generate();
        new.drafters.push((id.to_string(), drafter.clone()));
        new.submissions.push(Submission {
            id,
            ward_id: moved!(row.ward_id),
            plan_id: moved!(row.plan_id),
            item_id: moved!(row.item_id),
            period_id: moved!(row.period_id),
            unit_id: moved!(row.unit_id),
            ..row
        });
    }
    for (row, seq) in written.events.into_iter().zip(1..) {
        new.events.push(AuditRow {
            id: AuditEventId::generate(),
            chain: format!("bare-{round}"),
            seq,
            ..row
        });
    }
    Ok(new)
}
