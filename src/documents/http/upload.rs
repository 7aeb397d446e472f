//! Bringing a document in: a form of one file and a few words, read as it comes and never held whole in memory.

use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpMessage, HttpRequest, post};
use chrono::NaiveDate;
use futures_util::StreamExt;
use serde::Deserialize;

use crate::{
    context::{Answer, Ctx},
    documents::{
        actions::{self, NewDocument},
        filing, inspect,
        model::Description,
        rules,
        view::DocumentView,
    },
    error::{Code, Error, FieldError, Result, text},
    http::HttpResult,
    kernel::{day, id::WardId},
    storage::{Incoming, Storage},
};

/// How long the next bytes may take: a slow line is waited for, a silent one is not.
const STALL: Duration = Duration::from_secs(30);
/// Most bytes of a field that is no file.
const MAX_FIELD: usize = 4096;

/// A new document, as `multipart/form-data`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "file": "%PDF-1.7 …", "title": "Biên bản kiểm tra quý II", "number": "12/BB-UBND", "issued_on": "2026-06-10"
}))]
pub struct CreateDocument {
    /// The file: PDF, DOCX, XLSX, JPG or PNG, told by its content. Its name comes with it.
    #[schema(value_type = String, format = Binary)]
    pub file: String,
    /// What it is about.
    #[schema(max_length = 300)]
    pub title: Option<String>,
    /// Number as printed on it.
    #[schema(max_length = 60)]
    pub number: Option<String>,
    /// Date as printed on it.
    pub issued_on: Option<NaiveDate>,
}

/// Bring a document in
///
/// The ward stores the same bytes once. A unit that has the file already gets `document_exists` with its path.
#[utoipa::path(
    tag = "documents",
    extensions(("x-permission" = json!("documents.write"))),
    request_body(content = CreateDocument, content_type = "multipart/form-data"),
    responses((status = 201, description = "The new document", body = DocumentView))
)]
#[post("/api/v1/documents")]
pub async fn create_document(mut ctx: Ctx, request: HttpRequest, parts: Multipart) -> HttpResult {
    let ward_id = ctx.ward()?;
    require_form(&request)?;
    let received =
        tokio::time::timeout(filing::MAX_UPLOAD_TIME, receive(&ctx.services.documents, parts)).await;
    let received = received.map_err(|_| Error::new(Code::UploadBroken))??;
    if let Some(idempotency) = &mut ctx.idempotency {
        let parts = [idempotency.fingerprint.as_bytes(), &received.fingerprint()?];
        idempotency.fingerprint = ctx.services.tokens.keyed_digest(&parts);
    }
    Ok(keep(&ctx, ward_id, received).await?)
}

/// What came in.
#[derive(Debug)]
struct Received {
    file: Incoming,
    name: String,
    media_type: Option<String>,
    description: Description,
}

impl Received {
    /// What makes two uploads the same, for `Idempotency-Key`.
    fn fingerprint(&self) -> Result<Vec<u8>> {
        let all = (self.file.sha256(), &self.name, &self.media_type, &self.description);
        serde_json::to_vec(&all).map_err(Error::internal)
    }
}

/// Judges the file, puts it into its place and adds the document.
async fn keep(ctx: &Ctx, ward_id: WardId, mut received: Received) -> Result<Answer> {
    let kind = inspect::kind_of(&received.file).await?;
    rules::check_claims(kind, &received.name, received.media_type.as_deref())?;
    let mut tries = 0;
    loop {
        let placed = filing::place(&ctx.services, ward_id, &mut received.file, kind).await?;
        let new = NewDocument {
            file: placed.file.clone(),
            name: rules::safe_name(&received.name, kind),
            description: received.description.clone(),
        };
        let outcome = ctx
            .write(move |tx| {
                let view = DocumentView::of(actions::create_document(tx, new)?);
                Answer::created(actions::path_of(view.id), Some(view.version), &view)
            })
            .await;
        filing::settle(&ctx.services, &placed, &outcome).await;
        tries += 1;
        match outcome {
            // Somebody brought the same bytes in meanwhile; now they are the ward's.
            Err(error) if error.code == Code::ConcurrentChange && tries < 3 => {}
            outcome => return outcome,
        }
    }
}

