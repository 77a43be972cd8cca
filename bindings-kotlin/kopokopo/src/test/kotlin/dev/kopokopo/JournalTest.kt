package dev.kopokopo

import com.sun.net.httpserver.HttpServer
import dev.kopokopo.journal.createTables
import dev.kopokopo.journal.idempotent
import dev.kopokopo.journal.observeBlocking
import dev.kopokopo.journal.once
import dev.kopokopo.journal.withJournal
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import java.net.InetSocketAddress
import java.time.Duration
import java.util.concurrent.Callable
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger

class SqliteJournalTest : JournalCases(TestDatabase.sqlite())

class PostgresJournalTest : JournalCases(TestDatabase.postgres())

class MariaDbJournalTest : JournalCases(TestDatabase.mariaDb())

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class JournalCases(private val database: TestDatabase) {
    private val sandbox = Sandbox()
    private val client = journaled()

    @AfterAll
    fun close() {
        sandbox.close()
        database.close()
    }

    /** A client as another worker, or as the same worker after a restart. */
    private fun journaled() = sandbox.client().withJournal(database.dataSource)

    private fun paidOut(): String = (sandbox.control("GET", "state") as Map<*, *>)["paid_out"].toString()

    @Test
    fun `64 parallel creates with one key send one request`() {
        val before = sandbox.requests("send_money.create").size
        val workers = List(4) { journaled().withOptions(inProgressWait = Duration.ofSeconds(30)) }
        val ids = parallel { pay(workers[it % workers.size], "wage-1").id }
        assertEquals(1, ids.toSet().size, "$ids")
        assertEquals(1, sandbox.requests("send_money.create").size - before)
        val record = client.journal.getBlocking("wage-1")!!
        assertEquals("accepted" to ids.first(), record.state to record.id)
    }

    @Test
    fun `key belongs to one request, and needs a journal`() {
        pay(client, "wage-2")
        val refused = assertThrows<KopoKopoException.InvalidRequest> { pay(client, "wage-2", amount = "200") }
        assertEquals("idempotencyKey", refused.field)
        val missing = assertThrows<KopoKopoException.Configuration> { pay(sandbox.client(), "wage-2") }
        assertEquals("journal", missing.field)
    }

    @Test
    fun `lost response is an unknown outcome, which the result makes known, also after a restart`() = Callbacks().use { callbacks ->
        val before = paidOut()
        sandbox.fault("send_money.create", "reset_after_effect")
        val lost = assertThrows<KopoKopoException.OutcomeUnknown> { pay(client, "wage-3", callbacks.url) }
        assertEquals("wage-3", lost.idempotencyKey)
        assertEquals("unknown", client.journal.getBlocking("wage-3")!!.state)
        val requests = sandbox.requests("send_money.create").size

        val event = client.webhooks.parseUnverified(callbacks.take())
        val observed = journaled().journal.observeBlocking(event)!!
        assertEquals(listOf("accepted", "result received"), listOf(observed.state, observed.evidence))
        assertEquals(observed.id, pay(client, "wage-3", callbacks.url).id)
        assertEquals(observed.id, pay(journaled(), "wage-3", callbacks.url).id)
        assertEquals(requests, sandbox.requests("send_money.create").size)
        assertEquals(before.toBigDecimal() + "100".toBigDecimal(), paidOut().toBigDecimal())
    }

    @Test
    fun `records are listed in the order of their keys`() {
        for (key in listOf("list-b", "list-B", "list-a")) pay(client, key)
        val listed = client.journal.listBlocking(JournalQuery(states = listOf("accepted"), afterKey = "list")).map { it.key }
        assertEquals(listOf("list-B", "list-a", "list-b"), listed.filter { it.startsWith("list-") })
    }

    @Test
    fun `event is handled once, and again after a rollback`() {
        database.dataSource.connection.use(::createTables)
        val event = client.webhooks.parseUnverified(SAMPLE.toByteArray())
        database.dataSource.connection.use { connection ->
            connection.autoCommit = false
            assertTrue(once(event, connection))
            connection.rollback()
        }
        val effects = AtomicInteger()
        parallel {
            database.dataSource.connection.use { connection ->
                connection.autoCommit = false
                if (once(event, connection)) effects.incrementAndGet()
                connection.commit()
            }
        }
        assertEquals(1, effects.get())
        database.dataSource.connection.use { connection ->
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

internal fun pay(from: KopoKopo, key: String, callbackUrl: String = CALLBACK, amount: String = "100") = from.idempotent(key).sendMoney.createBlocking(
    SendMoneyRequest(
        destinations = listOf(Destination.MobileWallet(phoneNumber = "0712345678", amount = amount.toBigDecimal(), description = "Wages")),
        callbackUrl = callbackUrl,
    ),
)

/** Runs 64 calls of [work], which start at the same moment, and returns what they return. */
private fun <T> parallel(work: (Int) -> T): List<T> {
    val threads = Executors.newFixedThreadPool(64)
    val ready = CountDownLatch(64)
    val running = (0 until 64).map { index ->
        threads.submit(
            Callable {
                ready.countDown()
                ready.await()
                work(index)
            },
        )
    }
    return running.map { it.get() }.also { threads.shutdown() }
}

/** Receives results. */
private class Callbacks : AutoCloseable {
    private val bodies = LinkedBlockingQueue<ByteArray>()
    private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0).apply {
        createContext("/") { exchange ->
            bodies += exchange.requestBody.readAllBytes()
            exchange.sendResponseHeaders(200, -1)
            exchange.close()
        }
        start()
    }
    val url = "http://127.0.0.1:${server.address.port}/results"

    fun take(): ByteArray = checkNotNull(bodies.poll(30, TimeUnit.SECONDS)) { "no result was received" }

    override fun close() = server.stop(0)
}
