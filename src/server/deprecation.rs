//! Operations that will go: dated in their annotation, announced with every answer.
//!
//! ```text
//! extensions(("x-deprecated-on" = json!("2027-01-01")), ("x-sunset" = json!("2028-01-01")), …)
//! ```
//! The policy is `docs/versioning.md`; a document that breaks it does not start.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use chrono::{Months, NaiveDate, NaiveTime};
use serde_json::{Map, Value, json};

/// Least time, in months, between the day of deprecation and the day on which an operation may go.
const MONTHS_OF_NOTICE: u32 = 12;

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The headers that announce the end of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    /// `Deprecation` (RFC 9745): since when, in Unix seconds.
    deprecation: HeaderValue,
    /// `Sunset` (RFC 8594): from when on it may be gone.
    sunset: HeaderValue,
    /// `Link`: where its end is described.
    link: HeaderValue,
}

impl Notice {
    /// Adds itself to the headers of an answer.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert(DEPRECATION, self.deprecation);
        headers.insert(SUNSET, self.sunset);
        headers.append(LINK, self.link);
    }
}

/// The notice of an operation of the document; none if it is to stay.
///
/// # Errors
/// In words: when mark and dates do not go together, a date is not one, or the notice is too short.
pub(super) fn read_notice(operation: &Value) -> Result<Option<Notice>, String> {
    let is_deprecated = operation["deprecated"] == true;
    let (Some(deprecated_on), Some(sunset)) =
        (date_of(operation, "x-deprecated-on")?, date_of(operation, "x-sunset")?)
    else {
        let is_dated = operation.get("x-deprecated-on").is_some() || operation.get("x-sunset").is_some();
        return if is_deprecated || is_dated {
            Err("deprecated, x-deprecated-on and x-sunset go together".into())
        } else {
            Ok(None)
        };
    };
    if !is_deprecated {
        return Err("it has dates of deprecation, but is not deprecated".into());
    }
    if deprecated_on
        .checked_add_months(Months::new(MONTHS_OF_NOTICE))
        .is_none_or(|earliest| sunset < earliest)
    {
        return Err(format!("x-sunset is less than {MONTHS_OF_NOTICE} months after x-deprecated-on"));
    }
    // The days begin at midnight in UTC.
    let (deprecated_at, sunset_at) =
        (deprecated_on.and_time(NaiveTime::MIN), sunset.and_time(NaiveTime::MIN));
    let value = |text: String| HeaderValue::try_from(text).map_err(|error| error.to_string());
    Ok(Some(Notice {
        deprecation: value(format!("@{}", deprecated_at.and_utc().timestamp()))?,
        sunset: value(sunset_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string())?,
        link: value(format!("<{}>; rel=\"deprecation\"; type=\"text/html\"", page_of(operation)))?,
    }))
}

fn date_of(operation: &Value, name: &str) -> Result<Option<NaiveDate>, String> {
    let Some(value) = operation.get(name) else { return Ok(None) };
    let date = value.as_str().and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
    date.map(Some).ok_or_else(|| format!("{name} is no date: {value}"))
}

/// The operation in Swagger UI, whose description says what to call instead.
fn page_of(operation: &Value) -> String {
    let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default().replace(' ', "%20");
    format!("/swagger-ui/#/{tag}/{}", operation["operationId"].as_str().unwrap_or_default())
}

