//! What the gate knows of each operation: read once from the OpenAPI document, found again for each call.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::HttpRequest;
use quick_cache::sync::Cache;
use serde_json::Value;

use super::deprecation::{self, Notice};
use crate::{
    access::Permission,
    error::{Code, Error, Result},
    http::extract::{MAX_BODY, MAX_UPLOAD},
    kernel::id::RawId,
    telemetry::Route,
};

/// Longest query value, in characters, where the operation says nothing else: longer than any cursor.
pub(super) const MAX_QUERY_VALUE: usize = 1000;

/// What the gate knows of one operation.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Its name.
    pub(super) operation: String,
    /// Who may.
    pub(super) permission: Permission,
    /// Query parameters, each with its greatest length in characters.
    pub(super) query: BTreeMap<String, usize>,
    /// Most bytes of its body; `None` where the handler takes it as a stream.
    pub(super) body: Option<usize>,
    /// That it will go, and when; sent with every answer.
    pub(super) notice: Option<Notice>,
    /// What is counted of it.
    pub(super) route: Arc<Route>,
}

/// The rules of one path: method by method.
pub(super) type Methods = BTreeMap<String, Arc<Rule>>;

/// The rules of all operations.
#[derive(Debug)]
pub(super) struct Rules {
    by_pattern: BTreeMap<String, Arc<Methods>>,
    /// The rules of paths that came lately, by what they look like. The router would try one pattern after the other.
    by_shape: Cache<String, Arc<Methods>>,
}

/// Shapes that are remembered: each pattern has few.
const SHAPES: usize = 2000;
/// Longer paths are not worth it.
const MAX_SHAPE: usize = 200;

impl Rules {
    /// Reads the document.
    ///
    /// # Errors
    /// Internal, when an operation names no permission, or one that does not exist, or is deprecated without the
    /// dates that go with it: it must not start.
    pub(super) fn read(document: &Value) -> Result<Self> {
        let mut by_pattern = BTreeMap::new();
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            let mut by_method = BTreeMap::new();
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let rule = Rule::read(path, method, operation)?;
                by_method.insert(method.to_ascii_uppercase(), Arc::new(rule));
            }
            by_pattern.insert(path.clone(), Arc::new(by_method));
        }
        Ok(Self { by_pattern, by_shape: Cache::new(SHAPES) })
    }

    /// What is counted of each operation.
    pub(super) fn routes(&self) -> impl Iterator<Item = Arc<Route>> {
        self.by_pattern.values().flat_map(|methods| methods.values()).map(|rule| Arc::clone(&rule.route))
    }

    /// The rule of this call.
    ///
    /// # Errors
    /// Not found, `method_not_allowed`.
    pub(super) fn find(&self, request: &HttpRequest) -> Result<Arc<Rule>> {
        // No name holds a NUL, and no database takes one.
        if request.uri().path().contains("%00") {
            return Err(Error::not_found());
        }
        let methods = self.methods(request).ok_or_else(Error::not_found)?;
        methods.get(request.method().as_str()).cloned().ok_or_else(|| Error::new(Code::MethodNotAllowed))
    }

    /// The rules of its path.
    pub(super) fn methods(&self, request: &HttpRequest) -> Option<Arc<Methods>> {
        let shape = shape_of(request.path());
        if let Some(known) = self.by_shape.get(&shape) {
            return Some(known);
        }
        let methods = self.by_pattern.get(&request.match_pattern()?)?;
        if shape.len() <= MAX_SHAPE {
            self.by_shape.insert(shape, Arc::clone(methods));
        }
        Some(Arc::clone(methods))
    }
}

/// A path with one id in place of all: the router tells no id from another.
fn shape_of(path: &str) -> String {
    let is_id = |part: &str| RawId::parse(part).is_some();
    path.split('/').map(|part| if is_id(part) { "-" } else { part }).collect::<Vec<_>>().join("/")
}

impl Rule {
    fn read(path: &str, method: &str, operation: &Value) -> Result<Self> {
        let permission = operation["x-permission"]
            .as_str()
            .and_then(Permission::parse)
            .ok_or_else(|| Error::internal(format!("{method} {path} names no known permission")))?;
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
        let media: Vec<&String> = content.into_iter().flat_map(|all| all.keys()).collect();
        let streamed = media.iter().any(|media| media.starts_with("multipart/"));
        let rows = media.iter().any(|media| media.as_str() == "text/csv");
        let query: BTreeMap<String, usize> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| {
                let longest = parameter.pointer("/schema/maxLength").and_then(Value::as_u64);
                let longest = longest.and_then(|n| usize::try_from(n).ok()).unwrap_or(MAX_QUERY_VALUE);
                Some((parameter["name"].as_str()?.to_owned(), longest))
            })
            .collect();
        Ok(Self {
            route: Arc::new(Route::new(method, path, query.contains_key("wait"))),
            body: (!streamed).then_some(if rows { MAX_UPLOAD } else { MAX_BODY }),
            operation: operation["operationId"].as_str().unwrap_or_default().to_owned(),
            permission,
            notice: deprecation::read_notice(operation)
                .map_err(|fault| Error::internal(format!("{method} {path}: {fault}")))?,
            query,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_looks_the_same_with_any_id() {
        let id = RawId::generate();
        let shape = format!("/api/v1/submissions/{id}/decisions");
        assert_eq!(shape_of(&shape), "/api/v1/submissions/-/decisions");
        assert_eq!(shape_of(&shape.to_uppercase()), "/API/V1/SUBMISSIONS/-/DECISIONS");
        for same in ["/api/v1/submissions", "/public/v1/wards/long-my/results", "/", "//", ""] {
            assert_eq!(shape_of(same), same);
        }
    }
}
