package dev.kopokopo

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.math.BigDecimal

private const val CANARY = "canary"

class RedactionTest {
    private fun hides(value: Any, vararg hidden: String) {
        for (word in hidden) assertFalse(word in "$value", "$value")
        assertTrue("[redacted]" in "$value", "$value")
    }

    @Test
    fun `what goes in hides secrets, people and metadata`() {
        hides(ClientOptions(clientId = "id", clientSecret = CANARY, apiKey = CANARY, otherApiKeys = listOf(CANARY), proxy = CANARY), CANARY)
        hides(TokenSourceOptions(proxy = CANARY), CANARY)
        hides(AccessToken(CANARY), CANARY)
        val request = IncomingPaymentRequest(
            tillNumber = "K000000",
            phoneNumber = CANARY,
            amount = BigDecimal.TEN,
            callbackUrl = CALLBACK,
            firstName = CANARY,
            metadata = mapOf(CANARY to CANARY),
        )
        hides(request, CANARY)
        assertTrue("tillNumber=K000000" in "$request" && "lastName=null" in "$request", "$request")
        val destination = Destination.Paybill("888", CANARY, BigDecimal.TEN, "Rent")
        hides(destination, CANARY)
        hides(SendMoneyRequest(listOf(destination), CALLBACK), CANARY)
    }

    @Test
    fun `what comes out hides them too, and the text it came as`() = runBlocking {
        Sandbox().use { sandbox ->
            sandbox.client().use { k2 ->
                val payment = k2.incomingPayments.create(
                    tillNumber = "K000000",
                    phoneNumber = "0712345678",
                    amount = BigDecimal(100),
                    callbackUrl = CALLBACK,
                    firstName = "Wanjiru",
                    metadata = mapOf("order" to CANARY),
                ).wait(SOON)
                hides(payment, "712345678", "Wanjiru", CANARY)
                assertTrue("raw=[${payment.raw.length} characters]" in "$payment", "$payment")
                val token = k2.oauth.token()
                hides(token, token.accessToken)
                val body = """{"topic": "customer_created", "event": {"resource": {"first_name": "$CANARY", "phone_number": "+254712345678"}}}"""
                val event = k2.webhooks.parseUnverified(body.toByteArray())
                hides(event, CANARY, "712345678")
                hides(event.payload, CANARY, "712345678")
                assertFalse(sandbox.clientSecret in "$k2" || sandbox.apiKey in "${k2.webhooks}")
            }
        }
    }

    @Test
    fun `an error hides them too`() {
        Sandbox().use { sandbox ->
            val k2 = KopoKopo(clientId = sandbox.clientId, clientSecret = CANARY, baseUrl = sandbox.baseUrl, privateToken = true)
            val error = runCatching { runBlocking { k2.incomingPayments.get("1") } }.exceptionOrNull()
            assertTrue(error is KopoKopoException.Authentication, "$error")
            assertFalse(CANARY in error!!.stackTraceToString())
        }
    }
}
