//! Promises about the plan check: it points at what a careful reader would, and at nothing else.

use serde_json::{Value, json};

use super::plans::{add_item, draft_plan};
use crate::support::{App, Reply, both_databases};

both_databases!(
    the_real_plan_has_exactly_the_findings_of_a_careful_reader,
    a_clean_plan_has_no_findings,
    everyone_in_the_ward_reads_the_check_and_nobody_else,
);

fn codes_of(reply: &Reply) -> Vec<(String, Vec<String>)> {
    let findings = reply["findings"].as_array().unwrap();
    let texts = |value: &Value| {
        value.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
    };
    findings.iter().map(|f| (f["code"].as_str().unwrap().to_owned(), texts(&f["item_codes"]))).collect()
}

fn path(plan: &str) -> String {
    format!("/api/v1/plans/{plan}/check")
}

async fn the_real_plan_has_exactly_the_findings_of_a_careful_reader(app: App) {
    let clerk = app.sign_in("vhxh.staff").await;
    let reply = clerk.get(&path(&app.plan())).await.expect(200);
    let expected: [(&str, &[&str]); 12] = [
        ("no_number", &[]),
        ("no_date", &[]),
        ("no_appendix", &["PL"]),
        ("conflicting_targets", &["II.2.a", "II.2.c"]),
        ("conflicting_targets", &["II.2.d.3", "II.6.e"]),
        ("conflicting_targets", &["II.2.k", "V.5-4"]),
        ("two_leads", &["V.2.e-2", "V.6-2"]),
        ("no_measure", &["II.2.l.1", "II.4"]),
        (
            "no_dates",
            &[
                "V.1.a", "V.2.c-2", "V.2.e-1", "V.2.e-2", "V.2.e-3", "V.2.h", "V.2.k-1", "V.2.k-2",
                "V.2-YT.a", "V.2-GD.a", "V.2-KH.a", "V.2-KH.b", "V.3-TP.2", "V.4.b", "V.4.c", "V.5-1",
                "V.5-5", "V.6-1", "V.6-2",
            ],
        ),
        ("unit_names", &["V.2.c-1", "V.3"]),
        ("unit_names", &["V.2.h", "V.4"]),
        ("foreign_body", &["V.2-VH.d"]),
    ];
    let expected: Vec<(String, Vec<String>)> = expected
        .iter()
        .map(|(code, items)| ((*code).to_owned(), items.iter().map(|item| (*item).to_owned()).collect()))
        .collect();
    assert_eq!(codes_of(&reply), expected, "{reply}");
    let said: Vec<&str> =
        reply["findings"].as_array().unwrap().iter().map(|f| f["detail"].as_str().unwrap()).collect();
    for words in [
        "100%",
        "80%",
        "98% (mức điều hành)",
        "SIPAS",
        "Long Bình",
        "“Văn phòng UBND phường”",
        "Số MẪU-01/KH-UBND",
    ] {
        assert!(said.iter().any(|detail| detail.contains(words)), "{words} in {said:#?}");
    }
}

async fn a_clean_plan_has_no_findings(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let plan = draft_plan(&coordinator, 2027).await.id();
    let named = json!({ "number": "15/KH-UBND", "issued_on": "2027-01-15" });
    coordinator.patch(&format!("/api/v1/plans/{plan}"), 1, named).await.expect(200);
    let appendix =
        add_item(&coordinator, &plan, "section", "PL", json!({ "title": "Phụ lục" })).await.expect(201).id();
    let task = json!({ "parent_id": appendix, "title": "Công khai TTHC", "due_on": "2027-06-30" });
    add_item(&coordinator, &plan, "task", "PL.1", task).await.expect(201);
    let indicator = json!({
        "title": "Hồ sơ giải quyết đúng và trước hạn", "position": 2,
        "measure": { "kind": "ratio", "aggregation": "ratio_of_sums" },
        "targets": [{
            "tier": "plan", "comparator": "at_least", "value": 95, "unit": "percent",
            "effective_from": "2027-01-01"
        }]
    });
    add_item(&coordinator, &plan, "indicator", "A", indicator).await.expect(201);
    let reply = coordinator.get(&path(&plan)).await.expect(200);
    assert_eq!(reply["findings"], json!([]), "{reply}");
}

async fn everyone_in_the_ward_reads_the_check_and_nobody_else(app: App) {
    for username in ["thcs.staff", "supervisor", "auditor", "leader"] {
        app.sign_in(username).await.get(&path(&app.plan())).await.expect(200);
    }
    app.sign_in("lb.coordinator").await.get(&path(&app.plan())).await.refused(404, "not_found");
    app.anonymous().get(&path(&app.plan())).await.refused(401, "unauthenticated");
}
