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

/** Canaries in credentials, tokens and personal data show up nowhere: not in texts, errors, stack traces or on the console. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecretsTest {
    private val sandbox = Sandbox()

    @AfterAll
    fun close() = sandbox.close()

    private fun clean(text: String, vararg more: String) = assertEquals(emptyList<String>(), (CANARIES + more).filter { it in text })

    /** All that a failure says, with its causes, and what it says when it is sent to another process. */
    private fun shown(error: KopoKopoException): String {
        val bytes = ByteArrayOutputStream()
        java.io.ObjectOutputStream(bytes).use { it.writeObject(error) }
        return listOf(error, error.detail, error.body, error.messages, error.stackTraceToString(), bytes.toString(Charsets.ISO_8859_1)).joinToString()
    }

    private fun options() = ClientOptions.builder().clientId("app").clientSecret(SECRET).apiKey(KEY)

    @Test
    fun `clients and verifiers show no credential`() {
        val client = KopoKopo(options().proxy("http://user:$PASSWORD@127.0.0.1:9").build())
        val verifier = WebhookVerifier(listOf(KEY), clientSecret = SECRET)
        clean("$client ${client.webhooks} ${client.oauth} ${client.incomingPayments} $verifier ${options()} ${options().build()}")
    }

    @TestFactory
    fun `a refused option shows no credential`(): List<DynamicTest> = mapOf<String, (ClientOptions.Builder) -> Any>(
        "base_url" to { it.baseUrl("http://user:$PASSWORD@shop.example") },
        "proxy" to { it.proxy("nonsense://user:$PASSWORD@127.0.0.1") },
        "timeout" to { it.timeout(java.time.Duration.ZERO) },
        "max_retries" to { it.maxRetries(-1) },
        "client_id" to { it.clientId("") },
        "extra_ca_certificates" to { it.extraCaCertificates("no certificate $PASSWORD") },
    ).map { (field, wrong) ->
        dynamicTest(field) {
            val refused = assertThrows<KopoKopoException.Configuration> { KopoKopo(options().also { wrong(it) }.build()) }
            assertEquals(field, refused.field?.let(::snakeCase))
            clean(shown(refused))
        }
    }

    @TestFactory
    fun `an error shows neither credentials nor personal data`(): List<DynamicTest> {
        val wallet = Destination.MobileWallet(phoneNumber = PHONE, amount = BigDecimal("1.50"), description = "d")
        return mapOf<String, suspend (KopoKopo) -> Any>(
            "refused credentials" to { it.incomingPayments.create(PAYMENT) },
            "a wrong amount" to { it.incomingPayments.create(payment().amount(BigDecimal(-1)).build()) },
            "a wrong address" to { it.incomingPayments.create(payment().callbackUrl("ftp://shop.example").build()) },
            "a wrong number" to { it.incomingPayments.create(payment().phoneNumber("${PHONE}999").build()) },
            "a wrong value" to { it.incomingPayments.create(payment().metadata(mapOf("order" to Canary)).build()) },
            "a wrong destination" to { it.sendMoney.create(SendMoneyRequest(listOf(wallet), "https://shop.example")) },
            "a token to revoke" to { it.oauth.revoke(SECRET) },
            "a token to introspect" to { it.oauth.introspect(SECRET) },
        ).map { (name, call) ->
            dynamicTest(name) {
                val client = KopoKopo(options().baseUrl(sandbox.baseUrl).privateToken(true).build())
                val said = console {
                    clean(shown(assertThrows<KopoKopoException> { runBlocking { call(client) } }))
                    // What a future says is wrapped, and still nothing.
                    val future = assertThrows<java.util.concurrent.ExecutionException> { client.oauth.introspectAsync(SECRET).get() }
                    clean(future.stackTraceToString())
                }
                clean(said)
            }
        }
    }

    /** A value that JSON does not have, and whose text is a secret. */
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
    fun `a token source that fails with a secret keeps it`() {
        val source = TokenSource { throw IllegalStateException("the vault said $SECRET") }
        val client = KopoKopo.withTokenSource(source, TokenSourceOptions(baseUrl = sandbox.baseUrl))
        val said = console {
            val failed = assertThrows<KopoKopoException.Authentication> { runBlocking { client.incomingPayments.get("1") } }
            clean(shown(failed))
        }
        clean(said)
    }

    @Test
    fun `records show nobody and no token, and hold both`() = runBlocking {
        sandbox.client().use { client ->
            val token = client.oauth.token()
            assertFalse(token.accessToken in "$token ${listOf(token)}")
            val push = client.incomingPayments.create(PAYMENT)
            val payment = push.wait(SOON)
            assertEquals(mapOf("order" to "canary-metadata"), payment.metadata)
            clean("$push $payment ${mapOf("order" to payment)}")
            clean("$PAYMENT ${Destination.MobileWallet(PHONE, BigDecimal.ONE, "d")} ${AccessToken(SECRET)}")
        }
    }

    @Test
    fun `a webhook and its refusal show nobody`() {
        val body = """{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Canaryname","phone_number":"$PHONE"}}}""".toByteArray()
        val verifier = WebhookVerifier(listOf(KEY))
        val event = verifier.verify(body, signWebhook(KEY, body))
        assertEquals("Canaryname", (event.payload as EventPayload.CustomerCreated).customer.firstName)
        clean("$event ${event.payload}")
        for (signature in listOf(null, "00".repeat(32), signWebhook(SECRET, body))) {
            clean(shown(assertThrows<KopoKopoException.Signature> { verifier.verify(body, signature) }))
        }
    }
}
