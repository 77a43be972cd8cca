package dev.kopokopo

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.math.BigDecimal
import java.time.Duration
import java.util.concurrent.ExecutionException

private const val CANARY = "canary"

class RedactionTest {
    private fun assertRedacted(value: Any, vararg hidden: String) {
        for (word in hidden) assertFalse(word in "$value", "$value")
        assertTrue("[redacted]" in "$value", "$value")
    }

    @Test
    fun `toString of input redacts secrets, personal data and metadata`() {
        assertRedacted(ClientOptions(clientId = "id", clientSecret = CANARY, apiKey = CANARY, otherApiKeys = listOf(CANARY), proxy = CANARY), CANARY)
        assertRedacted(TokenSourceOptions(proxy = CANARY), CANARY)
        assertRedacted(AccessToken(CANARY), CANARY)
        val request = IncomingPaymentRequest(
            tillNumber = "K000000",
            phoneNumber = CANARY,
            amount = BigDecimal.TEN,
            callbackUrl = CALLBACK,
            firstName = CANARY,
            metadata = mapOf(CANARY to CANARY),
        )
        assertRedacted(request, CANARY)
        assertTrue("tillNumber=K000000" in "$request" && "lastName=null" in "$request", "$request")
        val destination = Destination.Paybill("888", CANARY, BigDecimal.TEN, "Rent")
        assertRedacted(destination, CANARY)
        assertRedacted(SendMoneyRequest(listOf(destination), CALLBACK), CANARY)
    }

    @Test
    fun `toString of output redacts secrets, personal data, metadata and the raw text`() = runBlocking {
        Sandbox().use { sandbox ->
            sandbox.client().use { k2 ->
                val payment = k2.incomingPayments.create(
                    tillNumber = "K000000",
                    phoneNumber = "0712345678",
                    amount = BigDecimal(100),
                    callbackUrl = CALLBACK,
                    firstName = "Wanjiru",
                    metadata = mapOf("order" to CANARY),
                ).wait(FAST_POLLING)
                assertRedacted(payment, "712345678", "Wanjiru", CANARY)
                assertTrue("raw=[${payment.raw.length} characters]" in "$payment", "$payment")
                val token = k2.oauth.token()
                assertRedacted(token, token.accessToken)
                val body = """{"topic": "customer_created", "event": {"resource": {"first_name": "$CANARY", "phone_number": "+254712345678"}}}"""
                val event = k2.webhooks.parseUnverified(body.toByteArray())
                assertRedacted(event, CANARY, "712345678")
                assertRedacted(event.payload, CANARY, "712345678")
                assertFalse(sandbox.clientSecret in "$k2" || sandbox.apiKey in "${k2.webhooks}")
            }
        }
    }

    private fun options() = ClientOptions.builder().clientId("app").clientSecret(CANARY).apiKey(CANARY)

    @Test
    fun `toString of a builder has no credential`() = assertFalse(CANARY in "${options()}")

    @Test
    fun `error of an invalid option names it and has no credential`() {
        val changes = mapOf<String, (ClientOptions.Builder) -> Any>(
            "baseUrl" to { it.baseUrl("http://user:$CANARY@shop.example") },
            "proxy" to { it.proxy("nonsense://user:$CANARY@127.0.0.1") },
            "timeout" to { it.timeout(Duration.ZERO) },
            "maxRetries" to { it.maxRetries(-1) },
            "clientId" to { it.clientId("") },
            "extraCaCertificates" to { it.extraCaCertificates("no certificate $CANARY") },
        )
        for ((field, change) in changes) {
            val error = assertThrows<KopoKopoException.Configuration> { KopoKopo(options().also { change(it) }.build()) }
            assertEquals(field, error.field)
            assertFalse(CANARY in error.stackTraceToString())
        }
    }

    /** A value that JSON does not support. Its text is a secret. */
    private object Unsupported {
        override fun toString(): String = CANARY
    }

    @Test
    fun `error has no credential, also within the exception of a future`() {
        Sandbox().use { sandbox ->
            KopoKopo(options().baseUrl(sandbox.baseUrl).privateToken(true).build()).use { k2 ->
                val refused = assertThrows<KopoKopoException.Authentication> { runBlocking { k2.incomingPayments.get("1") } }
                assertFalse(CANARY in refused.stackTraceToString())
                val future = assertThrows<ExecutionException> { k2.oauth.introspectAsync(CANARY).get() }
                assertFalse(CANARY in future.stackTraceToString())
                val invalid = assertThrows<KopoKopoException.InvalidRequest> {
                    runBlocking {
                        k2.incomingPayments.create("K000000", "0712345678", BigDecimal(100), CALLBACK, metadata = mapOf("order" to Unsupported))
                    }
                }
                assertFalse(CANARY in invalid.stackTraceToString())
            }
        }
    }
}
