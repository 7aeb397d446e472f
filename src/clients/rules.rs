//! What a client may look like, and who may hold which scope (RULES §2).

use super::model::Client;
use crate::{
    access::Scope,
    error::{Code, Faults, Result},
};

/// Checks what was written about a client.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_client(client: &Client, scopes: &[Scope]) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/client_id", &client.client_id, 3, 64);
    let harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if !client.client_id.chars().all(harmless) {
        faults.add("/client_id", Code::OutOfRange);
    }
    faults.check_text("/name", &client.name, 1, 200);
    if scopes.is_empty() {
        faults.add("/scopes", Code::Required);
    }
    for (index, scope) in scopes.iter().enumerate() {
        if !may_hold(*scope, client.ward_id.is_some()) {
            faults.add(format!("/scopes/{index}"), Code::UnknownScope);
        }
    }
    let writes = scopes.contains(&Scope::SubmissionsWrite);
    match (writes, client.unit_id) {
        (true, None) => faults.add("/unit_id", Code::Required),
        (false, Some(_)) => faults.add("/unit_id", Code::NotApplicableHere),
        _ => {}
    }
    faults.into_result(Code::Invalid)
}

/// Wards are the city's business; drafting is for one unit of a ward.
const fn may_hold(scope: Scope, of_ward: bool) -> bool {
    match scope {
        Scope::ResultsRead => true,
        Scope::SubmissionsWrite => of_ward,
        Scope::WardsManage => !of_ward,
    }
}
