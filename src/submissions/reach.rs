//! How far a caller sees: which submissions exist for them at all (RULES §2).

use crate::{
    access::{Actor, Role, Scope},
    error::Result,
    kernel::id::{UnitId, WardId},
};

/// What a caller may know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visibility {
    /// Nothing outside this ward.
    pub ward_id: WardId,
    /// Everything in the ward: leaders, coordinators, auditors.
    pub all: bool,
    /// The submissions of this unit.
    pub own_unit: Option<UnitId>,
    /// Those of the leaves that this unit tracks.
    pub tracked_unit: Option<UnitId>,
    /// Approved figures of all units: supervisors.
    pub approved: bool,
}

impl Visibility {
    /// What this caller may know of.
    ///
    /// # Errors
    /// Not found, for a caller without a ward.
    pub fn of(actor: &Actor) -> Result<Self> {
        let department = actor.has_any(&[Role::DepartmentHead, Role::DepartmentStaff]);
        let school = actor.has_any(&[Role::SchoolHead, Role::SchoolStaff]);
        let machine = actor.has_scope(Scope::SubmissionsWrite);
        Ok(Self {
            ward_id: actor.ward()?,
            // Whoever decides with a leader's authority sees what the leader sees.
            all: actor.sees_whole_ward()
                || actor.authorities.iter().any(|authority| authority.roles.contains(&Role::Leader)),
            own_unit: actor.unit_id.filter(|_| department || school || machine),
            tracked_unit: actor.unit_id.filter(|_| department),
            approved: actor.has_role(Role::Supervisor),
        })
    }
}

/// Whether this caller may draft for this unit: for its own, or, as a coordinator, for any (RULES §3, nhập thay).
#[must_use]
pub fn may_draft_for(actor: &Actor, unit_id: UnitId) -> bool {
    let drafts_own = actor.has_scope(Scope::SubmissionsWrite)
        || actor.has_any(&[Role::DepartmentHead, Role::DepartmentStaff, Role::SchoolHead, Role::SchoolStaff]);
    (actor.unit_id == Some(unit_id) && drafts_own) || actor.has_role(Role::Coordinator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(roles: &[Role]) -> (bool, bool, bool, bool) {
        let mut actor = Actor::system();
        actor.ward_id = Some(WardId::generate());
        actor.unit_id = Some(UnitId::generate());
        actor.roles = roles.to_vec();
        let v = Visibility::of(&actor).expect("a ward");
        (v.all, v.own_unit.is_some(), v.tracked_unit.is_some(), v.approved)
    }

    #[test]
    fn each_role_sees_what_the_rules_give_it() {
        assert_eq!(reach(&[Role::Leader]), (true, false, false, false));
        assert_eq!(reach(&[Role::Auditor]), (true, false, false, false));
        assert_eq!(reach(&[Role::DepartmentStaff]), (false, true, true, false));
        assert_eq!(reach(&[Role::SchoolHead]), (false, true, false, false));
        assert_eq!(reach(&[Role::Supervisor]), (false, false, false, true));
        assert_eq!(reach(&[Role::Admin]), (false, false, false, false));
    }
}
