//! The permissions that operations name, one word each.

use std::fmt;

macro_rules! permissions {
    ($($(#[$meta:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What an operation asks of its caller.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission { $($(#[$meta])* $variant),+ }

        impl Permission {
            /// Every permission there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in `x-permission`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The permission of a word; `None` if there is none.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

permissions! {
    /// Anybody, with or without credentials.
    Public = "public",
    /// Published figures: the scope, or nobody's token where the ward allows it.
    PublicResultsRead = "public_results.read",
    /// The caller's own account.
    SelfManage = "self.manage",
    /// Create and change wards.
    WardsManage = "wards.manage",
    /// Read the ward's units.
    UnitsRead = "units.read",
    /// Create and change units.
    UnitsWrite = "units.write",
    /// Read accounts.
    UsersRead = "users.read",
    /// Create and change accounts.
    UsersWrite = "users.write",
    /// Read machine clients.
    ClientsRead = "clients.read",
    /// Create and change machine clients.
    ClientsWrite = "clients.write",
    /// Read webhooks and what became of their deliveries.
    WebhooksRead = "webhooks.read",
    /// Create and change webhooks, and deliver again.
    WebhooksWrite = "webhooks.write",
    /// Read plans, items, assignments and periods.
    PlansRead = "plans.read",
    /// Build plans, items, assignments and periods.
    PlansWrite = "plans.write",
    /// Issue and close plans.
    PlansIssue = "plans.issue",
    /// Read submissions within the caller's scope.
    SubmissionsRead = "submissions.read",
    /// Draft figures.
    SubmissionsWrite = "submissions.write",
    /// Submit, review, approve: which of it, the workflow's rules decide.
    SubmissionsDecide = "submissions.decide",
    /// Read the summary of results within the caller's scope.
    ResultsRead = "results.read",
    /// Read publications.
    PublicationsRead = "publications.read",
    /// Publish and withdraw.
    PublicationsWrite = "publications.write",
    /// Read the audit trail and prove its chain.
    AuditRead = "audit.read",
    /// Read the ward's library of evidence, as far as the caller's scope goes.
    DocumentsRead = "documents.read",
    /// Add documents, describe them, cite them.
    DocumentsWrite = "documents.write",
    /// Comment on submissions that the caller may read.
    CommentsWrite = "comments.write",
    /// Ask a unit to explain a figure.
    ExplanationsRequest = "explanations.request",
    /// Answer such a request for one's unit.
    ExplanationsAnswer = "explanations.answer",
    /// Write the standing office's finding or the leader's conclusion beside a unit's claim.
    AssessmentsWrite = "assessments.write",
    /// Read obstacles within the caller's scope.
    ObstaclesRead = "obstacles.read",
    /// Raise an obstacle for one's unit.
    ObstaclesRaise = "obstacles.raise",
    /// Answer or escalate obstacles.
    ObstaclesAnswer = "obstacles.answer",
    /// Decide escalated obstacles.
    ObstaclesDecide = "obstacles.decide",
    /// Give a unit more time.
    ExtensionsGrant = "extensions.grant",
    /// Change the ward's calendar of working days.
    CalendarWrite = "calendar.write",
    /// Give one's authority to another account for a time, and take it back.
    DelegationsWrite = "delegations.write",
    /// Build a unit's own plan.
    UnitPlansWrite = "unit_plans.write",
    /// Read who owes what, within the caller's scope.
    TrackingRead = "tracking.read",
    /// Remind units of what they owe.
    RemindersWrite = "reminders.write",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
