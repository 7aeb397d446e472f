//! Promises about documents whose files are in a bucket that speaks S3.

use cchc::{
    documents::filing::{SWEEP_AGE_SECONDS, sweep},
    kernel::id::RawId,
    storage::{Bucket, Place, Storage},
};
use futures_util::StreamExt;

use crate::support::{App, Backend, Form, docx, pdf, s3_url};

const LIMIT: usize = 20 << 20;

fn storage_in(endpoint: &str, name: &str) -> Storage {
    let bucket = Bucket {
        name: name.to_owned(),
        prefix: "long-my/evidence".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        region: "us-east-1".to_owned(),
        access_key_id: "id".to_owned(),
        secret_access_key: "secret".into(),
    };
    Storage::open(&Place::Bucket(bucket), u64::try_from(LIMIT).unwrap()).expect("a bucket's address")
}

/// Runs a test over a bucket of its own, if there is a service.
fn with_bucket<F: Future<Output = ()>>(test: impl FnOnce(App) -> F) {
    let Some(endpoint) = s3_url() else { return };
    let name = format!("evidence-{}", RawId::generate());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let made = http.put(format!("{endpoint}/{name}")).send().await.expect("the service answers");
        assert!(made.status().is_success(), "{made:?}");
        test(App::start_over(Backend::Sqlite, storage_in(&endpoint, &name))).await;
    });
}

/// The keys of a folder once nothing is on its way out.
async fn keys(app: &App, folder: &str, expected: usize) -> Vec<String> {
    let mut keys = Vec::new();
    for _ in 0..100 {
        let pages: Vec<_> = app.services.documents.list(folder).collect().await;
        keys = pages.into_iter().flatten().map(|listed| listed.expect("a listing").key).collect();
        if keys.len() == expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    keys
}

#[test]
fn a_bucket_keeps_what_is_taken_and_nothing_else() {
    with_bucket(|app| async move {
        let (ktht, hcc) = (app.sign_in("ktht.staff").await, app.sign_in("hcc.staff").await);
        let mut large = pdf("lớn");
        large.resize(13 << 20, b' ');
        for bytes in [pdf("nhỏ"), large.clone(), docx(&[])] {
            let made = ktht.upload(&Form::of("tai-lieu", &bytes)).await.expect(201);
            let got = ktht.get(&format!("/api/v1/documents/{}/content", made.id())).await.expect(200);
            assert!(got.bytes == bytes, "{} bytes came back, sent {}", got.bytes.len(), bytes.len());
        }
        hcc.upload(&Form::of("tai-lieu", &large)).await.expect(201);
        assert_eq!(keys(&app, "files", 3).await.len(), 3, "the same bytes once");
        let macros = docx(&["word/vbaProject.bin"]);
        ktht.upload(&Form::of("a.docx", &macros)).await.refused(422, "file_has_macros");
        let over = [large, vec![b' '; LIMIT]].concat();
        ktht.upload(&Form::of("a.pdf", &over)).await.refused(413, "body_too_large");
        assert_eq!(keys(&app, "incoming", 0).await, Vec::<String>::new());
        assert_eq!(keys(&app, "files", 3).await.len(), 3);
    });
}

#[test]
fn the_sweep_of_a_bucket_spares_what_has_a_row() {
    with_bucket(|app| async move {
        let staff = app.sign_in("ktht.staff").await;
        let made = staff.upload(&Form::of("a.pdf", &pdf("giữ"))).await.expect(201);
        // As a killed process leaves them: one upload whole, but not in its place; one in its place, without a row.
        let mut left = app.services.documents.begin().await.unwrap();
        left.write(&pdf("a")).await.unwrap();
        left.finish().await.unwrap();
        std::mem::forget(left);
        let mut placed = app.services.documents.begin().await.unwrap();
        placed.write(&pdf("b")).await.unwrap();
        placed.finish().await.unwrap();
        placed.keep_as("files/x/abc.def").await.unwrap();
        assert_eq!((keys(&app, "incoming", 1).await.len(), keys(&app, "files", 2).await.len()), (1, 2));
        assert_eq!(sweep(&app.services, SWEEP_AGE_SECONDS).await.unwrap(), 0);
        // The service tells time in whole seconds.
        assert_eq!(sweep(&app.services, -2).await.unwrap(), 2);
        assert_eq!((keys(&app, "incoming", 0).await.len(), keys(&app, "files", 1).await.len()), (0, 1));
        staff.get(&format!("/api/v1/documents/{}/content", made.id())).await.expect(200);
    });
}

#[test]
fn a_bucket_that_cannot_be_reached_is_told_soon_and_without_its_address() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let app = App::start_over(Backend::Sqlite, storage_in(&format!("http://{nobody}"), "evidence"));
        let staff = app.sign_in("ktht.staff").await;
        let started = std::time::Instant::now();
        let reply = staff.upload(&Form::of("a.pdf", &pdf("a"))).await.refused(503, "storage_unavailable");
        assert!(started.elapsed().as_secs() < 15 && !reply.text.contains("127.0.0.1"), "{reply}");
    });
}
