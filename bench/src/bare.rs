//! The bare handler: actix-web that sends the bytes the program sent, and does nothing else.

use std::{collections::HashMap, net::TcpListener, path::PathBuf, sync::Arc};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::{StatusCode, header},
    web::{self, Bytes, Data},
};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{Failure, http::Reply};

/// Options of `cchc-bench bare`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Address and port.
    #[arg(long)]
    pub listen: String,
    /// Threads that speak HTTP, as many as the program has.
    #[arg(long)]
    pub workers: usize,
    /// The answers that the program gave, by name: JSON.
    #[arg(long)]
    pub answers: PathBuf,
}

/// An answer of the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Recorded {
    /// What is kept of an answer; the server writes date and length anew.
    #[must_use]
    pub fn of(reply: &Reply) -> Self {
        let own = ["date", "content-length", "connection", "transfer-encoding"];
        Self {
            status: reply.status,
            headers: reply
                .headers
                .iter()
                .filter(|(name, _)| !own.contains(&name.as_str()))
                .cloned()
                .collect(),
            body: String::from_utf8_lossy(&reply.body).into_owned(),
        }
    }
}

struct Ready {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: Bytes,
    tag: Option<String>,
}

/// Serves until killed.
///
/// # Errors
/// When the answers cannot be read or the port is taken.
pub fn serve(options: &Options) -> Result<(), Failure> {
    let recorded: HashMap<String, Recorded> = serde_json::from_slice(&std::fs::read(&options.answers)?)?;
    let mut ready = HashMap::new();
    for (name, answer) in recorded {
        let tag = answer.headers.iter().find(|(name, _)| name == "etag").map(|(_, tag)| tag.clone());
        let status = StatusCode::from_u16(answer.status)?;
        ready.insert(name, Ready { status, headers: answer.headers, body: Bytes::from(answer.body), tag });
    }
    let ready = Arc::new(ready);
    let listener = TcpListener::bind(&options.listen)?;
    let workers = options.workers;
    actix_web::rt::System::new().block_on(async move {
        HttpServer::new(move || {
            App::new()
                .app_data(Data::from(Arc::clone(&ready)))
                .route("/{name}", web::get().to(answer))
                .route("/{name}", web::post().to(answer_post))
        })
        .workers(workers)
        .disable_signals()
        .listen(listener)?
        .run()
        .await
    })?;
    Ok(())
}

async fn answer(request: HttpRequest, ready: Data<HashMap<String, Ready>>) -> HttpResponse {
    let Some(found) = ready.get(request.match_info().query("name")) else {
        return HttpResponse::NotFound().finish();
    };
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some() && known == found.tag.as_deref() {
        let mut response = HttpResponse::NotModified();
        for (name, value) in found.headers.iter().filter(|(name, _)| name != "content-type") {
            response.insert_header((name.as_str(), value.as_str()));
        }
        return response.finish();
    }
    let mut response = HttpResponse::build(found.status);
    for (name, value) in &found.headers {
        response.insert_header((name.as_str(), value.as_str()));
    }
    response.body(found.body.clone())
}

/// The body of the request is received, as the program must.
async fn answer_post(
    _body: Bytes,
    request: HttpRequest,
    ready: Data<HashMap<String, Ready>>,
) -> HttpResponse {
    answer(request, ready).await
}
