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
import shop.example.checkout.Backend
import shop.example.checkout.Checkout
import java.math.BigDecimal

/** One payment at a time. It goes on while the screen turns. */
class CheckoutViewModel : ViewModel() {
    private val k2 = KopoKopo.withTokenSource(
        Backend("https://shop.example/k2/token", session = { Session.current() }),
        TokenSourceOptions(environment = Environment.SANDBOX, product = "shop/1.0"),
    )
    private val checkout = Checkout(k2)
    private var payment: Job? = null
    private val shown = MutableStateFlow("")

    /** What the customer reads. */
    val sentence: StateFlow<String> get() = shown

    fun pay(amount: BigDecimal, phoneNumber: String, order: String) {
        if (payment?.isActive == true) return
        payment = viewModelScope.launch {
            try {
                checkout.pay(amount, phoneNumber, order).collect { shown.value = Checkout.sentence(it) }
            } catch (error: KopoKopoException) {
                shown.value = Checkout.sentence(error)
            }
        }
    }

    override fun onCleared() = k2.close()
}

/** Who is signed in. An app has this already. */
object Session {
    suspend fun current(): String = "the session of whoever is signed in"
}
