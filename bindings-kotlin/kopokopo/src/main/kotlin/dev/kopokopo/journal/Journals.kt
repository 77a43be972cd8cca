@file:JvmName("Journals")

package dev.kopokopo.journal

import dev.kopokopo.Event
import dev.kopokopo.Journal
import dev.kopokopo.JournalRecord
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.asText
import dev.kopokopo.eventClaim
import dev.kopokopo.journalSchema
import java.sql.Connection
import java.sql.SQLException
import java.util.concurrent.CompletableFuture
import javax.sql.DataSource

/**
 * Returns a client with a journal in a database: SQLite, PostgreSQL, MySQL or MariaDB. It connects at the first call that
 * needs the journal, and uses a connection for each statement. A connection pool makes that fast.
 *
 * The connections must be in autocommit mode and outside of the program's transactions. The journal commits on its own,
 * also inside of a `@Transactional` method. With SQLite the commits are on the disk when they return.
 *
 * Errors of the database are errors of the call, of the kind `journal`. If the store fails before the request is sent,
 * nothing is sent.
 *
 * Errors: `configuration` for another [dialect].
 *
 * @param createTables Whether to create the tables if they do not exist. If not, create them with [journalSchema].
 * @param keyInMetadata Whether an idempotency key travels in the metadata of its request.
 * @param dialect The SQL of the database: `sqlite`, `postgres` or `mysql`. Null: that of the first connection.
 */
@JvmOverloads
public fun KopoKopo.withJournal(dataSource: DataSource, createTables: Boolean = true, keyInMetadata: Boolean = true, dialect: String? = null): KopoKopo =
    withJournal(JdbcJournal(dataSource), dialect ?: "ask", "?", createTables, keyInMetadata)

/** Returns a client whose creates happen once for this key. It needs a journal. */
public fun KopoKopo.idempotent(key: String): KopoKopo = withOptions(idempotencyKey = key)

/** Tells the journal about a verified event. See [Journal.observe]. */
public suspend fun Journal.observe(event: Event): JournalRecord? = observe(event.raw)

/** Tells the journal about a verified event. See [Journal.observe]. */
public fun Journal.observeAsync(event: Event): CompletableFuture<JournalRecord?> = observeAsync(event.raw)

/** Tells the journal about a verified event. See [Journal.observe]. */
public fun Journal.observeBlocking(event: Event): JournalRecord? = observeBlocking(event.raw)

/**
 * Claims an event inside of the caller's own transaction. Returns true the first time: then handle the event, and commit.
 * After a rollback the next delivery counts as the first again. While another transaction handles the same event, this waits.
 *
 * Payments are claimed by their `paymentKey`, because two events can report one payment. Other events are claimed by their
 * `dedupeKey`.
 *
 * Errors: `configuration` if the connection is in autocommit mode or the table does not exist. `journal` if the database
 * fails. The [SQLException] is its cause.
 */
public fun once(event: Event, connection: Connection): Boolean = database {
    if (connection.autoCommit) {
        throw wrong("must be inside of a transaction: with autocommit, an event whose handler fails would be lost")
    }
    connection.prepareStatement(eventClaim(dialectOf(connection), "?")).use { statement ->
        statement.setString(1, event.paymentKey ?: event.dedupeKey)
        statement.setLong(2, System.currentTimeMillis())
        statement.executeUpdate() == 1
    }
}

/**
 * Creates the journal's tables, unless they exist. Without autocommit, the caller commits.
 *
 * Errors: `journal` if the database fails. The [SQLException] is its cause.
 */
public fun createTables(connection: Connection): Unit = database {
    journalSchema(dialectOf(connection)).forEach { sql -> connection.createStatement().use { it.execute(sql) } }
}

/**
 * Converts a [SQLException] to an unchecked exception. Frameworks roll back for unchecked exceptions, and some of them commit
 * after a checked one.
 */
private inline fun <T> database(work: () -> T): T = try {
    work()
} catch (error: SQLException) {
    val failed = if (isMissingTable(error)) wrong(NO_TABLE) else KopoKopoException.Journal(KopoKopoException.Fields("the journal failed: ${error.asText()}"))
    throw failed.apply { initCause(error) }
}

private fun isMissingTable(error: SQLException): Boolean = error.sqlState in MISSING_TABLE || "no such table" in error.message.orEmpty()

/** The states of PostgreSQL and of MySQL. SQLite has none. */
private val MISSING_TABLE = setOf("42P01", "42S02")

private const val NO_TABLE =
    "its database has no table kopokopo_events: call createTables(connection) when the program starts, or run the " +
        "statements of journalSchema(dialect) in a migration"

private fun wrong(remedy: String) = KopoKopoException.Configuration(KopoKopoException.Fields("connection: $remedy", field = "connection"))
