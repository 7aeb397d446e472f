//! What went wrong with the database, told apart by what helps: another connection, another server, or time.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::{Code, Error, text};

/// What an error of the database means for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection is gone: the server stopped, fell, or cannot be reached.
    Lost,
    /// The server takes no writes: a replica, or a primary that was replaced.
    ReadOnly,
    /// Others were at work: locks, deadlocks, a replica that must apply what a query still reads.
    Contention,
    /// The disk is full: somebody must make space.
    Full,
    /// The statement took longer than it may.
    Slow,
    /// A fault of the statement or of ours; the same again would not help.
    Other,
}

/// Said by PostgreSQL and SQLite where diesel has no kind of its own. PostgreSQL translates its messages by
/// `lc_messages`, which an operator leaves at English.
const SAID: &[(&str, Failure)] = &[
    ("database is locked", Failure::Contention),
    ("deadlock detected", Failure::Contention),
    ("lock timeout", Failure::Contention),
    ("conflict with recovery", Failure::Contention),
    ("No space left on device", Failure::Full),
    ("database or disk is full", Failure::Full),
    ("statement timeout", Failure::Slow),
    ("due to user request", Failure::Slow),
    // The server stops or starts (57P01 to 57P03), and has no place left (53300).
    ("terminating connection", Failure::Lost),
    ("the database system is", Failure::Lost),
    ("too many clients", Failure::Lost),
    ("connection slots are reserved", Failure::Lost),
];

/// What this error means.
pub(super) fn kind_of(error: &DieselError) -> Failure {
    let (kind, info) = match error {
        DieselError::DatabaseError(kind, info) => (kind, info),
        DieselError::RollbackErrorOnCommit { commit_error, .. } => return kind_of(commit_error),
        // A transaction could not even be rolled back.
        DieselError::BrokenTransactionManager => return Failure::Lost,
        _ => return Failure::Other,
    };
    match kind {
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Failure::Lost,
        DatabaseErrorKind::ReadOnlyTransaction => Failure::ReadOnly,
        DatabaseErrorKind::SerializationFailure => Failure::Contention,
        DatabaseErrorKind::Unknown => {
            let said = SAID.iter().find(|(words, _)| info.message().contains(words));
            said.map_or(Failure::Other, |(_, failure)| *failure)
        }
        _ => Failure::Other,
    }
}

/// What the database's error behind this refusal means.
pub(super) fn cause_of(error: &Error) -> Failure {
    let cause = error.cause.as_ref().and_then(|cause| cause.downcast_ref::<DieselError>());
    cause.map_or(Failure::Other, kind_of)
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::not_found(),
            other => match kind_of(&other) {
                Failure::Other => Self::internal(other),
                Failure::Full => Self { cause: Some(Box::new(other)), ..no_space() },
                _ => Self { cause: Some(Box::new(other)), ..Self::new(Code::Busy) },
            },
        }
    }
}

/// Not the usual "busy": waiting alone does not help.
fn no_space() -> Error {
    Error::because(
        Code::StorageUnavailable,
        text(
            "Máy chủ đã hết chỗ lưu nên chưa ghi được gì; hãy báo quản trị viên rồi thử lại sau",
            "The server has no space left, so nothing was written; tell the administrator, then try again later",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: DatabaseErrorKind, message: &str) -> DieselError {
        DieselError::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn each_failure_is_known_by_its_kind_or_its_words() {
        use DatabaseErrorKind as Kind;
        let cases = [
            (said(Kind::ClosedConnection, ""), Failure::Lost),
            (said(Kind::UnableToSendCommand, "no connection to the server"), Failure::Lost),
            (DieselError::BrokenTransactionManager, Failure::Lost),
            (said(Kind::Unknown, "terminating connection due to administrator command"), Failure::Lost),
            (said(Kind::Unknown, "the database system is shutting down"), Failure::Lost),
            (said(Kind::Unknown, "sorry, too many clients already"), Failure::Lost),
            (
                said(Kind::ReadOnlyTransaction, "cannot execute UPDATE in a read-only transaction"),
                Failure::ReadOnly,
            ),
            (said(Kind::SerializationFailure, ""), Failure::Contention),
            (said(Kind::Unknown, "deadlock detected"), Failure::Contention),
            (said(Kind::Unknown, "canceling statement due to lock timeout"), Failure::Contention),
            (said(Kind::Unknown, "database is locked"), Failure::Contention),
            (said(Kind::Unknown, "database or disk is full"), Failure::Full),
            (said(Kind::Unknown, "could not extend file: No space left on device"), Failure::Full),
            (said(Kind::Unknown, "canceling statement due to statement timeout"), Failure::Slow),
            (said(Kind::Unknown, "relation \"units\" does not exist"), Failure::Other),
            (said(Kind::UniqueViolation, "terminating connection"), Failure::Other),
            (DieselError::NotInTransaction, Failure::Other),
        ];
        for (error, expected) in cases {
            assert_eq!(kind_of(&error), expected, "{error:?}");
        }
    }

    #[test]
    fn a_commit_that_broke_off_is_told_by_the_commit() {
        let error = DieselError::RollbackErrorOnCommit {
            rollback_error: Box::new(DieselError::NotInTransaction),
            commit_error: Box::new(said(DatabaseErrorKind::ClosedConnection, "")),
        };
        assert_eq!(kind_of(&error), Failure::Lost);
    }

    #[test]
    fn what_passes_by_itself_is_busy_and_the_rest_is_our_fault() {
        let busy = Error::from(said(DatabaseErrorKind::ReadOnlyTransaction, ""));
        assert_eq!((busy.code, cause_of(&busy)), (Code::Busy, Failure::ReadOnly));
        let full = Error::from(said(DatabaseErrorKind::Unknown, "database or disk is full"));
        assert_eq!((full.code, cause_of(&full)), (Code::StorageUnavailable, Failure::Full));
        assert_eq!(Error::from(said(DatabaseErrorKind::CheckViolation, "")).code, Code::Internal);
        assert_eq!(Error::from(DieselError::NotFound).code, Code::NotFound);
        assert_eq!(cause_of(&Error::not_found()), Failure::Other);
    }
}
