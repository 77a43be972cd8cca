package dev.kopokopo

import dev.kopokopo.journal.createTables
import dev.kopokopo.journal.once
import dev.kopokopo.journal.withJournal
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import org.postgresql.ds.PGSimpleDataSource
import java.io.PrintWriter
import java.io.StringWriter
import java.lang.reflect.Proxy
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption
import java.sql.Connection
import java.sql.SQLException
import java.util.Collections
import java.util.concurrent.atomic.AtomicInteger
import java.util.logging.Handler
import java.util.logging.Level
import java.util.logging.LogRecord
import java.util.logging.Logger
import java.util.logging.SimpleFormatter
import javax.sql.DataSource

/** What a journal's store can do wrong. Nothing is sent then. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JournalStoreTest {
    private val sandbox = Sandbox()
    private val sqlite = TestDatabase.sqlite()
    private val postgres = TestDatabase.postgres()

    @AfterAll
    fun close() = listOf(sandbox, sqlite, postgres).forEach(AutoCloseable::close)

    /** Creates with a journal that fails, and returns the error. */
    private fun refused(client: KopoKopo): KopoKopoException.Journal {
        val before = sandbox.requests("send_money.create").size
        return assertThrows<KopoKopoException.Journal> { pay(client, "refused") }
            .also { assertEquals(before, sandbox.requests("send_money.create").size) }
    }

    private fun journaled(database: DataSource, createTables: Boolean = true) = sandbox.client().withJournal(database, createTables)

    @Test
    fun `unreachable database is a journal error of the call, and not of withJournal`() {
        val unreachable = PGSimpleDataSource().apply { setURL("jdbc:postgresql://127.0.0.1:9/shop?user=shop&password=canary") }
        val error = refused(journaled(unreachable))
        assertTrue("PSQLException: Connection to 127.0.0.1:9 refused" in error.detail, error.detail)
        assertFalse("canary" in error.stackTraceToString(), error.detail)
    }

    @Test
    fun `dialect is that of the first connection that can be made`() {
        val isDown = AtomicInteger(1)
        val client = journaled(connections(sqlite.dataSource) { if (isDown.get() == 1) throw SQLException("down") else it })
        refused(client)
        isDown.set(0)
        assertEquals(pay(client, "up").id, client.journal.getBlocking("up")!!.id)
    }

    @Test
    fun `dialect can be given, and must be known`() {
        val client = sandbox.client().withJournal(sqlite.dataSource, dialect = "sqlite")
        assertEquals(pay(client, "given").id, client.journal.getBlocking("given")!!.id)
        val error = assertThrows<KopoKopoException.Configuration> { sandbox.client().withJournal(sqlite.dataSource, dialect = "oracle") }
        assertEquals("dialect", error.field)
    }

    @Test
    fun `database without a dialect is a journal error that names those with one`() {
        val other = connections(sqlite.dataSource) { connection ->
            replacing(connection, "getMetaData") {
                replacing(connection.metaData, "getDatabaseProductName") { "Derby" }
            }
        }
        val error = refused(journaled(other))
        assertTrue("must be SQLite, PostgreSQL, MySQL or MariaDB, and is Derby" in error.detail, error.detail)
    }

    @Test
    fun `connection of the program's transaction is refused, and its work is neither committed nor rolled back`() {
        for (database in listOf(sqlite, postgres)) {
            database.run("CREATE TABLE orders (id INTEGER)")
            database.dataSource.connection.use { own ->
                own.autoCommit = false
                own.createStatement().use { it.execute("INSERT INTO orders VALUES (1)") }
                val shared = connections(database.dataSource) { unused ->
                    unused.close()
                    // As with a framework, closing it does not end the transaction.
                    replacing(own, "close") { null }
                }
                val error = refused(journaled(shared))
                assertTrue("inside of a transaction" in error.detail && "autocommit" in error.detail, error.detail)
                assertEquals(0, database.number("SELECT count(*) FROM orders"))
                own.commit()
            }
            assertEquals(1, database.number("SELECT count(*) FROM orders"))
        }
    }

    @Test
    fun `commits to SQLite are on the disk, and the setting of the connection is restored`() {
        val settings = ArrayList<Long>()
        sqlite.dataSource.connection.use { pooled ->
            fun setting() = pooled.createStatement().use { it.executeQuery("PRAGMA synchronous").use { row -> row.getLong(1) } }
            val before = setting()
            val pool = connections(sqlite.dataSource) { unused ->
                unused.close()
                val prepared =
                    replacing(pooled, "prepareStatement") { arguments -> pooled.prepareStatement(arguments[0] as String).also { settings += setting() } }
                replacing(prepared, "close") { null }
            }
            journaled(pool).journal.getBlocking("none")
            assertEquals(listOf(1L, 1L), listOf(before, setting()))
        }
        assertTrue(settings.isNotEmpty() && settings.all { it == 2L }, "$settings")
    }

    @Test
    fun `nothing is sent if the file of SQLite is deleted or replaced while it is open`() {
        val moves = listOf<(Path) -> Unit>(
            { Files.delete(it) },
            { path ->
                val copy = Files.copy(path, Path.of("$path-2"))
                Files.move(copy, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE)
            },
        )
        for (move in moves) {
            val folder = Files.createTempDirectory("kopokopo-moved")
            val path = folder.resolve("payments.db")
            val client = journaled(TestDatabase.sqlite("$path"))
            pay(client, "before")
            move(path)
            val there = folder.toFile().list()!!.sorted()
            repeat(2) {
                val error = refused(client)
                assertTrue("was deleted or replaced while it was open" in error.detail, error.detail)
            }
            assertEquals(there, folder.toFile().list()!!.sorted())
            folder.toFile().deleteRecursively()
        }
    }

    @Test
    fun `outcome that is not written is a warning in the log`() {
        val lines = Collections.synchronizedList(ArrayList<LogRecord>())
        val handler = object : Handler() {
            override fun publish(record: LogRecord) {
                lines += record
            }

            override fun flush() = Unit

            override fun close() = Unit
        }
        val log = Logger.getLogger("dev.kopokopo").apply { addHandler(handler) }
        try {
            val failing = connections(sqlite.dataSource) { connection ->
                replacing(connection, "prepareStatement") { arguments ->
                    if ("UPDATE kopokopo_journal" in arguments[0] as String) throw SQLException("the disk is full")
                    connection.prepareStatement(arguments[0] as String)
                }
            }
            pay(journaled(failing), "lost-1")
        } finally {
            log.removeHandler(handler)
        }
        val line = lines.single()
        assertEquals(Level.WARNING, line.level)
        val text = SimpleFormatter().formatMessage(line)
        assertTrue("could not write the outcome (accepted) of send_money.create with the idempotency key lost-1: " in text, text)
    }

    @Test
    fun `text of any exception of a store is in the error, without secrets`() {
        val secret = "password=canary"
        val number = "+2547" + "12345678"
        val failing = listOf<() -> String>(
            { error("the database is down $secret $number postgresql://shop:canary@db/shop") },
            { throw java.io.IOException("the database is down $secret $number") },
            { throw KopoKopoException.Configuration(KopoKopoException.Fields("the database is down $secret $number")) },
        )
        for (work in failing) {
            val error = refused(sandbox.client().withJournal(JournalStore { work() }))
            assertTrue("the database is down" in error.detail, error.detail)
            val texts = error.detail + StringWriter().also { error.printStackTrace(PrintWriter(it)) }
            assertFalse("canary" in texts || "712345678" in texts, texts)
        }
        val silent = refused(sandbox.client().withJournal(JournalStore { throw UnsupportedOperationException() }))
        assertTrue("UnsupportedOperationException" in silent.detail, silent.detail)
    }

    @Test
    fun `once without tables says how to create them`() {
        for (empty in listOf(TestDatabase.sqlite(), TestDatabase.postgres(), TestDatabase.mariaDb())) {
            empty.use {
                val event = sandbox.client().webhooks.parseUnverified("""{"topic": "customer_created", "id": "1"}""".toByteArray())
                empty.dataSource.connection.use { connection ->
                    connection.autoCommit = false
                    val error = assertThrows<KopoKopoException.Configuration> { once(event, connection) }
                    assertTrue("kopokopo_events" in error.detail && "createTables" in error.detail, error.detail)
                    assertTrue(error.cause is SQLException)
                    connection.rollback()
                    createTables(connection)
                    assertTrue(once(event, connection))
                }
            }
        }
    }

    @Test
    fun `tables that are missing are a journal error if the program creates them`() {
        TestDatabase.postgres().use { empty ->
            val error = refused(journaled(empty.dataSource, createTables = false))
            assertTrue("kopokopo_journal" in error.detail, error.detail)
        }
    }

    @Test
    fun `failure of once is unchecked, so that frameworks roll back`() {
        val event = sandbox.client().webhooks.parseUnverified("""{"topic": "customer_created", "id": "2"}""".toByteArray())
        val closed = sqlite.dataSource.connection.apply { close() }
        val error = assertThrows<KopoKopoException.Journal> { once(event, closed) }
        assertTrue(error.cause is SQLException)
    }
}

/** A data source that changes the connections of another. */
private fun connections(of: DataSource, change: (Connection) -> Connection): DataSource = replacing(of, "getConnection") { change(of.connection) }

/** [target] with one method replaced. */
private inline fun <reified T : Any> replacing(target: T, name: String, crossinline work: (Array<Any?>) -> Any?): T = T::class.java.cast(
    Proxy.newProxyInstance(T::class.java.classLoader ?: ClassLoader.getSystemClassLoader(), arrayOf(T::class.java)) { _, method, arguments ->
        if (method.name == name) return@newProxyInstance work(arguments ?: emptyArray())
        try {
            method.invoke(target, *(arguments ?: emptyArray()))
        } catch (wrapper: java.lang.reflect.InvocationTargetException) {
            throw wrapper.targetException
        }
    },
)
