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

private const val MAX_CONCURRENCY = 64

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

/** Measures creates over loopback, one at a time and 64 at a time. */
internal suspend fun creates() {
    // With the manual pace the sandbox does no work of its own, so only the calls are measured.
    val process = ProcessBuilder(System.getProperty("kopokopo.k2"), "sandbox", "--json", "--exit-with-stdin", "--port", "0", "--pace", "manual")
        .redirectError(ProcessBuilder.Redirect.DISCARD).start()
    try {
        val greeting = ObjectMapper().readTree(process.inputStream.bufferedReader().readLine())
        fun field(name: String): String = greeting[name].textValue()
        fun client(freshConnections: Boolean): KopoKopo = KopoKopo(
            clientId = field("client_id"),
            clientSecret = field("client_secret"),
            apiKey = field("api_key"),
            baseUrl = field("base_url"),
            freshConnections = freshConnections,
        )
        // OkHttp uses connections again, so its equal is the client that does the same.
        val reusing = client(freshConnections = false)
        val fresh = client(freshConnections = true)
        val okHttp = OkHttpPayments(field("base_url"), reusing.oauth.token().accessToken)
        val candidates = mapOf<String, suspend () -> String>(
            "reusing" to { reusing.incomingPayments.create(PAYMENT).id },
            "fresh" to { fresh.incomingPayments.create(PAYMENT).id },
            "okhttp" to { okHttp.create() },
        )
        for ((concurrency, count) in listOf(1 to 200, MAX_CONCURRENCY to 1024)) {
            val medians = measureInRounds(count, candidates) { work, times -> runConcurrently(concurrency, times, work) }
            report("create_$concurrency/okhttp", medians["reusing"], medians["okhttp"])
            report("create_$concurrency/fresh", medians["fresh"], medians["okhttp"])
        }
    } finally {
        process.outputStream.close()
        process.waitFor()
    }
}

/** Makes [count] calls, of which [concurrency] run at the same time. */
private suspend fun runConcurrently(concurrency: Int, count: Int, work: suspend () -> String) = coroutineScope {
    val remaining = AtomicInteger(count)
    repeat(concurrency) {
        launch { while (remaining.getAndDecrement() > 0) check(work().isNotEmpty()) }
    }
}

/** A client without this package: it sends the request as bytes and reads the Location of the response. */
private class OkHttpPayments(baseUrl: String, token: String) {
    private val client = OkHttpClient.Builder()
        .dispatcher(
            Dispatcher().apply {
                maxRequests = MAX_CONCURRENCY
                maxRequestsPerHost = MAX_CONCURRENCY
            },
        )
        .connectionPool(ConnectionPool(MAX_CONCURRENCY, 1, java.util.concurrent.TimeUnit.MINUTES)).build()
    private val request = Request.Builder().url("$baseUrl/api/v2/incoming_payments").header("authorization", "Bearer $token")
        .post(WIRE.toRequestBody("application/json".toMediaType())).build()

    suspend fun create(): String = client.newCall(request).await().use { response ->
        check(response.code == 201)
        response.body.bytes()
        response.header("location")!!.substringAfterLast('/')
    }
}

private suspend fun Call.await(): Response = suspendCancellableCoroutine { continuation ->
    continuation.invokeOnCancellation { cancel() }
    enqueue(object : Callback {
        override fun onFailure(call: Call, e: IOException) = continuation.resumeWithException(e)

        override fun onResponse(call: Call, response: Response) = continuation.resume(response) { _, unused, _ -> unused.close() }
    })
}
