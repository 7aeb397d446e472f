//! What operators load and read names what the program tells: alert rules, dashboard, and the page about them.

use std::collections::{BTreeMap, BTreeSet};

use cchc::settings::Settings;
use secrecy::SecretString;

use crate::support::{App, Backend};

const PAGE: &str = include_str!("../../docs/operations.md");
const ALERTS: &str = include_str!("../../ops/prometheus/alerts.yml");
const ALERT_TESTS: &str = include_str!("../../ops/prometheus/alerts_test.yml");
const DASHBOARD: &str = include_str!("../../ops/grafana/cchc.json");

const TOKEN: &str = "a-token-of-the-watching-kind";

/// The families that a running server tells, each with its type.
fn families() -> BTreeMap<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let page = runtime.block_on(async {
        let token = Some(SecretString::from(TOKEN.to_owned()));
        let app = App::start(Backend::Sqlite)
            .with_settings(Settings { metrics_token: token, ..Settings::default() });
        app.with_token(TOKEN).get("/metrics").await.expect(200).text
    });
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// Our metrics that a text names, histograms without their endings.
fn named(text: &str, families: &BTreeMap<String, String>) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words
        .filter(|word| ["cchc_", "http_request", "process_"].iter().any(|start| word.starts_with(start)));
    ours.map(|word| {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        let histogram =
            of_histogram.filter(|name| families.get(*name).is_some_and(|kind| kind == "histogram"));
        histogram.unwrap_or(word).to_owned()
    })
    .collect()
}

/// The rows of the table of metrics: name and type.
fn documented() -> BTreeMap<String, String> {
    let rows = PAGE.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(|cell| cell.trim().trim_matches('`'));
        let (name, kind) = (cells.next()?, cells.next()?);
        matches!(kind, "counter" | "gauge" | "histogram").then(|| (name.to_owned(), kind.to_owned()))
    });
    rows.collect()
}

#[test]
fn the_page_for_operators_describes_every_metric_and_no_other() {
    assert_eq!(documented(), families());
}

#[test]
fn alerts_and_dashboard_name_no_metric_that_is_not_there() {
    let families = families();
    for (file, text) in [("alerts.yml", ALERTS), ("alerts_test.yml", ALERT_TESTS), ("cchc.json", DASHBOARD)] {
        let named = named(text, &families);
        assert!(named.len() > 5, "{file} names {named:?} only");
        let unknown: Vec<&String> = named.iter().filter(|name| !families.contains_key(*name)).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
}

#[test]
fn every_alert_says_in_vietnamese_what_is_wrong_and_where_the_page_says_what_to_do() {
    let alerts: Vec<&str> = ALERTS.split("- alert: ").skip(1).collect();
    assert!(alerts.len() > 10, "{} alerts", alerts.len());
    for alert in alerts {
        let name = alert.lines().next().unwrap().trim();
        for part in ["expr:", "severity:", "summary:", "description:"] {
            assert!(alert.contains(part), "{name} has no {part}");
        }
        let summary = alert.lines().find(|line| line.trim().starts_with("summary:")).unwrap();
        assert!(summary.chars().any(|c| "ăâđêôơưạảấầếệịọộợụửữđẩậốổ".contains(c)), "{summary}");
        let link = format!("docs/operations.md#{}", name.to_lowercase());
        assert!(alert.contains(&link), "{name} does not link to {link}");
        assert!(PAGE.contains(&format!("\n#### {name}\n")), "the page says nothing of {name}");
        assert!(ALERT_TESTS.contains(&format!("alertname=\"{name}\"")), "no rule test for {name}");
    }
}

#[test]
fn the_dashboard_can_be_imported_and_asks_for_its_source() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["schemaVersion"].as_i64().is_some_and(|version| version >= 36));
    assert_eq!(dashboard["id"], serde_json::Value::Null);
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${DS_PROMETHEUS}", "{}", panel["title"]);
        for target in panel["targets"].as_array().unwrap() {
            assert!(target["expr"].as_str().is_some_and(|expr| !expr.is_empty()), "{}", panel["title"]);
        }
    }
}
