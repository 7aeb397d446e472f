//! What an account may look like, and which roles go with which unit (RULES §2).

use super::model::Account;
use crate::{
    access::Role,
    error::{Code, Faults, Result},
    units::UnitKind,
};

/// Checks what was written about an account of a unit of this kind.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_account(account: &Account, roles: &[Role], unit: UnitKind) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/username", &account.username, 3, 64);
    let harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@".contains(c);
    if !account.username.chars().all(harmless) {
        faults.add("/username", Code::OutOfRange);
    }
    faults.check_text("/full_name", &account.full_name, 1, 200);
    faults.check_text("/position", account.position.as_deref().unwrap_or_default(), 0, 200);
    if roles.is_empty() {
        faults.add("/roles", Code::Required);
    }
    for (index, role) in roles.iter().enumerate() {
        if !fits(*role, unit) {
            faults.add(format!("/roles/{index}"), Code::RoleNotForUnit);
        }
    }
    faults.into_result(Code::Invalid)
}

/// Whether a role goes with a kind of unit: school roles in schools, and only they.
#[must_use]
pub fn fits(role: Role, unit: UnitKind) -> bool {
    let school_role = matches!(role, Role::SchoolHead | Role::SchoolStaff);
    school_role == (unit == UnitKind::School)
}

/// The text by which an account is found: username, name and position, each made into a key.
#[must_use]
pub fn text_of(account: &Account, key: fn(&str) -> String) -> String {
    let position = account.position.as_deref().unwrap_or_default();
    [account.username.as_str(), &account.full_name, position].map(key).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn school_roles_belong_to_schools_and_no_others() {
        assert!(fits(Role::SchoolHead, UnitKind::School));
        assert!(!fits(Role::SchoolStaff, UnitKind::Department));
        assert!(!fits(Role::DepartmentHead, UnitKind::School));
        assert!(!fits(Role::Leader, UnitKind::School));
        assert!(fits(Role::DepartmentHead, UnitKind::Front));
        assert!(fits(Role::Coordinator, UnitKind::Office));
    }
}
