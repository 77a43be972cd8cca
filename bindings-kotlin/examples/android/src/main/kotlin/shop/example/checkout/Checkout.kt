package shop.example.checkout

import dev.kopokopo.IncomingPayment
import dev.kopokopo.IncomingPaymentStatus
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.WaitOptions
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.emitAll
import kotlinx.coroutines.flow.flow
import java.math.BigDecimal

/** Payments, from the button to the last state. */
class Checkout(private val k2: KopoKopo, private val options: WaitOptions = WaitOptions()) {
    /** How the payment stands, until it is decided. */
    fun pay(amount: BigDecimal, phoneNumber: String, order: String): Flow<IncomingPayment> = flow {
        val push = k2.incomingPayments.create(
            tillNumber = "K000000",
            phoneNumber = phoneNumber,
            amount = amount,
            callbackUrl = "https://shop.example/k2/results", // the backend's: that is what the order goes by
            metadata = mapOf("order_id" to order),
        )
        emitAll(push.watch(options))
    }

    companion object {
        /** What the customer reads. */
        fun sentence(payment: IncomingPayment): String = when (payment.status) {
            IncomingPaymentStatus.Success -> "Paid. Thank you!"
            IncomingPaymentStatus.Failed -> "Not paid. ${payment.errors.joinToString()}"
            else -> "Please enter your M-PESA PIN on your phone."
        }

        /** What the customer reads where it did not work. */
        fun sentence(error: KopoKopoException): String = when (error) {
            is KopoKopoException.InvalidRequest -> "Please look at the phone number again."
            is KopoKopoException.OutcomeUnknown ->
                "We do not know whether you were asked to pay. Please look at your phone before you try again."
            is KopoKopoException.NotFinal -> "We have heard nothing yet. We will tell you when the payment arrives."
            else -> "Nothing was paid. Please try again."
        }
    }
}
