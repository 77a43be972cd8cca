package dev.kopokopo

import dev.kopokopo.testing.Created
import dev.kopokopo.testing.ErrorBuilder
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.ObjectInputStream
import java.io.ObjectOutputStream
import java.time.OffsetDateTime

/** Errors and handles that a test of an application creates with `dev.kopokopo.testing`. */
class FakesTest {
    private fun payment(status: IncomingPaymentStatus, isFinal: Boolean) = IncomingPayment(
        id = "42",
        status = status,
        initiationTime = null,
        eventType = null,
        transaction = null,
        errors = emptyList(),
        metadata = emptyMap(),
        links = Links(null, null, null),
        isPaid = isFinal,
        paymentKey = null,
        isFinal = isFinal,
        raw = "{}",
    )

    private val pending = payment(IncomingPaymentStatus.Pending, isFinal = false)
    private val success = payment(IncomingPaymentStatus.Success, isFinal = true)

    @Test
    fun `created resource has the states of the test`() = runBlocking {
        val push = Created.incomingPayment("42", pending, success)
        assertEquals(listOf(pending, success, success), List(3) { push.get() })
        assertEquals(success, push.wait())
        assertEquals(listOf(pending, success), push.watch().toList())
        assertEquals("CreatedIncomingPayment(id=42)", "$push")
    }

    @Test
    fun `created resource that does not become final throws NotFinal`() = runBlocking {
        val push = Created.incomingPayment("42", pending)
        val states = ArrayList<IncomingPayment>()
        val watched = assertThrows<KopoKopoException.NotFinal> { push.watch().collect { states += it } }
        assertEquals(listOf(pending), states)
        val waited = assertThrows<KopoKopoException.NotFinal> { push.wait() }
        for (error in listOf(watched, waited)) {
            assertEquals(listOf("42", push.location, "Pending"), listOf(error.id, error.location, error.state))
        }
    }

    @Test
    fun `error with all its fields can be serialized`() {
        val at = OffsetDateTime.parse("2026-05-01T10:00:00+03:00")
        val error = ErrorBuilder("the response was lost").operation("incoming_payments.create").attempts(1).sentAt(at).id("42")
            .status(201).outcomeUnknown()
        val bytes = ByteArrayOutputStream().also { bytes -> ObjectOutputStream(bytes).use { it.writeObject(error) } }.toByteArray()
        val read = ObjectInputStream(ByteArrayInputStream(bytes)).readObject() as KopoKopoException.OutcomeUnknown
        assertEquals(listOf(error.message, at, "42", 201, 1), listOf(read.message, read.sentAt, read.id, read.status, read.attempts))
    }
}
