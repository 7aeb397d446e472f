//! The role table (RULES §2): which role or scope holds which permission. Everything not written here is denied.

use super::{
    Actor, ActorKind, Permission,
    actor::{Role, Scope},
};
use crate::error::{Code, Text, text};

/// Who holds a permission.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Whether callers without credentials pass the gate.
    pub anonymous: bool,
    /// Roles of accounts.
    pub roles: &'static [Role],
    /// Scopes of machine clients.
    pub scopes: &'static [Scope],
}

const EVERYONE: &[Role] = Role::ALL;
const DRAFTERS: &[Role] =
    &[Role::Coordinator, Role::DepartmentHead, Role::DepartmentStaff, Role::SchoolHead, Role::SchoolStaff];
const DECIDERS: &[Role] = &[
    Role::Leader,
    Role::Coordinator,
    Role::DepartmentHead,
    Role::DepartmentStaff,
    Role::SchoolHead,
    Role::SchoolStaff,
];
/// Machine clients that are told of what happened.
const LISTENERS: &[Scope] = &[Scope::ResultsRead, Scope::SubmissionsWrite];
/// Heads sign for their unit.
const HEADS: &[Role] = &[Role::DepartmentHead, Role::SchoolHead];
const COMMENTERS: &[Role] = &[
    Role::Leader,
    Role::Coordinator,
    Role::DepartmentHead,
    Role::DepartmentStaff,
    Role::SchoolHead,
    Role::SchoolStaff,
    Role::Supervisor,
];
const READERS: &[Role] = &[
    Role::Leader,
    Role::Coordinator,
    Role::DepartmentHead,
    Role::DepartmentStaff,
    Role::SchoolHead,
    Role::SchoolStaff,
    Role::Supervisor,
    Role::Auditor,
];

/// The whole table, one permission a line.
#[rustfmt::skip]
#[must_use]
pub const fn grant(permission: Permission) -> Grant {
    use Role::{Admin, Auditor, Coordinator, Leader};
    match permission {
        Permission::Public             => open(),
        Permission::PublicResultsRead  => Grant { anonymous: true, roles: EVERYONE, scopes: &[Scope::ResultsRead] },
        Permission::SelfManage         => roles(EVERYONE),
        Permission::WardsManage        => Grant { anonymous: false, roles: &[], scopes: &[Scope::WardsManage] },
        Permission::UnitsRead          => Grant { anonymous: false, roles: EVERYONE, scopes: &[Scope::SubmissionsWrite] },
        Permission::UnitsWrite         => roles(&[Admin]),
        Permission::UsersRead          => roles(&[Admin, Auditor]),
        Permission::UsersWrite         => roles(&[Admin]),
        Permission::ClientsRead        => roles(&[Admin, Auditor]),
        Permission::ClientsWrite       => roles(&[Admin]),
        Permission::WebhooksRead       => Grant { anonymous: false, roles: &[Admin, Auditor], scopes: LISTENERS },
        Permission::WebhooksWrite      => Grant { anonymous: false, roles: &[Admin], scopes: LISTENERS },
        Permission::PlansRead          => Grant { anonymous: false, roles: EVERYONE, scopes: &[Scope::SubmissionsWrite] },
        Permission::PlansWrite         => roles(&[Coordinator]),
        Permission::PlansIssue         => roles(&[Leader]),
        Permission::SubmissionsRead    => Grant { anonymous: false, roles: READERS, scopes: &[Scope::SubmissionsWrite] },
        Permission::SubmissionsWrite   => Grant { anonymous: false, roles: DRAFTERS, scopes: &[Scope::SubmissionsWrite] },
        Permission::SubmissionsDecide  => roles(DECIDERS),
        Permission::ResultsRead        => roles(EVERYONE),
        Permission::PublicationsRead   => roles(EVERYONE),
        Permission::PublicationsWrite  => roles(&[Leader]),
        Permission::AuditRead          => roles(&[Leader, Auditor]),
        Permission::DocumentsRead      => Grant { anonymous: false, roles: READERS, scopes: &[Scope::SubmissionsWrite] },
        Permission::DocumentsWrite     => Grant { anonymous: false, roles: DRAFTERS, scopes: &[Scope::SubmissionsWrite] },
        Permission::CommentsWrite      => roles(COMMENTERS),
        Permission::ExplanationsRequest => roles(&[Leader, Coordinator]),
        Permission::ExplanationsAnswer => roles(HEADS),
        Permission::AssessmentsWrite   => roles(&[Leader, Coordinator]),
        Permission::ObstaclesRead      => roles(READERS),
        Permission::ObstaclesRaise     => roles(DRAFTERS),
        Permission::ObstaclesAnswer    => roles(&[Coordinator]),
        Permission::ObstaclesDecide    => roles(&[Leader]),
        Permission::ExtensionsGrant    => roles(&[Coordinator]),
        Permission::CalendarWrite      => roles(&[Coordinator]),
        Permission::DelegationsWrite   => roles(&[Leader, Role::DepartmentHead, Role::SchoolHead]),
        Permission::UnitPlansWrite     => roles(DRAFTERS),
        Permission::TrackingRead       => roles(READERS),
        Permission::RemindersWrite     => roles(&[Coordinator]),
    }
}

const fn open() -> Grant {
    Grant { anonymous: true, roles: EVERYONE, scopes: Scope::ALL }
}

const fn roles(roles: &'static [Role]) -> Grant {
    Grant { anonymous: false, roles, scopes: &[] }
}

/// Whether this caller holds the permission.
#[must_use]
pub fn allows(actor: &Actor, permission: Permission) -> bool {
    let grant = grant(permission);
    match actor.kind {
        ActorKind::Anonymous => grant.anonymous,
        ActorKind::Account => actor.has_any(grant.roles),
        ActorKind::Client => grant.scopes.iter().any(|scope| actor.has_scope(*scope)),
        ActorKind::System => false,
    }
}

/// What to tell a caller of this kind that lacks the permission.
#[must_use]
pub fn refusal(kind: ActorKind, permission: Permission) -> Text {
    if kind == ActorKind::Client && permission == Permission::SubmissionsDecide {
        return text(
            "Hệ thống kết nối chỉ soạn thảo số liệu; trưởng đơn vị phải tự xem lại và gửi",
            "A machine client only drafts; the head of the unit looks it over and submits it",
        );
    }
    Code::Forbidden.sentence()
}

/// The table as a person reads it: one line per permission, a column per role and scope.
#[must_use]
pub fn readable_table() -> String {
    let mut lines = Vec::new();
    let columns = Role::ALL.iter().map(|r| r.as_str()).chain(Scope::ALL.iter().map(|s| s.as_str()));
    let header: Vec<&str> = ["permission", "nobody"].into_iter().chain(columns).collect();
    lines.push(format!("| {} |", header.join(" | ")));
    lines.push(format!("|{}", "---|".repeat(header.len())));
    for permission in Permission::ALL {
        let grant = grant(*permission);
        let mark = |held: bool| if held { "yes" } else { "" };
        let mut cells = vec![permission.as_str(), mark(grant.anonymous)];
        cells.extend(Role::ALL.iter().map(|role| mark(grant.roles.contains(role))));
        cells.extend(Scope::ALL.iter().map(|scope| mark(grant.scopes.contains(scope))));
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    lines.join("\n") + "\n"
}
