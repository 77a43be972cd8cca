package dev.kopokopo

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.math.BigDecimal

private const val SECRET = "canary-client-secret-1"
private const val KEY = "canary-api-key-2"
private const val PASSWORD = "canary-password-3"
private const val PHONE = "0712345678"
private val CANARIES = listOf(SECRET, KEY, PASSWORD, "712345678", "Canaryname", "canary@shop.example", "canary-metadata")

private fun payment(): IncomingPaymentRequest.Builder = IncomingPaymentRequest.builder()
    .tillNumber("K000000")
    .phoneNumber(PHONE)
    .amount(BigDecimal(100))
    .callbackUrl("https://shop.example")
    .firstName("Canaryname")
    .email("canary@shop.example")
    .metadata(mapOf("order" to "canary-metadata"))

private val PAYMENT = payment().build()

/**
 * Canaries in credentials, tokens and personal data do not appear in `toString`, errors, stack traces or on the
 * console.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecretsTest {
    private val sandbox = Sandbox()

    @AfterAll
    fun close() = sandbox.close()

    private fun assertClean(text: String, vararg more: String) = assertEquals(emptyList<String>(), (CANARIES + more).filter { it in text })

    /** Returns all text of an error, with its causes and its serialized form. */
    private fun fullText(error: KopoKopoException): String {
        val bytes = ByteArrayOutputStream()
        java.io.ObjectOutputStream(bytes).use { it.writeObject(error) }
        return listOf(error, error.detail, error.body, error.messages, error.stackTraceToString(), bytes.toString(Charsets.ISO_8859_1)).joinToString()
    }

    private fun options() = ClientOptions.builder().clientId("app").clientSecret(SECRET).apiKey(KEY)

    @Test
    fun `toString of clients and verifiers has no credential`() {
        val client = KopoKopo(options().proxy("http://user:$PASSWORD@127.0.0.1:9").build())
        val verifier = WebhookVerifier(listOf(KEY), clientSecret = SECRET)
        assertClean("$client ${client.webhooks} ${client.oauth} ${client.incomingPayments} $verifier ${options()} ${options().build()}")
    }

    @TestFactory
    fun `error of an invalid option has no credential`(): List<DynamicTest> = mapOf<String, (ClientOptions.Builder) -> Any>(
        "base_url" to { it.baseUrl("http://user:$PASSWORD@shop.example") },
        "proxy" to { it.proxy("nonsense://user:$PASSWORD@127.0.0.1") },
        "timeout" to { it.timeout(java.time.Duration.ZERO) },
        "max_retries" to { it.maxRetries(-1) },
        "client_id" to { it.clientId("") },
        "extra_ca_certificates" to { it.extraCaCertificates("no certificate $PASSWORD") },
    ).map { (field, setInvalid) ->
        dynamicTest(field) {
            val error = assertThrows<KopoKopoException.Configuration> { KopoKopo(options().also { setInvalid(it) }.build()) }
            assertEquals(field, error.field?.let(::snakeCase))
            assertClean(fullText(error))
        }
    }

    @TestFactory
    fun `error has no credential and no personal data`(): List<DynamicTest> {
        val wallet = Destination.MobileWallet(phoneNumber = PHONE, amount = BigDecimal("1.50"), description = "d")
        return mapOf<String, suspend (KopoKopo) -> Any>(
            "invalid credentials" to { it.incomingPayments.create(PAYMENT) },
            "invalid amount" to { it.incomingPayments.create(payment().amount(BigDecimal(-1)).build()) },
            "invalid URL" to { it.incomingPayments.create(payment().callbackUrl("ftp://shop.example").build()) },
            "invalid phone number" to { it.incomingPayments.create(payment().phoneNumber("${PHONE}999").build()) },
            "invalid metadata" to { it.incomingPayments.create(payment().metadata(mapOf("order" to Canary)).build()) },
            "invalid destination" to { it.sendMoney.create(SendMoneyRequest(listOf(wallet), "https://shop.example")) },
            "revoked token" to { it.oauth.revoke(SECRET) },
            "introspected token" to { it.oauth.introspect(SECRET) },
        ).map { (name, call) ->
            dynamicTest(name) {
                val client = KopoKopo(options().baseUrl(sandbox.baseUrl).privateToken(true).build())
                val output = console {
                    assertClean(fullText(assertThrows<KopoKopoException> { runBlocking { call(client) } }))
                    // The error of a future has a wrapper, which must be clean too.
                    val future = assertThrows<java.util.concurrent.ExecutionException> { client.oauth.introspectAsync(SECRET).get() }
                    assertClean(future.stackTraceToString())
                }
                assertClean(output)
            }
        }
    }

    /** A value that JSON does not support. Its text is a secret. */
    private object Canary {
        override fun toString(): String = SECRET
    }

    private fun console(work: () -> Unit): String {
        val bytes = ByteArrayOutputStream()
        val (out, err) = System.out to System.err
        PrintStream(bytes, true).let {
            System.setOut(it)
            System.setErr(it)
        }
        try {
            work()
        } finally {
            System.setOut(out)
            System.setErr(err)
        }
        return bytes.toString()
    }

    @Test
    fun `secret in the error of a token source is not passed on`() {
        val source = TokenSource { throw IllegalStateException("vault error: $SECRET") }
        val client = KopoKopo.withTokenSource(source, TokenSourceOptions(baseUrl = sandbox.baseUrl))
        val output = console {
            val failed = assertThrows<KopoKopoException.Authentication> { runBlocking { client.incomingPayments.get("1") } }
            assertClean(fullText(failed))
        }
        assertClean(output)
    }

    @Test
    fun `toString of records has no personal data and no token, and the fields have both`() = runBlocking {
        sandbox.client().use { client ->
            val token = client.oauth.token()
            assertFalse(token.accessToken in "$token ${listOf(token)}")
            val push = client.incomingPayments.create(PAYMENT)
            val payment = push.wait(FAST_POLLING)
            assertEquals(mapOf("order" to "canary-metadata"), payment.metadata)
            assertClean("$push $payment ${mapOf("order" to payment)}")
            assertClean("$PAYMENT ${Destination.MobileWallet(PHONE, BigDecimal.ONE, "d")} ${AccessToken(SECRET)}")
        }
    }

    @Test
    fun `webhook and signature error have no personal data`() {
        val body = """{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Canaryname","phone_number":"$PHONE"}}}""".toByteArray()
        val verifier = WebhookVerifier(listOf(KEY))
        val event = verifier.verify(body, signWebhook(KEY, body))
        assertEquals("Canaryname", (event.payload as EventPayload.CustomerCreated).customer.firstName)
        assertClean("$event ${event.payload}")
        for (signature in listOf(null, "00".repeat(32), signWebhook(SECRET, body))) {
            assertClean(fullText(assertThrows<KopoKopoException.Signature> { verifier.verify(body, signature) }))
        }
    }
}
