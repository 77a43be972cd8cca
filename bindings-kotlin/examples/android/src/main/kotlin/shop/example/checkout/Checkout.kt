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

/** Takes payments. */
class Checkout(private val k2: KopoKopo, private val options: WaitOptions = WaitOptions()) {
    /** Creates a payment. Returns a flow of its states until it is final. */
    fun pay(amount: BigDecimal, phoneNumber: String, order: String): Flow<IncomingPayment> = flow {
        val push = k2.incomingPayments.create(
            tillNumber = "K000000",
            phoneNumber = phoneNumber,
            amount = amount,
            callbackUrl = "https://shop.example/k2/results", // a URL of the backend, which updates the order
            metadata = mapOf("order_id" to order),
        )
        emitAll(push.watch(options))
    }

    companion object {
        /** The message for the customer. */
        fun message(payment: IncomingPayment): String = when (payment.status) {
            IncomingPaymentStatus.Success -> "Paid. Thank you!"
            IncomingPaymentStatus.Failed -> "Not paid. ${payment.errors.joinToString()}"
            else -> "Please enter your M-PESA PIN on your phone."
        }

        /** The message for the customer if there was an error. */
        fun message(error: KopoKopoException): String = when (error) {
            is KopoKopoException.InvalidRequest -> "Please check the phone number."
            is KopoKopoException.OutcomeUnknown ->
                "We do not know whether the payment request was sent. Please check your phone before you try again."
            is KopoKopoException.NotFinal -> "The payment is still pending. We will notify you when it arrives."
            else -> "No payment was made. Please try again."
        }
    }
}
