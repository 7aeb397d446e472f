//! Who may hear of what (RULES §2): the city of publications, a ward's clients also of its plans, a unit's of its figures.

use super::EventKind;
use crate::{access::Scope, kernel::id::UnitId};

/// What the rules know of the client behind a webhook.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Whether it is a client of a ward; otherwise it is the city's.
    pub of_ward: bool,
    /// The unit it acts for.
    pub unit_id: Option<UnitId>,
    /// Its scopes.
    pub scopes: Vec<Scope>,
}

impl Listener {
    fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// Whether a client may be told of this kind of event, leaving aside whose unit's it is.
#[must_use]
pub fn may_hear(listener: &Listener, kind: EventKind) -> bool {
    use EventKind::{
        Ping, PlanAmended, PlanClosed, PlanIssued, PublicationCorrected, PublicationPublished,
        PublicationWithdrawn, SubmissionApproved, SubmissionCorrectionOpened, SubmissionEndorsed,
        SubmissionReopened, SubmissionReturned, SubmissionSubmitted, SubmissionVerified, SubmissionWithdrawn,
    };
    match kind {
        PublicationPublished | PublicationCorrected | PublicationWithdrawn => {
            listener.has(Scope::ResultsRead)
        }
        PlanIssued | PlanAmended | PlanClosed => {
            listener.of_ward && (listener.has(Scope::ResultsRead) || listener.has(Scope::SubmissionsWrite))
        }
        SubmissionSubmitted
        | SubmissionWithdrawn
        | SubmissionVerified
        | SubmissionEndorsed
        | SubmissionApproved
        | SubmissionReturned
        | SubmissionReopened
        | SubmissionCorrectionOpened => listener.of_ward && listener.has(Scope::SubmissionsWrite),
        Ping => true,
    }
}

/// Whether a client is told of an event: its kind may be heard, and a unit's business is that unit's.
#[must_use]
pub(super) fn hears(listener: &Listener, kind: EventKind, unit_id: Option<UnitId>) -> bool {
    may_hear(listener, kind) && (unit_id.is_none() || unit_id == listener.unit_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(of_ward: bool, unit_id: Option<UnitId>, scopes: &[Scope]) -> Listener {
        Listener { of_ward, unit_id, scopes: scopes.to_vec() }
    }

    #[test]
    fn each_client_hears_what_its_scopes_open() {
        let unit = Some(UnitId::generate());
        let city = listener(false, None, &[Scope::ResultsRead]);
        let reader = listener(true, None, &[Scope::ResultsRead]);
        let writer = listener(true, unit, &[Scope::SubmissionsWrite]);
        let operator = listener(false, None, &[Scope::WardsManage]);
        for kind in EventKind::ALL {
            let group = kind.as_str().split('.').next().unwrap_or_default();
            let expected = match group {
                "publication" => [true, true, false, false],
                "plan" => [false, true, true, false],
                "submission" => [false, false, true, false],
                _ => [true; 4],
            };
            assert_eq!(
                [&city, &reader, &writer, &operator].map(|who| may_hear(who, *kind)),
                expected,
                "{kind}"
            );
        }
    }

    #[test]
    fn a_units_business_is_heard_by_that_unit_alone() {
        let (unit, other) = (Some(UnitId::generate()), Some(UnitId::generate()));
        let writer = listener(true, unit, &[Scope::SubmissionsWrite]);
        assert!(hears(&writer, EventKind::SubmissionApproved, unit));
        assert!(!hears(&writer, EventKind::SubmissionApproved, other));
        assert!(hears(&writer, EventKind::PlanIssued, None));
    }
}
