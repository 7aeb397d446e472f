//! The caller: an account with roles, a machine client with scopes, the system itself, or nobody.

use ipnet::IpNet;

use crate::{
    error::{Error, Result},
    kernel::id::{PrincipalId, UnitId, WardId},
    text_enum,
};

text_enum! {
    /// What an account may be in its ward (RULES §2).
    pub enum Role {
        /// Chairman and vice-chairmen: issue, approve, reopen, publish.
        Leader = "leader",
        /// Staff of the standing office (and some of the ward Office): plan, endorse, consolidate.
        Coordinator = "coordinator",
        /// Head of a unit that is no school: signs for it.
        DepartmentHead = "department_head",
        /// Staff of a unit that is no school.
        DepartmentStaff = "department_staff",
        /// Head of a school.
        SchoolHead = "school_head",
        /// Staff of a school.
        SchoolStaff = "school_staff",
        /// Party committee, People's Council, Fatherland Front: reads approved figures.
        Supervisor = "supervisor",
        /// Inspection: reads everything, changes nothing.
        Auditor = "auditor",
        /// System administrator of the ward: accounts, units, clients; no say in content.
        Admin = "admin",
    }
}

text_enum! {
    /// What a machine client may do (RULES §2).
    pub enum Scope {
        /// Published figures of its ward, or of all wards for a city client.
        ResultsRead = "results:read",
        /// Drafts for the one unit it acts for; a person still submits.
        SubmissionsWrite = "submissions:write",
        /// The city's operator: creates wards.
        WardsManage = "wards:manage",
    }
}

/// What kind of caller it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A person's account.
    Account,
    /// A machine client.
    Client,
    /// A command at the console.
    System,
    /// Nobody showed credentials.
    Anonymous,
}

/// Authority of a leader or head that the caller holds at this moment (RULES §3, ủy quyền).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Whose it is.
    pub grantor_id: PrincipalId,
    /// Unit of that account.
    pub unit_id: UnitId,
    /// Those of its roles that can be delegated.
    pub roles: Vec<Role>,
}

/// Who acts, as the database knows them at this moment.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Account, client, console or nobody.
    pub kind: ActorKind,
    /// The account's or client's id.
    pub principal_id: Option<PrincipalId>,
    /// The ward; none for a city client and for nobody.
    pub ward_id: Option<WardId>,
    /// The account's unit, or the one a client acts for.
    pub unit_id: Option<UnitId>,
    /// Roles of an account.
    pub roles: Vec<Role>,
    /// What was delegated to the account.
    pub authorities: Vec<Authority>,
    /// Scopes of a client.
    pub scopes: Vec<Scope>,
    /// Networks from which a client may call; none: from anywhere.
    pub networks: Vec<IpNet>,
    /// Username or client id, as the audit trail shows it.
    pub name: String,
    /// Office held, at this moment.
    pub position: Option<String>,
}

impl Actor {
    /// A caller without credentials.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::bare(ActorKind::Anonymous, "anonymous")
    }

    /// A command at the console of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self::bare(ActorKind::System, "system")
    }

    fn bare(kind: ActorKind, name: &str) -> Self {
        Self {
            kind,
            principal_id: None,
            ward_id: None,
            unit_id: None,
            roles: Vec::new(),
            authorities: Vec::new(),
            scopes: Vec::new(),
            networks: Vec::new(),
            name: name.to_owned(),
            position: None,
        }
    }

    /// Whether the account holds this role.
    #[must_use]
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the account holds one of these roles.
    #[must_use]
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has_role(*role))
    }

    /// Whether the account sees all of its ward by its own roles: leaders, coordinators, auditors (RULES §2).
    #[must_use]
    pub fn sees_whole_ward(&self) -> bool {
        self.has_any(&[Role::Leader, Role::Coordinator, Role::Auditor])
    }

    /// Whether the client holds this scope.
    #[must_use]
    pub fn has_scope(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The caller's ward.
    ///
    /// # Errors
    /// Not found, when the caller belongs to none: there is nothing of a ward it could see.
    pub fn ward(&self) -> Result<WardId> {
        self.ward_id.ok_or_else(Error::not_found)
    }

    /// The caller's own id.
    ///
    /// # Errors
    /// Not found, for a caller without one.
    pub fn principal(&self) -> Result<PrincipalId> {
        self.principal_id.ok_or_else(Error::not_found)
    }
}
