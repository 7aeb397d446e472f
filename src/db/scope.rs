//! Whose rows a piece of work may touch, and how PostgreSQL is told: its row-level security asks for the ward.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types};

use super::{AnyConnection, statement};
use crate::kernel::id::WardId;

/// Whose rows a piece of work may touch. The code filters by itself; this is the wall behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of every ward, and those of none. Write the reason beside it.
    All,
    /// Those of this ward.
    Ward(WardId),
}

impl Scope {
    /// What the policies compare with.
    fn as_str(&self) -> &str {
        match self {
            Self::All => "*",
            Self::Ward(id) => id.as_str(),
        }
    }
}

/// Whoever belongs to no ward stands above them: operator, city client, a reader of what is public.
impl From<Option<WardId>> for Scope {
    fn from(ward_id: Option<WardId>) -> Self {
        ward_id.map_or(Self::All, Self::Ward)
    }
}

/// Whether any connection of this process stands behind the wall; without one there is nothing to open.
static STANDS: AtomicBool = AtomicBool::new(false);

/// Whether row-level security holds for who is connected, and what it was told last.
#[derive(Debug)]
enum Wall {
    /// SQLite, the owner of the tables, or a schema that has none yet.
    Absent,
    /// The application role; nothing is visible before it says where it works.
    Standing(Option<Scope>),
}

/// A connection of the pool.
pub(super) struct Session {
    pub(super) connection: AnyConnection,
    wall: Wall,
}

#[derive(QueryableByName)]
struct Active {
    #[diesel(sql_type = sql_types::Bool)]
    active: bool,
}

/// Quiet where the table is not there yet.
const IS_ACTIVE: &str =
    "SELECT coalesce(row_security_active(to_regclass('submissions')::oid), false) AS active";
/// For the session, not the transaction: work of the same ward then costs no further round trip.
const ENTER: &str = "SELECT set_config('cchc.ward', $1, false)";
const WIDEN: &str = "SELECT set_config('cchc.ward', '*', true)";

impl Session {
    /// Asks once whether this connection stands behind the wall.
    pub(super) fn new(mut connection: AnyConnection) -> QueryResult<Self> {
        let standing = match &mut connection {
            AnyConnection::Sqlite(_) => false,
            AnyConnection::Postgres(postgres) => sql_query(IS_ACTIVE).get_result::<Active>(postgres)?.active,
        };
        STANDS.fetch_or(standing, Ordering::Relaxed);
        let wall = if standing { Wall::Standing(None) } else { Wall::Absent };
        Ok(Self { connection, wall })
    }

    /// The connection, for work on these rows. A round trip only where the last work was on others.
    pub(super) fn enter(&mut self, scope: Scope) -> QueryResult<&mut AnyConnection> {
        if let Wall::Standing(told) = &mut self.wall
            && *told != Some(scope)
        {
            // Whatever becomes of the call, the next one asks anew.
            *told = None;
            statement(ENTER).bind::<sql_types::Text, _>(scope.as_str()).execute(&mut self.connection)?;
            *told = Some(scope);
        }
        Ok(&mut self.connection)
    }
}

/// Opens every ward's rows until the transaction ends.
///
/// # Errors
/// When the database fails.
pub(crate) fn widen(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(_) if STANDS.load(Ordering::Relaxed) => {
            statement(WIDEN).execute(connection).map(drop)
        }
        _ => Ok(()),
    }
}
