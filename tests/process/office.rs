//! The people who publish, correct and withdraw while the server may be killed at any moment.

use std::{collections::HashMap, path::Path, time::Duration};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::Server;

/// What somebody does; a broken connection is no fault of theirs.
pub type Done<T = ()> = Result<T, reqwest::Error>;

/// The people of both wards, signed in.
pub struct Office {
    pub address: String,
    http: reqwest::Client,
    tokens: HashMap<&'static str, String>,
    /// The figure that is corrected again and again: II.2.k of KTHTDT in the first quarter.
    submission: String,
    periods: HashMap<(&'static str, String), String>,
}

const PEOPLE: [&str; 7] =
    ["leader", "leader.deputy", "ktht.staff", "ktht.head", "hcc.staff", "vhxh.head", "lb.leader"];
/// The wards and who leads them.
pub const WARDS: [(&str, &str); 2] = [("long-my", "leader"), ("long-binh", "lb.leader")];

impl Office {
    pub async fn of(server: &Server) -> Self {
        let mut tokens = HashMap::new();
        for name in PEOPLE {
            tokens.insert(name, server.token(name).await);
        }
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let mut office = Self {
            address: server.address.clone(),
            http,
            tokens,
            submission: String::new(),
            periods: HashMap::new(),
        };
        office.look_up().await.unwrap();
        office
    }

    async fn look_up(&mut self) -> Done {
        for (ward, leader) in WARDS {
            let plans = self.get(leader, "/api/v1/plans").await?;
            let plan = plans["items"][0]["id"].as_str().unwrap();
            let periods = self.get(leader, &format!("/api/v1/plans/{plan}/periods?limit=200")).await?;
            for period in periods["items"].as_array().unwrap() {
                let text = |field: &str| period[field].as_str().unwrap().to_owned();
                self.periods.insert((ward, text("code")), text("id"));
            }
        }
        let path = "/api/v1/submissions?period=2026-Q1&item=II.2.k&unit=KTHTDT";
        let found = self.get("leader", path).await?;
        self.submission = found["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
        Ok(())
    }

    async fn call(&self, method: Method, by: &str, path: &str, body: Value) -> Done<(u16, Value)> {
        let request = self.http.request(method, format!("{}{path}", self.address));
        let mut request = request.bearer_auth(&self.tokens[by]).header("If-Match", "*");
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    pub async fn get(&self, by: &str, path: &str) -> Done<Value> {
        let (status, answer) = self.call(Method::GET, by, path, Value::Null).await?;
        assert_eq!(status, 200, "{path} {answer}");
        Ok(answer)
    }

    /// Every path of results there can be, in both wards.
    pub fn result_paths(&self) -> Vec<String> {
        let path =
            |ward: &str, period: &str| format!("/public/v1/wards/{ward}/results?year=2026&period={period}");
        self.periods.keys().map(|(ward, period)| path(ward, period)).collect()
    }

    /// What a reader without anything in between is told under this path.
    pub async fn stands(&self, by: &str, path: &str) -> Done<Option<Value>> {
        let (status, answer) = self.call(Method::GET, by, path, Value::Null).await?;
        assert!(matches!(status, 200 | 404), "{path} {answer}");
        Ok((status == 200).then_some(answer))
    }

    fn publications(&self, ward: usize, period: &str) -> (&'static str, String) {
        let (ward, leader) = WARDS[ward];
        let period = &self.periods[&(ward, period.to_owned())];
        (leader, format!("/api/v1/periods/{period}/publications"))
    }

    /// Publishes what is new, if anything is.
    pub async fn publish(&self, ward: usize, period: &str) -> Done {
        let (leader, path) = self.publications(ward, period);
        let (status, answer) = self.call(Method::POST, leader, &path, Value::Null).await?;
        assert!(status == 201 || answer["code"] == "nothing_to_publish", "{status} {answer}");
        Ok(())
    }

    /// Withdraws the newest publication that stands, if one does.
    pub async fn withdraw(&self, ward: usize, period: &str) -> Done {
        let (leader, path) = self.publications(ward, period);
        let list = self.get(leader, &path).await?;
        let standing = list["items"].as_array().unwrap().iter().find(|one| one["withdrawn_at"].is_null());
        let Some(id) = standing.and_then(|one| one["id"].as_str()) else { return Ok(()) };
        let path = format!("/api/v1/publications/{id}/withdraw");
        let (status, answer) =
            self.call(Method::POST, leader, &path, json!({ "reason": "Cần rà soát lại" })).await?;
        assert_eq!(status, 200, "{answer}");
        Ok(())
    }

    /// Takes the figure through a correction to approved, from wherever it stands, and publishes it.
    pub async fn correct(&self, numerator: u64) -> Done {
        let path = format!("/api/v1/submissions/{}", self.submission);
        let mut begun = false;
        for _ in 0..10 {
            let state = self.get("leader", &path).await?;
            let (by, action) = match state["state"].as_str().unwrap() {
                "published" => ("leader", "correct"),
                "returned" => ("ktht.head", "submit"),
                "submitted" => ("hcc.staff", "verify"),
                "verified" => ("vhxh.head", "endorse"),
                "endorsed" => ("leader.deputy", "approve"),
                "approved" => break,
                other => panic!("{other}"),
            };
            if action == "submit" && !begun {
                begun = true;
                let (status, answer) =
                    self.call(Method::PATCH, "ktht.staff", &path, json!({ "numerator": numerator })).await?;
                assert_eq!(status, 200, "{answer}");
            }
            let body = match action {
                "correct" => json!({ "action": action, "reason": "Số liệu chưa khớp với sổ theo dõi" }),
                _ => json!({ "action": action }),
            };
            let (status, answer) = self.call(Method::POST, by, &format!("{path}/decisions"), body).await?;
            assert_eq!(status, 201, "{answer}");
        }
        self.publish(0, "2026-Q1").await
    }
}

/// Gives the second ward's first quarter a past, so that its leader can publish it again; the demo has no figures there.
pub fn give_the_second_ward_a_past(directory: &Path) {
    let database = directory.join("cchc.db");
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    connection
        .batch_execute(
            "PRAGMA busy_timeout = 10000; \
             INSERT INTO publications (id, ward_id, plan_id, period_id, number, hash, content, corrections, reported, \
             expected, published_at, published_by, withdrawn_at, withdrawn_by, withdrawn_reason, version) \
             SELECT '0198f0a0-0000-7000-8000-000000000001', w.id, p.plan_id, p.id, 1, 'x', '{}', '[]', 0, 0, \
             '2026-05-01 00:00:00', a.id, '2026-05-02 00:00:00', a.id, 'Nhầm', 2 \
             FROM periods p JOIN wards w ON w.id = p.ward_id JOIN accounts a ON a.username = 'lb.leader' \
             WHERE w.code = 'long-binh' AND p.code = '2026-Q1'",
        )
        .unwrap();
}
