package dev.kopokopo

import dev.kopokopo.journal.createTables
import dev.kopokopo.journal.idempotent
import dev.kopokopo.journal.observe
import dev.kopokopo.journal.once
import dev.kopokopo.journal.withJournal
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import org.sqlite.SQLiteConfig
import org.sqlite.SQLiteDataSource
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JournalTest {
    private val sandbox = Sandbox()

    private val folder: Path = Files.createTempDirectory("kopokopo-journal")

    private val database by lazy {
        val config = SQLiteConfig().apply {
            setJournalMode(SQLiteConfig.JournalMode.WAL)
            setSynchronous(SQLiteConfig.SynchronousMode.FULL)
            setBusyTimeout(30_000)
        }
        SQLiteDataSource(config).apply { url = "jdbc:sqlite:${folder.resolve("payments.db")}" }
    }
    private val client by lazy { sandbox.client().withJournal(database) }

    @AfterAll
    fun close() {
        sandbox.close()
        folder.toFile().deleteRecursively()
    }

    private fun pay(key: String, amount: String = "100", from: KopoKopo = client) = from.idempotent(key).sendMoney.createBlocking(
        SendMoneyRequest(
            destinations = listOf(
                Destination.MobileWallet(phoneNumber = "0712345678", amount = amount.toBigDecimal(), description = "Wages"),
            ),
            callbackUrl = "https://shop.example/results",
        ),
    )

    @Test
    fun `same key sends one request, also from many threads`() {
        val first = pay("wage-1")
        val threads = Executors.newFixedThreadPool(16)
        val ids = (1..64).map { threads.submit<String> { pay("wage-1").id } }.map { it.get() }
        assertEquals(setOf(first.id), ids.toSet())
        val record = client.journal.getBlocking("wage-1")!!
        assertEquals("accepted" to first.id, record.state to record.id)
        val refused = assertThrows<KopoKopoException.InvalidRequest> { pay("wage-1", "200") }
        assertEquals("idempotencyKey", refused.field)
        val missing = assertThrows<KopoKopoException.Configuration> { pay("wage-1", from = sandbox.client()) }
        assertEquals("journal", missing.field)
    }

    @Test
    fun `store that fails before sending is a journal error, and nothing is sent`() {
        val before = sandbox.requests("reversals.create").size
        val broken = sandbox.client().withJournal(JournalStore { error("the database is down") }).idempotent("reversal-1")
        assertThrows<KopoKopoException.Journal> {
            broken.reversals.createBlocking(
                ReversalRequest(transactionReference = "OJJ1MPU40Z", reason = "returned", callbackUrl = "https://shop.example/results"),
            )
        }
        assertEquals(before, sandbox.requests("reversals.create").size)
    }

    @Test
    fun `event is handled once, and again after a rollback`() = runBlocking {
        database.connection.use(::createTables)
        val event = client.webhooks.parseUnverified(SAMPLE.toByteArray())
        client.journal.observe(event)
        val effects = AtomicInteger()
        database.connection.use { connection ->
            connection.autoCommit = false
            assertTrue(once(event, connection))
            connection.rollback()
        }
        val threads = Executors.newFixedThreadPool(16)
        (1..64).map {
            threads.submit {
                database.connection.use { connection ->
                    connection.autoCommit = false
                    if (once(event, connection)) effects.incrementAndGet()
                    connection.commit()
                }
            }
        }.forEach { it.get() }
        assertEquals(1, effects.get())
        database.connection.use { connection ->
            assertThrows<KopoKopoException.Configuration> { once(event, connection) }
            connection.autoCommit = false
            assertFalse(once(event, connection))
        }
    }

    private companion object {
        const val SAMPLE = """{"topic": "buygoods_transaction_received", "id": "1", "event": {"resource": {
            "reference": "OJJ1MPU40Z", "amount": "100", "status": "Received", "till_number": "K000000"}}}"""
    }
}
