package dev.kopokopo

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import java.math.BigDecimal
import java.time.OffsetDateTime

private const val KEY = "api-key"

/** Runs every vector of tests/vectors against the package. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VectorTest {
    private val lazySandbox = lazy { Sandbox() }
    private val sandbox by lazySandbox
    private val client by lazy { sandbox.client() }

    @AfterAll
    fun close() {
        if (lazySandbox.isInitialized()) sandbox.close()
    }

    private fun event(raw: ByteArray): Event = WebhookVerifier(listOf(KEY)).parseUnverified(raw)

    private fun cases(of: Map<*, *>, name: String): List<Map<*, *>> = (of[name] as List<*>).map { it as Map<*, *> }.also { assertFalse(it.isEmpty(), name) }

    private fun texts(of: Map<*, *>, name: String): List<String> = (of[name] as List<*>).map { it as String }.also { assertFalse(it.isEmpty(), name) }

    private fun push(client: KopoKopo, phoneNumber: String = "0712345678", amount: BigDecimal = BigDecimal(100)): CreatedIncomingPayment =
        runBlocking { client.incomingPayments.create("K000000", phoneNumber, amount, "https://shop.example") }

    @TestFactory
    fun `signatures match an independent HMAC`(): List<DynamicTest> = cases(Vectors.file("webhook_signatures"), "cases").map { case ->
        DynamicTest.dynamicTest("${case["name"]}") {
            val (key, signature) = case["api_key"] as String to case["signature"] as String
            val body = Vectors.body(case["body"])
            assertEquals(signature, signWebhook(key, body))
            WebhookVerifier(listOf(key)).verifySignature(body, signature)
        }
    }

    @TestFactory
    fun `hostile webhooks have the expected result`(): List<DynamicTest> {
        val file = Vectors.file("hostile_webhooks")
        return cases(file, "cases").map { case ->
            DynamicTest.dynamicTest("${case["name"]}") { hostileWebhook(case, texts(file, "api_keys")) }
        }
    }

    private fun hostileWebhook(case: Map<*, *>, defaultKeys: List<String>) {
        val body = Vectors.body(case["body"])
        val expected = case["expect"] as Map<*, *>
        val error = try {
            val found = verifier(case, defaultKeys).verify(body, Vectors.header(case["signature"], body))
            assertEquals(expected["topic"] to expected["payload"], found.topic to kind(found.payload))
            return
        } catch (error: KopoKopoException) {
            error
        }
        assertEquals(expected["error"], error.kind, error.detail)
        val detail = errorToJson(error).getValue("detail") as String
        for (words in texts(expected, "detail")) assertTrue(words in detail, detail)
        val everything = "${error.stackTraceToString()} ${error.detail} ${error.body}"
        for (words in expected["never"] as List<*>? ?: emptyList<Any>()) assertFalse("$words" in everything, everything)
        for (words in expected["never_in_detail"] as List<*>? ?: emptyList<Any>()) {
            assertFalse("$words" in "$error ${error.detail}", error.detail)
        }
    }

    private fun verifier(case: Map<*, *>, defaultKeys: List<String>): WebhookVerifier {
        val keys = (case["api_keys"] as List<*>?)?.map { it as String } ?: defaultKeys
        val secret = case["client_secret"] as String?
        return case["max_body"]?.let { WebhookVerifier(keys, secret, it as Long) } ?: WebhookVerifier(keys, secret)
    }

    @TestFactory
    fun `sample payloads are read as their types`(): List<DynamicTest> = Vectors.payloads("webhook-", "result-").map { file ->
        DynamicTest.dynamicTest(file.nameWithoutExtension) {
            val found = event(file.readBytes())
            assertNotEquals("unknown", kind(found.payload))
            assertEquals(file.readText(), found.raw)
            assertEquals(found, event(file.readBytes()))
            assertTrue(eventToJson(found).getValue("data") is Map<*, *>)
        }
    }

    @Test
    fun `phone numbers are sent as twelve digits`() {
        val file = Vectors.file("phones")
        val accepted = cases(file, "accepted")
        sandbox.control("POST", "reset")
        for (case in accepted) push(client, phoneNumber = case["typed"] as String)
        for (typed in texts(file, "refused")) {
            val refused = assertThrows<KopoKopoException.InvalidRequest> { push(client, phoneNumber = typed) }
            assertEquals("phoneNumber", refused.field)
            assertTrue(typed.trim().length < 6 || typed !in "$refused")
        }
        // A reset revokes the client's token, so the first request may be retried after a 401.
        val sent = sandbox.requests("incoming_payments.create").filter { it["took_effect"] == true }.map { request ->
            (Matching.find(request, "body.subscriber.phone_number") as String).removePrefix("+")
        }
        assertEquals(accepted.map { it["normalised"] }, sent)
        for (case in cases(file, "hashes")) assertEquals(case["sha256"], hashPhone(case["phone_number"] as String))
    }

    @Test
    fun `amounts are read exactly`() {
        val file = Vectors.file("amounts")
        fun amount(wire: String): BigDecimal? {
            val webhook = """{"topic":"buygoods_transaction_received","id":"1","event":{"resource":{"amount":$wire}}}"""
            return (event(webhook.toByteArray()).payload as EventPayload.BuygoodsTransactionReceived).transaction.amount
        }
        for (case in cases(file, "texts")) assertEquals(case["shown"], amount(Matching.json(case["text"]))?.toPlainString(), "$case")
        for (case in cases(file, "wire")) assertEquals(case["shown"], amount(case["json"] as String)?.toPlainString(), "$case")
        for (wire in texts(file, "wire_refused")) {
            if (wire == "null" || wire == "\"\"") {
                assertNull(amount(wire), "the amount is optional")
            } else {
                assertThrows<KopoKopoException.Decode>(wire) { amount(wire) }
            }
        }
        // `BigDecimal` rejects most of these texts, and the library rejects the others. The library cannot see an
        // exponent: `BigDecimal("1e3")` is the number 1000.
        for (typed in texts(file, "refused")) {
            val number = typed.toBigDecimalOrNull() ?: continue
            if (typed in ACCEPTED_BY_BIG_DECIMAL || 'e' in typed.lowercase()) continue
            val refused = assertThrows<KopoKopoException.InvalidRequest>(typed) { push(client, amount = number) }
            assertEquals("amount", refused.field)
        }
    }

    @Test
    fun `timestamps keep their instant and offset`() {
        val file = Vectors.file("timestamps")
        fun created(text: String): OffsetDateTime? {
            val webhook = mapOf("topic" to "customer_created", "created_at" to text, "event" to mapOf("resource" to mapOf<String, Any>()))
            return event(Matching.json(webhook).toByteArray()).createdAt
        }
        for (case in cases(file, "accepted")) {
            val found = created(case["text"] as String)
            assertEquals(case["unix"], found?.toEpochSecond(), "$case")
            assertEquals(OffsetDateTime.parse(case["shown"] as String), found, "$case")
        }
        fun daraja(text: String): OffsetDateTime? {
            val webhook = mapOf("TransactionType" to "Buygoods", "TransID" to "1", "TransTime" to text)
            return (event(Matching.json(webhook).toByteArray()).payload as EventPayload.DarajaBuygoods).darajaTransaction.transTime
        }
        for (case in cases(file, "daraja")) assertEquals(OffsetDateTime.parse(case["shown"] as String), daraja(case["text"] as String))
    }

    /** Creates a resource in a collection and returns its id. */
    private fun created(client: KopoKopo, collection: String): String = runBlocking {
        when (val name = collection.substringAfterLast('/')) {
            "incoming_payments" -> push(client).id
            "payment_links" -> client.paymentLinks.create("K000000", BigDecimal(100), CALLBACK).id
            "reversals" -> client.reversals.create("QWE1234567", "Out of stock", CALLBACK).id
            "send_money" -> client.sendMoney.create(
                destinations = listOf(Destination.MobileWallet(phoneNumber = "0712345678", amount = BigDecimal(500), description = "Wages")),
                callbackUrl = CALLBACK,
            ).id
            "transaction_sms_notifications" -> client.smsNotifications.create("webhook-event", "Thank you", CALLBACK).id
            "webhook_subscriptions" -> client.webhookSubscriptions.create(EventType.CustomerCreated, CALLBACK, Scope.Company).id
            else -> error("no create for $name")
        }
    }

    @Test
    fun `id is read only from a valid location`() {
        val file = Vectors.file("locations")
        LocationServer().use { server ->
            val client = KopoKopo(clientId = "a", clientSecret = "b", baseUrl = server.baseUrl, privateToken = true)
            for (case in cases(file, "accepted")) {
                server.location = case["location"] as String
                assertEquals(case["id"], created(client, case["collection"] as String), "$case")
            }
            for (case in cases(file, "refused")) {
                val refused = case["location"] as String
                if (refused.any { it !in ' '..'~' }) continue // Not a valid header value.
                server.location = refused
                assertThrows<KopoKopoException.OutcomeUnknown>(refused) { created(client, case["collection"] as String) }
            }
            for (case in cases(file, "typed")) {
                runBlocking { client.incomingPayments.get(case["text"] as String) }
                assertEquals(case["id"], server.paths.removeLast().substringAfterLast('/'))
            }
            for (typed in texts(file, "typed_refused")) {
                val refused = assertThrows<KopoKopoException.InvalidRequest>(typed) { runBlocking { client.incomingPayments.get(typed) } }
                assertEquals("id", refused.field)
            }
            assertEquals(emptyList<String>(), server.paths)
        }
    }

    private companion object {
        /** Texts that `BigDecimal` accepts and the library rejects. As numbers, they are valid amounts. */
        val ACCEPTED_BY_BIG_DECIMAL = setOf("1.", ".5", "+5", "１００", "١٠")
    }
}
