//! The journal in PostgreSQL.

use std::{error::Error as _, fmt, str::FromStr, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::{TryStreamExt, future::BoxFuture, pin_mut};
use tokio_postgres::{
    Config, Row,
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{SqlDialect, SqlExecutor, SqlJournal, SqlPlaceholder, SqlResult, SqlValue};
use crate::{
    error::{KopoKopoError, Result},
    transport::tls,
};

/// The connections of one process.
const CONNECTIONS: usize = 8;

/// How long a connection waits for a server that does not respond to packets.
const SILENCE: Duration = Duration::from_secs(20);

/// Runs statements on PostgreSQL, over connections that it keeps. Made by [`SqlJournal::postgres`].
#[derive(Clone)]
pub struct PostgresExecutor(Pool);

impl SqlJournal<PostgresExecutor> {
    /// A journal in PostgreSQL: `postgresql://user:password@host/database`, also with `sslmode=require`. It has at
    /// most 8 connections, opens them at first use, and waits for each commit to be on the disk
    /// (`synchronous_commit=on`). Certificates are checked against the platform's roots. Behind PgBouncer with transaction
    /// pooling, set `synchronous_commit` for the role: the setting of a connection is lost there.
    ///
    /// # Errors
    /// `configuration`, field `url`, if the URL cannot be read.
    pub fn postgres(url: &str) -> Result<Self> {
        // The error of the parser can repeat the password.
        let mut config = Config::from_str(url).map_err(|_| {
            KopoKopoError::configuration("url", "must be like postgresql://user:password@host:5432/database")
        })?;
        // A connection whose server is gone without a word must not wait for hours.
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(SILENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        let tls = tls::client_config(&[], true).map_err(|error| KopoKopoError::journal(error.to_string()))?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, MakeRustlsConnect::new(tls), recycling);
        let pool = Pool::builder(manager)
            .runtime(Runtime::Tokio1)
            .max_size(CONNECTIONS)
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async move {
                    // A server or a role can be set up to lose the last commits in a crash.
                    client.batch_execute("SET synchronous_commit = on").await.map_err(HookError::Backend)
                })
            }))
            .build()
            .map_err(|error| KopoKopoError::journal(error.to_string()))?;
        Ok(Self::new(PostgresExecutor(pool), SqlDialect::Postgres, SqlPlaceholder::Dollar))
    }
}

/// A connection that is closed if its statement does not end, because its next result would be that of the statement.
struct InUse(Option<Object>);

impl Drop for InUse {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

impl SqlExecutor for PostgresExecutor {
    fn execute(&self, statement: String, parameters: Vec<SqlValue>) -> BoxFuture<'_, Result<SqlResult>> {
        Box::pin(async move {
            let connection = self.0.get().await.map_err(|error| {
                let cause = error.source().map(|cause| format!(": {}", with_causes(cause))).unwrap_or_default();
                KopoKopoError::journal(format!("no connection to PostgreSQL{cause}"))
            })?;
            let mut in_use = InUse(Some(connection));
            let Some(connection) = in_use.0.as_deref() else { unreachable!("it was put there above") };
            let result = run(connection, &statement, &parameters).await;
            if result.is_ok() || !connection.is_closed() {
                in_use.0.take();
            }
            result.map_err(|error| KopoKopoError::journal(with_causes(&error)))
        })
    }
}

async fn run(
    client: &tokio_postgres::Client,
    statement: &str,
    parameters: &[SqlValue],
) -> Result<SqlResult, tokio_postgres::Error> {
    // Without a prepared statement, which a proxy between the connections would lose.
    let parameters = parameters.iter().map(|value| -> (&(dyn ToSql + Sync), Type) {
        match value {
            SqlValue::Null => (&None::<String>, Type::UNKNOWN),
            SqlValue::Integer(number) => (number, Type::INT8),
            SqlValue::Text(text) => (text, Type::TEXT),
        }
    });
    let stream = client.query_typed_raw(statement, parameters).await?;
    pin_mut!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(values(&row)?);
    }
    Ok(SqlResult { rows, changed: stream.rows_affected().unwrap_or(0) })
}

fn values(row: &Row) -> Result<Vec<SqlValue>, tokio_postgres::Error> {
    let value = |at: usize| {
        Ok(if row.columns()[at].type_() == &Type::INT8 {
            row.try_get::<_, Option<i64>>(at)?.map_or(SqlValue::Null, SqlValue::Integer)
        } else {
            row.try_get::<_, Option<String>>(at)?.map_or(SqlValue::Null, SqlValue::Text)
        })
    };
    (0..row.len()).map(value).collect()
}

/// The driver's errors say what they are about only in their causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl fmt::Debug for PostgresExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresExecutor").finish_non_exhaustive()
    }
}
