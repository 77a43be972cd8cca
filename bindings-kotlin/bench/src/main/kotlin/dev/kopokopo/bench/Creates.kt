package dev.kopokopo.bench

import com.fasterxml.jackson.databind.ObjectMapper
import dev.kopokopo.IncomingPaymentRequest
import dev.kopokopo.KopoKopo
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.suspendCancellableCoroutine
import okhttp3.Call
import okhttp3.Callback
import okhttp3.ConnectionPool
import okhttp3.Dispatcher
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import java.io.IOException
import java.math.BigDecimal
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.resumeWithException

private const val MOST = 64

private val PAYMENT = IncomingPaymentRequest(
    tillNumber = "K000000",
    phoneNumber = "+254712345678",
    amount = BigDecimal(100),
    callbackUrl = "https://shop.example/k2/results",
    firstName = "Jane",
    lastName = "Doe",
    email = "jane@shop.example",
)

private val WIRE = """
    {"payment_channel":"M-PESA STK Push","till_number":"K000000",
    "subscriber":{"first_name":"Jane","last_name":"Doe","phone_number":"+254712345678","email":"jane@shop.example"},
    "amount":{"currency":"KES","value":100},"_links":{"callback_url":"https://shop.example/k2/results"}}
""".trimIndent().toByteArray()

/** Creates over loopback, one after the other and 64 at a time. */
internal suspend fun creates() {
    // Nothing happens by itself, so nothing but the calls is measured.
    val process = ProcessBuilder(System.getProperty("kopokopo.k2"), "sandbox", "--json", "--exit-with-stdin", "--port", "0", "--pace", "manual")
        .redirectError(ProcessBuilder.Redirect.DISCARD).start()
    try {
        val greeting = ObjectMapper().readTree(process.inputStream.bufferedReader().readLine())
        fun said(name: String): String = greeting[name].textValue()
        val k2 = KopoKopo(clientId = said("client_id"), clientSecret = said("client_secret"), apiKey = said("api_key"), baseUrl = said("base_url"))
        val byHand = ByHand(said("base_url"), k2.oauth.token().accessToken)
        val works = mapOf<String, suspend () -> String>(
            "ours" to { k2.incomingPayments.create(PAYMENT).id },
            "okhttp" to { byHand.create() },
        )
        for ((atATime, count) in listOf(1 to 200, MOST to 1024)) {
            inTurns("create_$atATime", count, works) { work, times -> together(atATime, times, work) }
        }
    } finally {
        process.outputStream.close()
        process.waitFor()
    }
}

/** So many calls, some at a time. */
private suspend fun together(atATime: Int, count: Int, work: suspend () -> String) = coroutineScope {
    val left = AtomicInteger(count)
    repeat(atATime) {
        launch { while (left.getAndDecrement() > 0) check(work().isNotEmpty()) }
    }
}

/** What a program without this package writes: the request as bytes, the answer's Location. */
private class ByHand(baseUrl: String, token: String) {
    private val client = OkHttpClient.Builder()
        .dispatcher(
            Dispatcher().apply {
                maxRequests = MOST
                maxRequestsPerHost = MOST
            },
        )
        .connectionPool(ConnectionPool(MOST, 1, java.util.concurrent.TimeUnit.MINUTES)).build()
    private val request = Request.Builder().url("$baseUrl/api/v2/incoming_payments").header("authorization", "Bearer $token")
        .post(WIRE.toRequestBody("application/json".toMediaType())).build()

    suspend fun create(): String = client.newCall(request).await().use { answer ->
        check(answer.code == 201)
        answer.body.bytes()
        answer.header("location")!!.substringAfterLast('/')
    }
}

private suspend fun Call.await(): Response = suspendCancellableCoroutine { waiting ->
    waiting.invokeOnCancellation { cancel() }
    enqueue(object : Callback {
        override fun onFailure(call: Call, e: IOException) = waiting.resumeWithException(e)

        override fun onResponse(call: Call, response: Response) = waiting.resume(response) { _, unused, _ -> unused.close() }
    })
}
