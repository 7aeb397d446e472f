//! SQL that stays prepared: statements written out, and lists of ids as one bind.
//!
//! Diesel prepares anew, on every execution, what [`diesel::sql_query`] and `eq_any` make: planning a summary costs
//! SQLite several times what running it does, and PostgreSQL a round trip more.

use diesel::{
    AppearsOnTable, Expression, QueryResult, RunQueryDsl, SelectableExpression,
    backend::Backend,
    expression::{AsExpression, TypedExpressionType, ValidGrouping},
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{Bool, HasSqlType, SqlType, Text, Untyped},
    sqlite::Sqlite,
};

use super::MultiBackend;

/// A statement written out, whose `$1`, `$2`, … stand for its binds; one may stand in several places.
#[must_use]
pub struct Statement<'b> {
    sql: String,
    binds: Vec<Box<dyn QueryFragment<MultiBackend> + 'b>>,
}

/// Begins a statement.
pub fn statement<'b>(sql: impl Into<String>) -> Statement<'b> {
    Statement { sql: sql.into(), binds: Vec::new() }
}

impl<'b> Statement<'b> {
    /// Adds the value of the next number, as this SQL type.
    pub fn bind<T, U>(mut self, value: U) -> Self
    where
        T: SqlType + TypedExpressionType,
        U: AsExpression<T>,
        U::Expression: QueryFragment<MultiBackend> + 'b,
    {
        self.binds.push(Box::new(value.as_expression()));
        self
    }
}

impl QueryFragment<MultiBackend> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let mut pieces = self.sql.split('$');
        out.push_sql(pieces.next().unwrap_or_default());
        for piece in pieces {
            let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = piece.split_at(digits);
            let number: usize = number.parse().unwrap_or_default();
            let bind = number.checked_sub(1).and_then(|place| self.binds.get(place)).ok_or_else(|| {
                diesel::result::Error::QueryBuilderError(format!("${number} has no value").into())
            })?;
            bind.walk_ast(out.reborrow())?;
            out.push_sql(rest);
        }
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Statement<'_> {}

/// Whether a text column holds one of these words or ids: one bind, however many there are.
///
/// None of them may hold a quotation mark, a backslash or a comma; ids and the words of enums never do.
pub fn one_of<C, I>(column: C, words: I) -> OneOf<C>
where
    C: Expression<SqlType = Text>,
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let mut json = String::from("[");
    for word in words {
        if json.len() > 1 {
            json.push(',');
        }
        json.push('"');
        json.push_str(word.as_ref());
        json.push('"');
    }
    json.push(']');
    OneOf { column, json }
}

/// What [`one_of`] makes.
#[derive(Clone, Debug, QueryId)]
pub struct OneOf<C> {
    column: C,
    json: String,
}

impl<C> Expression for OneOf<C> {
    type SqlType = Bool;
}

impl<C: ValidGrouping<G>, G> ValidGrouping<G> for OneOf<C> {
    type IsAggregate = C::IsAggregate;
}

impl<C, S> AppearsOnTable<S> for OneOf<C> where C: AppearsOnTable<S> {}

impl<C, S> SelectableExpression<S> for OneOf<C> where C: SelectableExpression<S> {}

const IN_POSTGRES: [&str; 2] = [" = ANY (ARRAY(SELECT json_array_elements_text(", "::json)))"];
const IN_SQLITE: [&str; 2] = [" IN (SELECT value FROM json_each(", "))"];

impl<C> OneOf<C> {
    fn walk<'b, B>(&'b self, mut out: AstPass<'_, 'b, B>, [before, after]: [&str; 2]) -> QueryResult<()>
    where
        B: Backend + HasSqlType<Text>,
        C: QueryFragment<B>,
        String: ToSql<Text, B>,
    {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(before);
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql(after);
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for OneOf<C> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk(out, IN_POSTGRES)
    }
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for OneOf<C> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.walk(out, IN_SQLITE)
    }
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for OneOf<C> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let words = match out.backend() {
            MultiBackend::Postgres(_) => IN_POSTGRES,
            MultiBackend::Sqlite(_) => IN_SQLITE,
        };
        self.walk(out, words)
    }
}
