//! Which unit plans exist for a caller at all (RULES §2).

use crate::{
    access::{Actor, Role, Scope},
    error::Result,
    kernel::id::{UnitId, WardId},
};

/// What a caller may know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Nothing outside this ward.
    pub ward_id: WardId,
    /// Every unit's plan: leaders, coordinators, auditors.
    pub all: bool,
    /// This unit's plan, in whatever state.
    pub own_unit: Option<UnitId>,
    /// The issued plans of all units: not for schools, nor for machines.
    pub issued: bool,
}

impl Reach {
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
            all: actor.sees_whole_ward(),
            own_unit: actor.unit_id.filter(|_| department || school || machine),
            issued: department || actor.has_any(&[Role::Supervisor, Role::Admin]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_sees_what_the_rules_give_it() {
        for (role, all, own, issued) in [
            (Role::Leader, true, false, false),
            (Role::Coordinator, true, false, false),
            (Role::Auditor, true, false, false),
            (Role::DepartmentHead, false, true, true),
            (Role::SchoolStaff, false, true, false),
            (Role::Supervisor, false, false, true),
            (Role::Admin, false, false, true),
        ] {
            let mut actor = Actor::system();
            actor.ward_id = Some(WardId::generate());
            actor.unit_id = Some(UnitId::generate());
            actor.roles = vec![role];
            let reach = Reach::of(&actor).expect("a ward");
            assert_eq!((reach.all, reach.own_unit.is_some(), reach.issued), (all, own, issued), "{role}");
        }
    }
}
