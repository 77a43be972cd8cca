@file:JvmName("Journals")

package dev.kopokopo.journal

import dev.kopokopo.Event
import dev.kopokopo.Journal
import dev.kopokopo.JournalRecord
import dev.kopokopo.JournalStore
import dev.kopokopo.Json
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.eventClaim
import dev.kopokopo.journalSchema
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import java.sql.Connection
import java.sql.PreparedStatement
import java.sql.SQLException
import java.util.concurrent.CompletableFuture
import javax.sql.DataSource

/** Each statement has a connection and a transaction of its own, on a thread for blocking work. */
private class JdbcJournal(private val dataSource: DataSource) : JournalStore {
    override suspend fun execute(request: String): String = withContext(THREADS) {
        try {
            dataSource.connection.use { run(it, Json.read(request)) }
        } catch (error: SQLException) {
            throw KopoKopoException.Journal(KopoKopoException.Fields("${error.javaClass.simpleName}: ${error.message}"))
        }
    }

    private fun run(connection: Connection, request: Map<String, Any?>): String {
        connection.autoCommit = true
        return connection.prepareStatement(request["sql"] as String).use { statement ->
            (request["parameters"] as List<*>).forEachIndexed { index, value -> statement.set(index + 1, value) }
            val rows = if (statement.execute()) rows(statement) else emptyList()
            Json.write(mapOf("rows" to rows, "changed" to maxOf(statement.updateCount, 0)), "result")
        }
    }

    private fun rows(statement: PreparedStatement): List<List<Any?>> = statement.resultSet.use { found ->
        val columns = 1..found.metaData.columnCount
        buildList {
            while (found.next()) {
                add(columns.map { column -> found.getObject(column).let { if (it is Number) it.toLong() else it?.toString() } })
            }
        }
    }
}

/** Threads of its own: calls that block all threads for blocking work wait for the journal. */
private val THREADS = Dispatchers.IO.limitedParallelism(64)

private fun PreparedStatement.set(index: Int, value: Any?) {
    if (value is Number) setLong(index, value.toLong()) else setString(index, value as String?)
}

/**
 * A client with a journal in a database: SQLite, PostgreSQL, MySQL or MariaDB. It creates its tables unless [createTables] is
 * false. With SQLite, set `synchronous` to `FULL`, so that commits are on the disk when they return.
 */
@JvmOverloads
public fun KopoKopo.withJournal(dataSource: DataSource, createTables: Boolean = true, keyInMetadata: Boolean = true): KopoKopo =
    withJournal(JdbcJournal(dataSource), dataSource.connection.use(::dialectOf), "?", createTables, keyInMetadata)

/** A client whose creates happen once for this key. It needs a journal. */
public fun KopoKopo.idempotent(key: String): KopoKopo = withOptions(idempotencyKey = key)

/** Tells the journal about a verified event. */
public suspend fun Journal.observe(event: Event): JournalRecord? = observe(event.raw)

/** Tells the journal about a verified event. */
public fun Journal.observeAsync(event: Event): CompletableFuture<JournalRecord?> = observeAsync(event.raw)

/** Tells the journal about a verified event. */
public fun Journal.observeBlocking(event: Event): JournalRecord? = observeBlocking(event.raw)

/**
 * Claims an event inside of the caller's own transaction. True the first time: then handle it, and commit. If the transaction
 * is rolled back, the next delivery is the first again. Payments are claimed by their `paymentKey`, because one payment can
 * be reported by two events; others by their `dedupeKey`. The tables must exist: see [createTables].
 */
public fun once(event: Event, connection: Connection): Boolean {
    if (connection.autoCommit) {
        throw KopoKopoException.Configuration(
            KopoKopoException.Fields(
                "connection: must be inside of a transaction: with autocommit, an event whose handler fails would be lost",
                field = "connection",
            ),
        )
    }
    return connection.prepareStatement(eventClaim(dialectOf(connection), "?")).use { statement ->
        statement.setString(1, event.paymentKey ?: event.dedupeKey)
        statement.setLong(2, System.currentTimeMillis())
        statement.executeUpdate() == 1
    }
}

/** Creates the journal's tables, unless they exist. */
public fun createTables(connection: Connection): Unit =
    journalSchema(dialectOf(connection)).forEach { sql -> connection.createStatement().use { it.execute(sql) } }

private fun dialectOf(connection: Connection): String = when (val product = connection.metaData.databaseProductName) {
    "SQLite" -> "sqlite"
    "PostgreSQL" -> "postgres"
    "MySQL", "MariaDB" -> "mysql"
    else -> throw KopoKopoException.Configuration(
        KopoKopoException.Fields("dataSource: must be SQLite, PostgreSQL, MySQL or MariaDB, and is $product", field = "dataSource"),
    )
}
