package dev.kopokopo

import dev.kopokopo.ffi.FfiConverterTypeEvent
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.math.BigDecimal
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Paths

private const val KEY = "an-api-key"

private val BODY = """
    {"topic":"buygoods_transaction_received","id":"2133dbfb-24b9-40fc-ae57-2d7559785760","created_at":"2026-05-01T10:43:22+03:00",
    "event":{"type":"Buygoods Transaction","resource":{"id":"458712f","amount":"100.0","status":"Received","system":"Lipa Na M-PESA",
    "currency":"KES","reference":"OJM6Q1W84K","till_number":"000000","sender_phone_number":"+254999999999",
    "origination_time":"2026-05-01T10:43:20+03:00","sender_last_name":"Doe","sender_first_name":"Jane","sender_middle_name":null}},
    "_links":{"self":"https://sandbox.kopokopo.com/webhook_events/2133","resource":"https://sandbox.kopokopo.com/buygoods_transaction/458712f"}}
""".trimIndent().toByteArray()

class WebhookTest {
    private val verifier = WebhookVerifier(listOf(KEY))

    @Test
    fun `body as text is verified like its bytes`() {
        assertEquals(verifier.verify(BODY, signWebhook(KEY, BODY)), verifier.verify(BODY.decodeToString(), signWebhook(KEY, BODY)))
    }

    @Test
    fun `webhooks of a client without an API key throw a configuration error`() {
        KopoKopo(clientId = "a", clientSecret = "b").use { client ->
            repeat(2) {
                val error = assertThrows<KopoKopoException.Configuration> { client.webhooks }
                assertEquals("apiKey", error.field)
            }
        }
    }

    @Test
    fun `signed webhook becomes an event with its payload`() {
        val event = verifier.verify(BODY, signWebhook(KEY, BODY))
        assertEquals("buygoods_transaction_received", event.topic)
        assertEquals(BODY.decodeToString(), event.raw)
        val transaction = when (val payload = event.payload) {
            is EventPayload.BuygoodsTransactionReceived -> payload.transaction
            else -> error("$payload")
        }
        assertTrue(transaction.isReceived)
        assertEquals(0, BigDecimal(100).compareTo(transaction.amount))
        assertEquals("Jane", transaction.senderFirstName)
        assertNull(transaction.senderMiddleName)
        assertEquals(event, verifier.parseUnverified(BODY))
        verifier.verifySignature(BODY, signWebhook(KEY, BODY))
    }

    @Test
    fun `forged webhook is rejected`() {
        val signature = signWebhook(KEY, BODY)
        val other = BODY.clone().also { it[20] = 'X'.code.toByte() }
        val forged = listOf<Pair<ByteArray, String?>>(
            other to signature,
            BODY to signWebhook("another-key", BODY),
            BODY to null,
            BODY to "",
            BODY to "zz",
            BODY to signature.dropLast(1),
            BODY to "ä\uD800$signature",
            ByteArray(0) to signature,
        )
        for ((body, header) in forged) {
            val error = assertThrows<KopoKopoException.Signature> { verifier.verify(body, header) }
            assertEquals("signature", error.kind)
            assertThrows<KopoKopoException.Signature> { verifier.verifySignature(body, header) }
        }
    }

    @Test
    fun `unreadable body with a valid signature is a decode error`() {
        val body = "[1, 2".toByteArray()
        val error = assertThrows<KopoKopoException.Decode> { verifier.verify(body, signWebhook(KEY, body)) }
        assertEquals("[1, 2", error.body)
        verifier.verifySignature(body, signWebhook(KEY, body))
        assertThrows<KopoKopoException.Decode> { verifier.parseUnverified(body) }
    }

    @Test
    fun `both keys are valid during rotation, and a signature with the client secret is identified`() {
        val both = WebhookVerifier(listOf("old", KEY), clientSecret = "the-secret")
        both.verifySignature(BODY, signWebhook("old", BODY))
        both.verifySignature(BODY, signWebhook(KEY, BODY))
        val error = assertThrows<KopoKopoException.Signature> { both.verifySignature(BODY, signWebhook("the-secret", BODY)) }
        assertTrue("secret" in error.detail && "the-secret" !in error.detail, error.detail)
    }

    @Test
    fun `verifier without a key and body over the limit are rejected`() {
        assertThrows<KopoKopoException.Configuration> { WebhookVerifier(listOf(" ")) }
        val negative = assertThrows<KopoKopoException.Configuration> { WebhookVerifier(listOf(KEY), maxBody = -1) }
        assertEquals("maxBody", negative.field)
        val small = WebhookVerifier(listOf(KEY), maxBody = 10)
        assertEquals(10, small.maxBody)
        assertThrows<KopoKopoException.Signature> { small.verify(BODY, signWebhook(KEY, BODY)) }
    }

    @Test
    fun `verifier of a client works after the client is closed`() {
        val verifier = KopoKopo(clientId = "id", clientSecret = "secret", apiKey = KEY).use { it.webhooks }
        verifier.verifySignature(BODY, signWebhook(KEY, BODY))
    }

    @Test
    fun `verify without JNA returns the same as verify with JNA`() {
        val raw = dev.kopokopo.ffi.WebhookVerifier(listOf(KEY), null, 10_485_760u)
        val payloads = Paths.get(System.getProperty("kopokopo.root"), "tests", "vectors", "payloads")
        val files = Files.walk(payloads).use { found -> found.filter { it.toString().endsWith(".json") }.toList() }
        assertFalse(files.isEmpty())
        for (file in files) {
            val body = Files.readAllBytes(file)
            val written = bytes(FfiConverterTypeEvent, raw.verify(body, signWebhook(KEY, body)))
            assertEquals(readAll(ByteBuffer.wrap(written), ::readEvent), verifier.verify(body, signWebhook(KEY, body)), "$file")
        }
    }

    @Test
    fun `threads share a verifier while the garbage collector runs`() {
        val signature = signWebhook(KEY, BODY)
        val threads = List(4) {
            Thread {
                repeat(300) {
                    WebhookVerifier(listOf(KEY)).verify(BODY, signature)
                    verifier.verifySignature(BODY, signature)
                    if (it % 100 == 0) System.gc()
                }
            }
        }
        val failed = java.util.concurrent.ConcurrentLinkedQueue<Throwable>()
        threads.forEach { it.setUncaughtExceptionHandler { _, error -> failed += error } }
        threads.forEach { it.start() }
        threads.forEach { it.join() }
        assertEquals(emptyList<Throwable>(), failed.toList())
    }
}
