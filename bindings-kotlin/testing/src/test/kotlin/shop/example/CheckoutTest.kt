package shop.example

import dev.kopokopo.IncomingPaymentRequest
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.WaitOptions
import dev.kopokopo.sandbox.FaultKind
import dev.kopokopo.sandbox.Sandbox
import dev.kopokopo.sandbox.SandboxExtension
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.extension.ExtendWith
import java.math.BigDecimal
import java.time.Duration

@ExtendWith(SandboxExtension::class)
class CheckoutTest {
    /** The code that is tested. */
    private fun charge(k2: KopoKopo, phoneNumber: String): String {
        val request = IncomingPaymentRequest("K000000", phoneNumber, BigDecimal(100), "https://shop.example/k2/results")
        return k2.incomingPayments.createBlocking(request).id
    }

    @Test
    fun customerCancels(sandbox: Sandbox, k2: KopoKopo) {
        val id = charge(k2, "254700000006") // this customer waits for the test
        sandbox.customerCancels(id)
        val payment = k2.incomingPayments.waitBlocking(id, WaitOptions(interval = Duration.ofMillis(20)))
        assertEquals(listOf("Request cancelled by user"), payment.errors)
    }

    @Test
    fun paymentWithLostResponseIsNotSentAgain(sandbox: Sandbox, k2: KopoKopo) {
        sandbox.fault(FaultKind.RESET_AFTER_EFFECT, operation = "incoming_payments.create")
        assertThrows<KopoKopoException.OutcomeUnknown> { charge(k2, "0712345678") }
        assertEquals(1, sandbox.requests().count { it.operation == "incoming_payments.create" })
    }
}
