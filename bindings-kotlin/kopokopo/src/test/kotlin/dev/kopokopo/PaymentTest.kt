package dev.kopokopo

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import java.math.BigDecimal
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.measureTime

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PaymentTest {
    private val sandbox = Sandbox()
    private val k2 = sandbox.client()

    @AfterAll
    fun close() {
        k2.close()
        sandbox.close()
    }

    private suspend fun push(phoneNumber: String = "0712345678", amount: String = "100.50"): CreatedIncomingPayment = k2.incomingPayments.create(
        tillNumber = "K000000",
        phoneNumber = phoneNumber,
        amount = BigDecimal(amount),
        callbackUrl = CALLBACK,
        metadata = mapOf("order" to "42", "items" to 3, "gift" to true),
    )

    @Test
    fun `wait returns the paid payment`() = runBlocking {
        val push = push()
        val payment = push.wait(FAST_POLLING)
        assertTrue(payment.isPaid)
        assertTrue(payment.isFinal)
        assertEquals(IncomingPaymentStatus.Success, payment.status)
        assertEquals(BigDecimal("100.5").stripTrailingZeros(), payment.transaction?.amount?.stripTrailingZeros())
        assertEquals("+254712345678", payment.transaction?.senderPhoneNumber)
        assertNotNull(payment.initiationTime)
        assertEquals("42", payment.metadata["order"])
        assertEquals(payment.raw, k2.incomingPayments.get(push.id).raw)
        assertTrue(push.location.startsWith(sandbox.baseUrl), push.location)
    }

    @Test
    fun `insufficient funds is final and not paid`() = runBlocking {
        val payment = push(phoneNumber = "254700000003").wait(FAST_POLLING)
        val outcome = when (payment.status) {
            IncomingPaymentStatus.Pending -> "pending"
            IncomingPaymentStatus.Success -> "success"
            IncomingPaymentStatus.Failed -> "failed: ${payment.errors.single()}"
            is IncomingPaymentStatus.Other -> "other"
        }
        assertEquals("failed: Insufficient funds", outcome)
        assertFalse(payment.isPaid)
        assertNull(payment.transaction)
    }

    @Test
    fun `watch emits every state once until it is final`() = runBlocking {
        val push = push(phoneNumber = "254700000006")
        val watched = async { push.watch(FAST_POLLING).toList() }
        delay(300.milliseconds)
        sandbox.control("POST", "incoming_payments/${push.id}/customer", """{"action": "enter_pin"}""")
        val states = watched.await()
        assertEquals(listOf(IncomingPaymentStatus.Pending, IncomingPaymentStatus.Success), states.map { it.status })
        assertTrue(states.last().isPaid)
    }

    @Test
    fun `watch throws NotFinal on timeout and can be cancelled`() = runBlocking {
        val push = push(phoneNumber = "254700000006")
        val error = assertThrows<KopoKopoException.NotFinal> {
            push.watch(timeout = Duration.ofMillis(200), interval = Duration.ofMillis(50)).collect()
        }
        assertEquals("incoming_payments.get", error.operation)
        assertEquals(push.id to push.location, error.id to error.location)
        assertEquals("Pending", error.state)
        assertEquals(IncomingPaymentStatus.Pending, push.watch().first().status)
        val refused = assertThrows<KopoKopoException.InvalidRequest> { push.watch(maxInterval = Duration.ZERO).collect() }
        assertEquals("maxInterval", refused.field)
    }

    @Test
    fun `transient error does not end watch, and permanent error does`() = runBlocking {
        val push = push()
        sandbox.fault("incoming_payments.get", "status", """, "status": 503, "times": 4""")
        assertTrue(push.watch(FAST_POLLING).toList().single().isPaid)
        sandbox.fault("incoming_payments.get", "status", """, "status": 403""")
        assertThrows<KopoKopoException.Permission> { push.watch(FAST_POLLING).toList() }
        Unit
    }

    @Test
    fun `send money to two destinations reports each disbursement`() = runBlocking {
        val sent = k2.sendMoney.create(
            destinations = listOf(
                Destination.MobileWallet(phoneNumber = "0712345678", amount = BigDecimal(500), description = "Wages"),
                Destination.MobileWallet(phoneNumber = "254700000002", amount = BigDecimal(700), description = "Wages"),
            ),
            callbackUrl = CALLBACK,
        ).wait(FAST_POLLING)
        assertEquals(RequestStatus.Processed, sent.status)
        assertFalse(sent.isPaid)
        val failed = sent.failedDisbursements.single()
        assertEquals(listOf("The initiator information is invalid."), failed.errors)
        assertTrue(disbursementsTo(sent, "+254 712 345678").single().isPaid)
        assertFalse(disbursementsTo(sent, "0700000002").single().isPaid)
    }

    @Test
    fun `lost response to a create throws OutcomeUnknown`() = runBlocking {
        sandbox.fault("incoming_payments.create", "reset_after_effect")
        val error = runCatching { push() }.exceptionOrNull() as KopoKopoException
        when (error) {
            is KopoKopoException.OutcomeUnknown -> assertEquals("outcome_unknown", error.kind)
            else -> throw error
        }
        assertEquals("incoming_payments.create", error.operation)
        assertEquals(1, error.attempts)
        assertTrue(error.message!!.startsWith("outcome_unknown: incoming_payments.create: "), error.message)
    }

    @Test
    fun `wait and watch by id return the paid payment`() = runBlocking {
        val id = push().id
        assertTrue(k2.incomingPayments.wait(id, FAST_POLLING).isPaid)
        assertTrue(k2.incomingPayments.wait(id, interval = Duration.ofMillis(20)).isPaid)
        assertTrue(k2.incomingPayments.watch(id, FAST_POLLING).toList().single().isPaid)
        val refused = assertThrows<KopoKopoException.InvalidRequest> { k2.incomingPayments.watch("../x").toList() }
        assertEquals("id", refused.field)
    }

    @Test
    fun `wait that expires throws NotFinal with the id, not Timeout`() = runBlocking {
        val push = push(phoneNumber = "254700000006")
        val short = WaitOptions(timeout = Duration.ofMillis(200), interval = Duration.ofMillis(50))
        for (wait in listOf<suspend () -> Any>({ push.wait(short) }, { k2.incomingPayments.wait(push.id, short) })) {
            val error = runCatching { wait() }.exceptionOrNull() as KopoKopoException.NotFinal
            assertEquals(listOf(push.id, push.location, "Pending"), listOf(error.id, error.location, error.state))
        }
    }

    @Test
    fun `isPaidAtLeast compares amount, currency and till`() = runBlocking {
        val payment = push(amount = "100.50").wait(FAST_POLLING)
        assertTrue(payment.isPaidAtLeast(BigDecimal("100.5")) && payment.isPaidAtLeast(BigDecimal(100), tillNumber = "K000000"))
        assertFalse(payment.isPaidAtLeast(BigDecimal("100.51")) || payment.isPaidAtLeast(BigDecimal(100), currency = "USD"))
        assertFalse(payment.isPaidAtLeast(BigDecimal(100), tillNumber = "K000001"))
        val refused = assertThrows<KopoKopoException.InvalidRequest> { payment.isPaidAtLeast(BigDecimal.ZERO) }
        assertEquals("amount", refused.field)
        assertEquals("mpesa:received:${payment.transaction?.reference}", payment.paymentKey)
        val link = k2.paymentLinks.create(tillNumber = "K000000", amount = BigDecimal(250), callbackUrl = CALLBACK, note = "Tea").get()
        assertFalse(link.isPaidAtLeast(BigDecimal(1)))
    }

    @Test
    fun `cancelled create ends immediately, and the sent request still takes effect`() = runBlocking {
        push() // The client has a token afterwards.
        val before = sandbox.requests("incoming_payments.create").size
        sandbox.fault("incoming_payments.create", "delay", """, "delay_ms": 3000""")
        var thrown: Throwable? = null
        val call = launch {
            try {
                push()
            } catch (error: KopoKopoException.OutcomeUnknown) {
                thrown = error
            }
        }
        delay(700.milliseconds)
        val took = measureTime { call.cancelAndJoin() }
        assertTrue(took < 1.seconds, "$took")
        assertNotNull(thrown)
        val tookEffect = withTimeoutOrNull(10.seconds) {
            while (sandbox.requests("incoming_payments.create").drop(before).none { it["took_effect"] == true }) delay(100.milliseconds)
            true
        }
        assertEquals(true, tookEffect)
    }

    @Test
    fun `timeout of the caller cancels the call`() = runBlocking {
        val push = push()
        sandbox.fault("incoming_payments.get", "delay", """, "delay_ms": 3000""")
        val took = measureTime { assertNull(withTimeoutOrNull(300.milliseconds) { push.get() }) }
        assertTrue(took < 2.seconds, "$took")
    }

    @Test
    fun `concurrent calls share one client`() = runBlocking {
        val ids = (1..32).map { async { push().id } }.awaitAll()
        assertEquals(32, ids.toSet().size)
    }

    @Test
    fun `coroutine without a dispatcher does not resume on a library thread and may block`() {
        val id = runBlocking { push().id }
        val work: suspend () -> String = {
            k2.incomingPayments.get(id)
            repeat(3) { k2.incomingPayments.getBlocking(id) }
            Thread.currentThread().name
        }
        val withoutDispatcher = CompletableFuture<String>()
        work.startCoroutine(
            Continuation(EmptyCoroutineContext) { result ->
                result.fold(withoutDispatcher::complete, withoutDispatcher::completeExceptionally)
            },
        )
        assertTrue("Dispatcher" in withoutDispatcher.get(10, TimeUnit.SECONDS), withoutDispatcher.get())
        val unconfined = runBlocking { withTimeout(10.seconds) { withContext(Dispatchers.Unconfined) { work() } } }
        assertTrue("Dispatcher" in unconfined, unconfined)
    }

    @Test
    fun `error names the field as in Kotlin`() = runBlocking {
        val phone = assertThrows<KopoKopoException.InvalidRequest> { push(phoneNumber = "12") }
        assertEquals("phoneNumber", phone.field)
        assertTrue(phone.detail.startsWith("phoneNumber: "), phone.detail)
        assertEquals(0, phone.attempts)
        val amount = assertThrows<KopoKopoException.InvalidRequest> {
            k2.sendMoney.create(
                destinations = listOf(Destination.Till(tillNumber = "112233", amount = BigDecimal("1.5"), description = "Rent")),
                callbackUrl = CALLBACK,
            )
        }
        assertEquals("destinations[0].amount", amount.field)
        val huge = assertThrows<KopoKopoException.InvalidRequest> { push(amount = "1E+1000000000") }
        assertEquals("amount", huge.field)
        val missing = assertThrows<KopoKopoException.NotFound> { k2.incomingPayments.get("99999999-9999-4999-8999-999999999999") }
        assertEquals(404, missing.status)
    }

    @Test
    fun `timestamp keeps its instant if its seconds are zero`() = runBlocking {
        val from = java.time.OffsetDateTime.parse("2026-05-01T10:00:00+03:00")
        val polling = k2.polling.create(scope = Scope.Company, fromTime = from, toTime = from.plusDays(1), callbackUrl = CALLBACK).wait(FAST_POLLING)
        assertEquals(from.toInstant(), polling.fromTime?.toInstant())
    }

    @Test
    fun `withOptions changes the options of calls`() = runBlocking {
        sandbox.fault("incoming_payments.get", "delay", """, "delay_ms": 2000""")
        val push = push()
        val impatient = k2.withOptions(timeout = Duration.ofMillis(200), maxRetries = 0)
        assertThrows<KopoKopoException.Timeout> { impatient.incomingPayments.get(push.id) }
        val negative = assertThrows<KopoKopoException.Configuration> { k2.withOptions(maxRetries = -1) }
        assertEquals("maxRetries", negative.field)
        val zero = assertThrows<KopoKopoException.Configuration> { k2.withOptions(connectTimeout = Duration.ZERO) }
        assertEquals("connectTimeout", zero.field)
    }

    @Test
    fun `closed client and its sections throw IllegalStateException`() {
        val section = sandbox.client().use { it.incomingPayments }
        assertThrows<IllegalStateException> { runBlocking { section.get("x") } }
        val client = sandbox.client()
        client.close()
        client.close()
        assertThrows<IllegalStateException> { client.sendMoney }
    }
}
