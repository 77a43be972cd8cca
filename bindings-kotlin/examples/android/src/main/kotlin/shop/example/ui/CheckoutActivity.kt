package shop.example.ui

import android.os.Bundle
import android.text.InputType
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.TextView
import androidx.activity.ComponentActivity
import androidx.activity.viewModels
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.lifecycleScope
import androidx.lifecycle.repeatOnLifecycle
import kotlinx.coroutines.launch
import java.math.BigDecimal

class CheckoutActivity : ComponentActivity() {
    private val checkout: CheckoutViewModel by viewModels()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val phoneNumber = EditText(this).apply {
            hint = "0712345678"
            inputType = InputType.TYPE_CLASS_PHONE
        }
        val pay = Button(this).apply { text = "Pay KES 100" }
        val message = TextView(this)
        setContentView(
            LinearLayout(this).apply {
                orientation = LinearLayout.VERTICAL
                fitsSystemWindows = true
                listOf(phoneNumber, pay, message).forEach { addView(it) }
            },
        )
        pay.setOnClickListener { checkout.pay(BigDecimal(100), phoneNumber.text.toString(), order = "42") }
        lifecycleScope.launch {
            repeatOnLifecycle(Lifecycle.State.STARTED) { checkout.message.collect { message.text = it } }
        }
    }
}
