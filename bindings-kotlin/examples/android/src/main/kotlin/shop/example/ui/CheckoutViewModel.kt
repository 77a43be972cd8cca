package shop.example.ui

import androidx.lifecycle.ViewModel
import androidx.lifecycle.viewModelScope
import dev.kopokopo.Environment
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.TokenSourceOptions
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.launch
import shop.example.checkout.BackendTokenSource
import shop.example.checkout.Checkout
import java.math.BigDecimal

/** Runs one payment at a time. It continues when the screen rotates. */
class CheckoutViewModel : ViewModel() {
    private val k2 = KopoKopo.withTokenSource(
        BackendTokenSource("https://shop.example/k2/token", session = { Session.current() }),
        TokenSourceOptions(environment = Environment.SANDBOX, product = "shop/1.0"),
    )
    private val checkout = Checkout(k2)
    private var payment: Job? = null
    private val currentMessage = MutableStateFlow("")

    /** The message for the customer. */
    val message: StateFlow<String> get() = currentMessage

    fun pay(amount: BigDecimal, phoneNumber: String, order: String) {
        if (payment?.isActive == true) return
        payment = viewModelScope.launch {
            try {
                checkout.pay(amount, phoneNumber, order).collect { currentMessage.value = Checkout.message(it) }
            } catch (error: KopoKopoException) {
                currentMessage.value = Checkout.message(error)
            }
        }
    }

    override fun onCleared() = k2.close()
}

/** The session of the signed-in user. A real app already has this. */
object Session {
    suspend fun current(): String = "the session of the signed-in user"
}