fn require_form(request: &HttpRequest) -> Result<()> {
    if request.content_type().eq_ignore_ascii_case("multipart/form-data") {
        return Ok(());
    }
    Err(Error::because(
        Code::UnsupportedMediaType,
        text("Hãy gửi tệp dạng multipart/form-data", "Send the file as multipart/form-data"),
    ))
}

async fn receive(storage: &Storage, mut parts: Multipart) -> Result<Received> {
    let mut file: Option<(Incoming, String, Option<String>)> = None;
    let (mut title, mut number, mut issued_on) = (None, None, None);
    while let Some(part) = next(parts.next()).await? {
        let name = part.name().unwrap_or_default().to_owned();
        let slot = match name.as_str() {
            "file" if file.is_some() => return Err(twice("/file")),
            "file" => {
                file = Some(receive_file(storage, part).await?);
                continue;
            }
            "title" => &mut title,
            "number" => &mut number,
            "issued_on" => &mut issued_on,
            other => {
                let pointer = format!("/{}", other.chars().take(60).collect::<String>());
                let field = FieldError::new(pointer, Code::UnknownField);
                return Err(Error::fields(Code::MalformedBody, vec![field]));
            }
        };
        if slot.is_some() {
            return Err(twice(&format!("/{name}")));
        }
        *slot = Some(receive_text(part, &format!("/{name}")).await?);
    }
    let missing = || Error::fields(Code::MalformedBody, vec![FieldError::new("/file", Code::MissingField)]);
    let (file, name, media_type) = file.ok_or_else(missing)?;
    let issued_on =
        issued_on.filter(|text| !text.trim().is_empty()).map(|text| parse_date(&text)).transpose()?;
    let description = rules::tidy(Description { title, number, issued_on });
    rules::check_description(&description).into_result(Code::Invalid)?;
    Ok(Received { file, name, media_type, description })
}

/// The file with the name and the type that it claims.
async fn receive_file(storage: &Storage, mut part: Field) -> Result<(Incoming, String, Option<String>)> {
    let name = part.content_disposition().and_then(|disposition| {
        let extended =
            disposition.get_filename_ext().map(|name| String::from_utf8_lossy(&name.value).into_owned());
        extended.or_else(|| disposition.get_filename().map(str::to_owned))
    });
    let media_type = part.content_type().map(|media_type| media_type.essence_str().to_owned());
    let mut file = storage.begin().await?;
    while let Some(bytes) = next(part.next()).await? {
        file.write(&bytes).await?;
    }
    if file.size() == 0 {
        return Err(rules::at_file(Code::EmptyFile));
    }
    file.finish().await?;
    Ok((file, name.unwrap_or_default(), media_type))
}

async fn receive_text(mut part: Field, pointer: &str) -> Result<String> {
    let mut text = Vec::new();
    while let Some(bytes) = next(part.next()).await? {
        if text.len() + bytes.len() > MAX_FIELD {
            return Err(Error::field(pointer, Code::TooLong));
        }
        text.extend_from_slice(&bytes);
    }
    String::from_utf8(text).map_err(|_| Error::field(pointer, Code::LegacyEncoding))
}

/// The next part or bytes, unless the line falls silent or breaks.
async fn next<T>(
    item: impl Future<Output = Option<std::result::Result<T, MultipartError>>>,
) -> Result<Option<T>> {
    match tokio::time::timeout(STALL, item).await {
        Ok(item) => item.transpose().map_err(explain),
        Err(_) => Err(Error::new(Code::UploadBroken)),
    }
}

fn explain(error: MultipartError) -> Error {
    let code = match &error {
        MultipartError::Incomplete | MultipartError::Payload(_) => Code::UploadBroken,
        _ => Code::MalformedRequest,
    };
    Error { cause: Some(error.to_string().into()), ..Error::new(code) }
}

fn twice(pointer: &str) -> Error {
    Error::fields(Code::MalformedBody, vec![FieldError::new(pointer, Code::InvalidValue)])
}

fn parse_date(given: &str) -> Result<NaiveDate> {
    day::parse(given.trim()).map_err(|fault| match fault {
        day::Fault::Year => Error::field("/issued_on", Code::OutOfRange),
        day::Fault::Form => {
            let sentence = text(
                "Hãy ghi ngày dạng năm-tháng-ngày, như 2026-06-10",
                "Write the date as year-month-day, such as 2026-06-10",
            );
            let fault = FieldError::because("/issued_on", Code::InvalidValue, sentence);
            Error::fields(Code::MalformedBody, vec![fault])
        }
    })
}
