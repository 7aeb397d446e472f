//! Ids by the codes that people know, and figures on their way.

use serde_json::{Value, json};

use super::{
    app::App,
    client::{Client, Reply},
};

/// The ward that the demo is about.
const WARD: &str = "long-my";

impl App {
    /// The one text that this SQL finds.
    #[track_caller]
    pub fn sql_text(&self, statement: &str) -> String {
        let mut found = self.sql_texts(statement);
        assert!(found.len() == 1, "{} rows from {statement}", found.len());
        found.remove(0)
    }

    /// Id of a ward.
    #[track_caller]
    pub fn ward(&self, code: &str) -> String {
        self.sql_text(&format!("SELECT id AS value FROM wards WHERE code = '{code}'"))
    }

    /// Id of a unit of Long Mỹ.
    #[track_caller]
    pub fn unit(&self, code: &str) -> String {
        self.unit_in(WARD, code)
    }

    /// Id of a unit.
    #[track_caller]
    pub fn unit_in(&self, ward: &str, code: &str) -> String {
        self.in_ward("units", ward, &format!("code = '{code}'"))
    }

    /// Id of an account.
    #[track_caller]
    pub fn account(&self, username: &str) -> String {
        self.sql_text(&format!("SELECT id AS value FROM accounts WHERE username = '{username}'"))
    }

    /// Id of Long Mỹ's plan for 2026.
    #[track_caller]
    pub fn plan(&self) -> String {
        self.in_ward("plans", WARD, "year = 2026")
    }

    /// Id of an item of Long Mỹ's plan; kind is `section`, `indicator` or `task`.
    #[track_caller]
    pub fn item(&self, code: &str, kind: &str) -> String {
        let plan = self.plan();
        self.in_ward(
            "plan_items",
            WARD,
            &format!("plan_id = '{plan}' AND code = '{code}' AND kind = '{kind}'"),
        )
    }

    /// Id of a period of Long Mỹ's plan.
    #[track_caller]
    pub fn period(&self, code: &str) -> String {
        let plan = self.plan();
        self.in_ward("periods", WARD, &format!("plan_id = '{plan}' AND code = '{code}'"))
    }

    /// Id of the submission of a unit for an indicator in a period.
    #[track_caller]
    pub fn submission(&self, item: &str, period: &str, unit: &str) -> String {
        let (item, period, unit) = (self.item(item, "indicator"), self.period(period), self.unit(unit));
        let which = format!("item_id = '{item}' AND period_id = '{period}' AND unit_id = '{unit}'");
        self.in_ward("submissions", WARD, &which)
    }

    #[track_caller]
    fn in_ward(&self, table: &str, ward: &str, which: &str) -> String {
        let ward = self.ward(ward);
        self.sql_text(&format!("SELECT id AS value FROM {table} WHERE ward_id = '{ward}' AND {which}"))
    }

    /// Drafts a figure for an indicator in a period: `content` holds the fields beside `item_id` and `period_id`.
    pub async fn draft(&self, client: &Client, item: &str, period: &str, content: Value) -> Reply {
        let mut body = json!({ "item_id": self.item(item, "indicator"), "period_id": self.period(period) });
        for (field, value) in content.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        client.post("/api/v1/submissions", body).await
    }

    /// Drafts the figure that the demo leaves free: II.2.k of KTHTDT for the first half of 2026. Gives its id.
    pub async fn draft_free_figure(&self) -> String {
        let staff = self.sign_in("ktht.staff").await;
        let content = json!({ "numerator": 1176, "denominator": 1200 });
        self.draft(&staff, "II.2.k", "2026-H1", content).await.expect(201).id()
    }

    /// Decides about a submission.
    pub async fn decide(&self, client: &Client, submission: &str, action: &str) -> Reply {
        let mut body = json!({ "action": action });
        if matches!(action, "return" | "reopen" | "correct") {
            body["reason"] = json!("Số liệu chưa khớp với sổ theo dõi");
        }
        client.post(&format!("/api/v1/submissions/{submission}/decisions"), body).await
    }

    /// Takes the free figure from `draft` to this state by the people whose turn it is. Gives its id.
    pub async fn carry_free_figure_to(&self, state: &str) -> String {
        let submission = self.draft_free_figure().await;
        let steps = [
            ("submitted", "ktht.head", "submit"),
            ("verified", "hcc.staff", "verify"),
            ("endorsed", "vhxh.head", "endorse"),
            ("approved", "leader", "approve"),
        ];
        let mut now = "draft";
        for (reached, username, action) in steps {
            if now == state {
                break;
            }
            let client = self.sign_in(username).await;
            let reply = self.decide(&client, &submission, action).await.expect(201);
            assert!(reply["submission"]["state"] == reached, "expected {reached}\n{reply}");
            now = reached;
        }
        assert!(now == state, "no step leads to {state}");
        submission
    }
}
