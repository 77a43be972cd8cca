package dev.kopokopo

import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import java.math.BigDecimal

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AppTest {
    private val backend = TestBackend()
    private val k2 = backend.app()

    @AfterAll
    fun close() {
        k2.close()
        backend.close()
    }

    private suspend fun KopoKopo.push(phoneNumber: String = "0712345678"): CreatedIncomingPayment = incomingPayments.create(
        tillNumber = "K000000",
        phoneNumber = phoneNumber,
        amount = BigDecimal("100.50"),
        callbackUrl = CALLBACK,
        metadata = mapOf("order" to "42"),
    )

    @Test
    fun `library has the contract for apps`() {
        assertEquals(CONTRACT_HASH, contractHash())
        assertEquals(System.getProperty("kopokopo.version"), version())
    }

    @Test
    fun `app takes a payment with a token from its backend`() = runBlocking {
        val push = k2.push()
        val payment = push.wait(FAST_POLLING)
        assertTrue(payment.isPaid)
        assertEquals(0, BigDecimal("100.5").compareTo(payment.transaction?.amount))
        assertEquals("42", payment.metadata["order"])
        assertNotNull(payment.initiationTime)
        assertEquals(payment.raw, k2.incomingPayments.get(push.id).raw)
        assertFalse("0712345678" in "$payment" || "254712345678" in "$payment", "toString has no phone number")
    }

    @Test
    fun `watch emits every state of a payment`() = runBlocking {
        val push = k2.push(phoneNumber = "254700000006")
        val watched = async { push.watch(FAST_POLLING).toList() }
        delay(300)
        backend.control("POST", "incoming_payments/${push.id}/customer", """{"action": "enter_pin"}""")
        val states = watched.await()
        assertEquals(listOf(IncomingPaymentStatus.Pending, IncomingPaymentStatus.Success), states.map { it.status })
        assertTrue(states.last().isPaid)
    }

    @Test
    fun `app creates and cancels a payment link`() = runBlocking {
        val link = k2.paymentLinks.create(tillNumber = "K000000", amount = BigDecimal(250), callbackUrl = CALLBACK, note = "Tea")
        assertNotNull(link.get().link)
        k2.paymentLinks.cancel(link.id)
        assertTrue(link.wait(FAST_POLLING).isCancelled)
    }

    @Test
    fun `concurrent calls request one token`() = runBlocking {
        val before = backend.tokens
        backend.app().use { app ->
            val ids = List(8) { async { app.push().id } }.awaitAll()
            assertEquals(8, ids.toSet().size)
        }
        assertEquals(1, backend.tokens - before)
    }

    @Test
    fun `revoked token is replaced`() = runBlocking {
        backend.app().use { app ->
            val push = app.push()
            val before = backend.tokens
            backend.revoke()
            assertEquals(push.id, app.incomingPayments.get(push.id).id)
            assertEquals(1, backend.tokens - before)
        }
    }

    @Test
    fun `error of the token source prevents sending and is not passed on`() = runBlocking {
        val before = backend.requests("incoming_payments.create")
        backend.app { error("canary") }.use { app ->
            val error = assertThrows<KopoKopoException.Authentication> { app.push() }
            assertFalse("canary" in error.stackTraceToString())
            assertEquals("incoming_payments.create", error.operation)
        }
        assertEquals(before, backend.requests("incoming_payments.create"))
    }

    @Test
    fun `invalid field is named as in Kotlin and nothing is sent`() = runBlocking {
        val error = assertThrows<KopoKopoException.InvalidRequest> { k2.push(phoneNumber = "12") }
        assertEquals("phoneNumber", error.field)
        assertEquals(0, error.attempts)
    }
}
