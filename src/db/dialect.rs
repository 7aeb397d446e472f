//! What differs between the two databases, side by side.

use diesel::{
    Connection,
    connection::{AnsiTransactionManager, TransactionManager},
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::AnyConnection;
use crate::error::Result;

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// Runs `work` as one transaction: all of it or, on an error, nothing.
///
/// On SQLite a transaction that reads before it writes must hold the write lock from its start.
pub(super) fn transaction<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    match connection {
        AnyConnection::Postgres(_) => Transactions::begin_transaction(connection)?,
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?
        }
    }
    match work(connection) {
        Ok(value) => {
            Transactions::commit_transaction(connection)?;
            Ok(value)
        }
        Err(error) => {
            Transactions::rollback_transaction(connection)?;
            Err(error)
        }
    }
}

/// Runs the same query on whichever connection it is: what the pair of both does not take, such as many rows at once.
macro_rules! per_backend {
    ($connection:expr, $inner:ident => $query:expr) => {
        match $connection {
            $crate::db::AnyConnection::Postgres($inner) => $query,
            $crate::db::AnyConnection::Sqlite($inner) => $query,
        }
    };
}
pub(crate) use per_backend;

/// Whether an insert or update broke this unique constraint.
///
/// PostgreSQL names the constraint; SQLite names the columns, so the tables' columns stand here beside the names.
#[must_use]
pub fn is_unique_violation(error: &DieselError, constraint: &str) -> bool {
    let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error else {
        return false;
    };
    if let Some(name) = info.constraint_name() {
        return name == constraint;
    }
    let columns = match constraint {
        "accounts_username" => "accounts.username",
        "clients_client_id" => "clients.client_id",
        "wards_code_key" => "wards.code",
        "units_code" => "units.ward_id, units.code",
        "units_standing_office" => "units.ward_id",
        "plans_year" => "plans.ward_id, plans.year",
        "plan_items_code" => "plan_items.plan_id, plan_items.kind, plan_items.code_ascii",
        "amendments_number" => "amendments.plan_id, amendments.number",
        "periods_code" => "periods.plan_id, periods.code",
        "submissions_once" => "submissions.item_id, submissions.period_id, submissions.unit_id",
        "unit_plans_once" => "unit_plans.plan_id, unit_plans.unit_id",
        "publications_number" => "publications.period_id, publications.number",
        "document_files_pkey" => "document_files.ward_id, document_files.sha256",
        "documents_once" => "documents.unit_id, documents.sha256",
        "idempotency_keys_pkey" => "idempotency_keys.principal_id, idempotency_keys.idempotency_key",
        _ => return false,
    };
    info.message().strip_prefix("UNIQUE constraint failed: ") == Some(columns)
}

/// Whether the database gave up because others were at work: nothing is wrong, and a retry may succeed.
#[must_use]
pub(super) fn is_contention(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection,
            _,
        ) => true,
        DieselError::DatabaseError(_, info) => {
            let message = info.message();
            message.contains("database is locked")
                || message.contains("deadlock detected")
                || message.contains("lock timeout")
                || message.contains("statement timeout")
        }
        _ => false,
    }
}
