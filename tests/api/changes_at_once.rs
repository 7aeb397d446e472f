//! Promises about the feed while many publish and withdraw at once, through two instances: nobody misses a change, nobody
//! gets one twice, and all see them in one order.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cchc::{
    changes::{ChangeKind, actions::append},
    context::Ctx,
    error::Error,
    kernel::id::WardId,
};

use super::changes::{give_a_past, periods_of, publish, withdraw};
use crate::support::{App, Client, both_databases};

/// How often each writer publishes its period and takes it back.
const ROUNDS: usize = 5;

/// Publishes and withdraws one period, through this instance and that one in turn.
async fn write(leaders: [Client; 2], period: String) {
    for leader in leaders.iter().cycle().take(ROUNDS) {
        let publication = publish(leader, &period).await;
        withdraw(leader, &publication.id()).await;
    }
}

/// Follows the feed from its beginning until nothing more can come. Gives the ids of the changes as they came.
async fn follow(client: Client, query: &'static str, done: Arc<AtomicBool>) -> Vec<String> {
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let last = done.load(Ordering::SeqCst);
        let reply = client.get(&format!("/public/v1/changes?{query}{after}")).await.expect(200);
        seen.extend(reply.items().iter().map(|item| id_in(item["cursor"].as_str().unwrap())));
        after = format!("&after={}", reply.text_at("next_cursor"));
        if last && reply.items().is_empty() {
            return seen;
        }
    }
}

/// A cursor is opaque to those who use it; the test looks inside.
fn id_in(cursor: &str) -> String {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
    text.split_once('|').unwrap().1.to_owned()
}

/// Changes that take a number, and then are not made after all.
fn roll_back(app: &App) {
    let ward = WardId::parse(&app.ward("long-my")).unwrap();
    let publication =
        app.sql_text("SELECT id AS value FROM publications WHERE number = 1 ORDER BY id LIMIT 1");
    let refused = Ctx::system(Arc::new(app.services.clone())).write_blocking(|tx| {
        append(tx, ward, ChangeKind::Published, &publication)?;
        std::thread::sleep(std::time::Duration::from_millis(10));
        Err::<(), _>(Error::not_found())
    });
    assert_eq!(refused.unwrap_err().code.as_str(), "not_found");
}

async fn readers_see_every_change_once_and_in_order_while_many_publish(app: App) {
    let app = Arc::new(app);
    let other = app.beside(app.services.clock);
    let there = |client: &Client| other.with_token(client.token().unwrap());
    let (city, my, lb) =
        (app.city_portal().await, app.sign_in("leader").await, app.sign_in("lb.leader").await);
    let mut writers = Vec::new();
    for (ward, name, leader) in [("long-my", "leader", &my), ("long-binh", "lb.leader", &lb)] {
        let free = periods_of(&app, ward).into_iter().filter(|id| *id != app.period("2026-Q1"));
        for period in free.take(4) {
            give_a_past(&app, ward, name, &period);
            writers.push(tokio::spawn(write([leader.clone(), there(leader)], period)));
        }
    }
    let done = Arc::new(AtomicBool::new(false));
    let readers = [
        (city.clone(), "limit=1"),
        (there(&city), "limit=2"),
        (city.clone(), "limit=3&wait=1"),
        (there(&city), "limit=200"),
        (my.clone(), "limit=2"),
        (there(&lb), "limit=1&wait=1"),
    ]
    .map(|(client, query)| tokio::spawn(follow(client, query, Arc::clone(&done))));
    let rolling = Arc::clone(&app);
    let rolled_back = tokio::task::spawn_blocking(move || (0..20).for_each(|_| roll_back(&rolling)));
    let written = 1 + writers.len() * ROUNDS * 2;
    assert_eq!(writers.len(), 7);
    for writer in writers {
        writer.await.unwrap();
    }
    rolled_back.await.unwrap();
    done.store(true, Ordering::SeqCst);
    let seqs = app.sql_texts("SELECT CAST(seq AS TEXT) AS value FROM changes ORDER BY seq");
    assert_eq!(seqs, (1..=written).map(|seq| seq.to_string()).collect::<Vec<_>>(), "numbers without a hole");
    let all = app.sql_texts("SELECT id AS value FROM changes ORDER BY seq");
    let of = |ward: &str| {
        let ward = app.ward(ward);
        app.sql_texts(&format!("SELECT id AS value FROM changes WHERE ward_id = '{ward}' ORDER BY seq"))
    };
    let (of_my, of_lb) = (of("long-my"), of("long-binh"));
    let expected = [&all, &all, &all, &all, &of_my, &of_lb];
    for (reader, expected) in readers.into_iter().zip(expected) {
        assert_eq!(&reader.await.unwrap(), expected);
    }
}

both_databases!(readers_see_every_change_once_and_in_order_while_many_publish);
