package dev.kopokopo.journal

import dev.kopokopo.JournalStore
import dev.kopokopo.Json
import dev.kopokopo.KopoKopoException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import java.sql.Connection
import java.sql.PreparedStatement
import java.sql.Types
import javax.sql.DataSource

/** Runs the journal's statements. Each has a connection and a transaction of its own, on a thread for blocking work. */
internal class JdbcJournal(private val dataSource: DataSource) : JournalStore {
    private val files = SqliteFiles()

    /** Runs on another thread than the caller's, so that a framework that binds transactions to threads finds none. */
    override suspend fun execute(request: String): String = withContext(THREADS) {
        files.check()
        dataSource.connection.use { connection ->
            refuseTransaction(connection)
            val asked = Json.read(request)
            val dialect = dialectOf(connection)
            when {
                asked["operation"] == "dialect" -> "\"$dialect\""
                dialect == SQLITE -> files.watch(connection) { synchronously(connection) { run(connection, asked) } }
                else -> run(connection, asked)
            }
        }
    }

    private fun run(connection: Connection, request: Map<String, Any?>): String = connection.prepareStatement(request["sql"] as String).use { statement ->
        (request["parameters"] as List<*>).forEachIndexed { index, value -> statement.set(index + 1, value) }
        val rows = if (statement.execute()) rows(statement) else emptyList()
        Json.write(mapOf("rows" to rows, "changed" to maxOf(statement.updateCount, 0)), "result")
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
    when (value) {
        // PostgreSQL refuses a null of another type than the column's.
        null -> setNull(index, Types.NULL)
        is Number -> setLong(index, value.toLong())
        else -> setString(index, value as String)
    }
}

/**
 * Without autocommit the connection can have work of the program. To turn autocommit on would commit it, and a rollback of
 * the program would remove the record of a request that was sent.
 */
private fun refuseTransaction(connection: Connection) {
    if (connection.autoCommit) return
    throw KopoKopoException.Journal(
        KopoKopoException.Fields(
            "its connection is inside of a transaction: pass a DataSource whose connections are in autocommit mode, " +
                "and are not those of the program's transactions",
        ),
    )
}

/** Runs [work] with commits that are on the disk when they return, and restores the connection's own setting. */
private inline fun <T> synchronously(connection: Connection, work: () -> T): T = connection.createStatement().use { statement ->
    val setting = statement.executeQuery("PRAGMA synchronous").use { if (it.next()) it.getInt(1) else FULL }
    if (setting >= FULL) return work()
    statement.execute("PRAGMA synchronous = $FULL")
    try {
        work()
    } finally {
        statement.execute("PRAGMA synchronous = $setting")
    }
}

/** SQLite's number for `synchronous=FULL`. */
private const val FULL = 2

internal const val SQLITE = "sqlite"

/** The name of the database's SQL for the core. */
internal fun dialectOf(connection: Connection): String = when (val product = connection.metaData.databaseProductName) {
    "SQLite" -> SQLITE
    "PostgreSQL" -> "postgres"
    "MySQL", "MariaDB" -> "mysql"
    else -> throw KopoKopoException.Configuration(
        KopoKopoException.Fields("dataSource: must be SQLite, PostgreSQL, MySQL or MariaDB, and is $product", field = "dataSource"),
    )
}
