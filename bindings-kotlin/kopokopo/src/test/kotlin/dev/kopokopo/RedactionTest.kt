package dev.kopokopo

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.math.BigDecimal

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

    @Test
    fun `error has no credential`() {
        Sandbox().use { sandbox ->
            val k2 = KopoKopo(clientId = sandbox.clientId, clientSecret = CANARY, baseUrl = sandbox.baseUrl, privateToken = true)
            val error = runCatching { runBlocking { k2.incomingPayments.get("1") } }.exceptionOrNull()
            assertTrue(error is KopoKopoException.Authentication, "$error")
            assertFalse(CANARY in error!!.stackTraceToString())
        }
    }
}
