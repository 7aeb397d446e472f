//! What differs between the two databases, side by side.

use diesel::{
    Connection, QueryResult,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::AnyConnection;
use crate::error::Result;

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// Begins a transaction.
///
/// On SQLite a transaction that reads before it writes must hold the write lock from its start.
pub(super) fn begin(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(_) => Transactions::begin_transaction(connection),
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
        }
    }
}

/// Runs `work` in the transaction that was begun, and ends it.
pub(super) fn conclude<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    match work(connection) {
        Ok(value) => {
            Transactions::commit_transaction(connection)?;
            Ok(value)
        }
        Err(error) => {
            // What cannot be rolled back ends with its connection, which the pool then drops.
            if let Err(failure) = Transactions::rollback_transaction(connection) {
                tracing::warn!(error = %failure, "a transaction was not rolled back");
            }
            Err(error)
        }
    }
}

/// Runs `work`, which changes nothing.
///
/// On SQLite all its queries see one moment in time, and the file is locked once and not for each of them. On PostgreSQL
/// the same would cost two more round trips.
pub(super) fn reading<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    match connection {
        AnyConnection::Postgres(_) => work(connection),
        AnyConnection::Sqlite(_) => snapshot(connection, work),
    }
}

/// PostgreSQL's usual view changes with each statement; and its limits are those of a request.
const ONE_MOMENT: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
    SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;";

/// Runs `work` on one moment of the database, however long it takes and whatever others write meanwhile.
pub(super) fn snapshot<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    Transactions::begin_transaction(connection)?;
    let begun = match connection {
        AnyConnection::Postgres(postgres) => postgres.batch_execute(ONE_MOMENT),
        AnyConnection::Sqlite(_) => Ok(()),
    };
    let outcome = begun.map_err(Into::into).and_then(|()| work(connection));
    let ended = Transactions::rollback_transaction(connection);
    let value = outcome?;
    ended?;
    Ok(value)
}

/// The rows `asked` of texts that the value of `$1`, a JSON array of objects, spells out, for a [`crate::db::statement()`].
///
/// PostgreSQL must get columns, not expressions: by these it would look nothing up behind the wall (row-level security).
#[must_use]
pub fn json_rows(connection: &AnyConnection, columns: &[&str]) -> String {
    let each = |one: fn(&&str) -> String| columns.iter().map(one).collect::<Vec<_>>().join(", ");
    match connection {
        AnyConnection::Postgres(_) => {
            let columns = each(|column| format!("{column} TEXT COLLATE \"C\""));
            format!("json_to_recordset(($1)::json) AS asked ({columns})")
        }
        AnyConnection::Sqlite(_) => {
            let columns = each(|column| format!("value ->> '{column}' AS {column}"));
            format!("(SELECT {columns} FROM json_each($1)) AS asked")
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
