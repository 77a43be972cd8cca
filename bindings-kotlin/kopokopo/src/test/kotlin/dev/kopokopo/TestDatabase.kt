package dev.kopokopo

import org.mariadb.jdbc.MariaDbDataSource
import org.postgresql.ds.PGSimpleDataSource
import org.sqlite.SQLiteConfig
import org.sqlite.SQLiteDataSource
import java.nio.file.Files
import java.util.UUID
import javax.sql.DataSource

/** An empty database, which [close] removes. */
class TestDatabase private constructor(val dataSource: DataSource, val dialect: String, private val remove: () -> Unit) : AutoCloseable {
    override fun close() = remove()

    /** Runs statements that return nothing. */
    fun run(vararg statements: String) = run(dataSource, *statements)

    /** Returns the first column of the first row. */
    fun number(query: String): Long = dataSource.connection.use { connection ->
        connection.createStatement().use { statement -> statement.executeQuery(query).use { it.apply { next() }.getLong(1) } }
    }

    companion object {
        fun sqlite(): TestDatabase {
            val folder = Files.createTempDirectory("kopokopo-journal")
            return TestDatabase(sqlite("$folder/payments.db"), "sqlite") { folder.toFile().deleteRecursively() }
        }

        /** A file of SQLite. Its connections do not wait for the disk, unless the journal makes them wait. */
        fun sqlite(path: String): SQLiteDataSource {
            val config = SQLiteConfig().apply {
                setJournalMode(SQLiteConfig.JournalMode.WAL)
                setSynchronous(SQLiteConfig.SynchronousMode.NORMAL)
                setBusyTimeout(30_000)
            }
            return SQLiteDataSource(config).apply { url = "jdbc:sqlite:$path" }
        }

        fun postgres(): TestDatabase {
            val server = server("K2_TEST_POSTGRES", "tests/with-postgres.sh")
            return temporary("postgres", { database ->
                PGSimpleDataSource().apply { setURL(jdbc(server.replaceAfterLast('/', database))) }
            }, "postgres")
        }

        fun mariaDb(): TestDatabase {
            val server = server("K2_TEST_MARIADB", "tests/with-mariadb.sh")
            return temporary("mysql", { database ->
                val (user, place) = server.removePrefix("mysql://").split('@')
                MariaDbDataSource("jdbc:mariadb://${place.replaceAfterLast('/', database)}?user=$user")
            }, "k2")
        }

        private fun temporary(dialect: String, open: (String) -> DataSource, existing: String): TestDatabase {
            val name = "journal_${UUID.randomUUID().toString().replace('-', '_')}"
            val own = open(existing)
            run(own, "CREATE DATABASE $name")
            return TestDatabase(open(name), dialect) { run(own, "DROP DATABASE $name") }
        }

        /** `postgresql://user@host:port/database` for a driver that takes the user as a parameter. */
        fun jdbc(url: String): String {
            val (user, place) = url.substringAfter("://").split('@')
            return "jdbc:postgresql://$place?user=$user"
        }

        private fun server(variable: String, script: String): String =
            checkNotNull(System.getenv(variable)) { "$variable is not set: run the tests with $script" }

        private fun run(dataSource: DataSource, vararg statements: String) = dataSource.connection.use { connection ->
            connection.createStatement().use { statement -> statements.forEach(statement::execute) }
        }
    }
}