/// Marks a dated operation as deprecated, and describes the headers in its own answers.
pub(super) fn describe(operation: &mut Map<String, Value>) {
    if !operation.contains_key("x-deprecated-on") {
        return;
    }
    operation.insert("deprecated".into(), json!(true));
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for response in responses.into_iter().flatten().map(|(_, response)| response) {
        let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) else { continue };
        for (name, description) in [
            ("Deprecation", "Since when the operation is deprecated: `@` and Unix seconds (RFC 9745)"),
            ("Sunset", "From when on the operation may be gone (RFC 8594)"),
            ("Link", "Where its end is described: `rel=\"deprecation\"`"),
        ] {
            headers
                .insert(name.into(), json!({ "description": description, "schema": { "type": "string" } }));
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{
        App,
        body::BoxBody,
        dev::ServiceResponse,
        http::StatusCode,
        middleware::from_fn,
        test::{TestRequest, call_service, init_service},
        web::Data,
    };

    use super::*;
    use crate::server::{gate, rules::Rules};

    fn deprecated() -> Value {
        json!({
            "operationId": "list_units", "tags": ["unit plans"], "x-permission": "units.read",
            "deprecated": true, "x-deprecated-on": "2027-01-01", "x-sunset": "2028-01-01",
        })
    }

    #[test]
    fn the_notice_says_since_when_until_when_and_where() {
        let notice = read_notice(&deprecated()).unwrap().unwrap();
        assert_eq!(notice.deprecation, "@1798761600");
        assert_eq!(notice.sunset, "Sat, 01 Jan 2028 00:00:00 GMT");
        assert_eq!(
            notice.link,
            "</swagger-ui/#/unit%20plans/list_units>; rel=\"deprecation\"; type=\"text/html\""
        );
    }

    #[test]
    fn what_stays_has_no_notice() {
        assert_eq!(read_notice(&json!({ "operationId": "list_units" })), Ok(None));
    }

    #[test]
    fn mark_dates_and_time_of_notice_must_agree() {
        for (field, value) in [
            ("deprecated", json!(false)),
            ("x-deprecated-on", Value::Null),
            ("x-deprecated-on", json!("01/01/2027")),
            ("x-sunset", json!("2028-02-30")),
            ("x-sunset", json!(1_830_297_600)),
            ("x-sunset", json!("2027-12-31")),
        ] {
            let mut operation = deprecated();
            operation[field] = value;
            assert!(read_notice(&operation).is_err(), "{operation}");
            assert!(rules_of(&operation).is_err(), "it must not start: {operation}");
            let mut without = deprecated();
            without.as_object_mut().unwrap().remove(field);
            assert!(read_notice(&without).is_err(), "{without}");
        }
    }

    fn rules_of(operation: &Value) -> crate::error::Result<Rules> {
        Rules::read(&json!({ "paths": { "/old": { "get": operation }, "/new": { "get": {
            "operationId": "list_new", "x-permission": "units.read",
        } } } }))
    }

    async fn answer(path: &str) -> ServiceResponse<BoxBody> {
        let handler = || async { "" };
        let app = App::new()
            .app_data(Data::new(rules_of(&deprecated()).unwrap()))
            .route("/old", actix_web::web::get().to(handler))
            .route("/new", actix_web::web::get().to(handler))
            .wrap(from_fn(gate::gate));
        let app = init_service(app).await;
        call_service(&app, TestRequest::get().uri(path).to_request()).await
    }

    #[test]
    fn a_deprecated_operation_says_so_even_when_it_fails() {
        actix_web::rt::System::new().block_on(async {
            // Without services the gate can admit nobody.
            let old = answer("/old").await;
            assert_eq!(old.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(old.headers().get("deprecation").unwrap(), "@1798761600");
            assert!(old.headers().contains_key("sunset") && old.headers().contains_key("link"));
            let new = answer("/new").await;
            assert!(!new.headers().contains_key("deprecation") && !new.headers().contains_key("sunset"));
        });
    }

    #[test]
    fn a_dated_operation_is_marked_and_its_answers_describe_the_headers() {
        let mut operation = deprecated();
        operation.as_object_mut().unwrap().remove("deprecated");
        operation["responses"] =
            json!({ "200": { "headers": {} }, "404": { "$ref": "#/components/responses/404" } });
        describe(operation.as_object_mut().unwrap());
        for name in ["Deprecation", "Sunset", "Link"] {
            assert!(operation["responses"]["200"]["headers"][name]["schema"].is_object(), "{name}");
        }
        assert_eq!(operation["deprecated"], true);
    }

    #[test]
    fn every_deprecation_of_the_document_keeps_the_policy() {
        Rules::read(&crate::server::document()).expect("dates that agree");
    }
}
