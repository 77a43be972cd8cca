package dev.kopokopo

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import java.net.URI
import java.net.URLEncoder
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.time.Duration
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger

/**
 * `k2 sandbox` in a separate process, and the backend of an app. The backend has the client secret, and the app does
 * not.
 */
class TestBackend : AutoCloseable {
    private val process = ProcessBuilder(System.getProperty("kopokopo.k2"), "sandbox", "--json", "--exit-with-stdin", "--port", "0", "--pace", "instant")
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
    private val greeting = Json.read(process.inputReader().readLine())
    private val http = HttpClient.newHttpClient()
    private val tokenRequests = AtomicInteger()

    @Volatile
    private var latestToken = ""

    val baseUrl: String = greeting.getValue("base_url") as String

    /** The number of token requests of apps. */
    val tokens: Int get() = tokenRequests.get()

    /** The token source of an app. */
    val source = TokenSource {
        tokenRequests.incrementAndGet()
        withContext(Dispatchers.IO) { fetch() }
    }

    /** Creates a client as in an app. */
    fun app(source: TokenSource = this.source): KopoKopo = KopoKopo.withTokenSource(source, TokenSourceOptions(baseUrl = baseUrl, maxRetries = 0))

    private fun fetch(): AccessToken {
        val response = form("oauth/token", "grant_type" to "client_credentials")
        latestToken = response.getValue("access_token") as String
        return AccessToken(latestToken, Duration.ofSeconds((response.getValue("expires_in") as Number).toLong()))
    }

    /** Revokes the last token. */
    fun revoke() {
        form("oauth/revoke", "token" to latestToken)
    }

    private fun form(path: String, vararg fields: Pair<String, String>): Map<String, Any?> {
        val all = fields.toList() + ("client_id" to greeting.getValue("client_id")) + ("client_secret" to greeting.getValue("client_secret"))
        val body = all.joinToString("&") { (name, value) -> "$name=${URLEncoder.encode(value as String, Charsets.UTF_8)}" }
        val request = HttpRequest.newBuilder(URI("$baseUrl/$path")).POST(BodyPublishers.ofString(body))
        return Json.read(send(request.header("content-type", "application/x-www-form-urlencoded")).ifEmpty { "{}" })
    }

    /** Calls the control API of the sandbox. */
    fun control(method: String, path: String, body: String = ""): Any? {
        val request = HttpRequest.newBuilder(URI("$baseUrl/_sandbox/$path")).method(method, BodyPublishers.ofString(body))
        val response = send(request.header("content-type", "application/json")).ifEmpty { "null" }
        return Json.read("{\"response\":$response}")["response"]
    }

    /** Returns the number of requests of an operation. */
    fun requests(operation: String): Int = (control("GET", "requests") as List<*>).count { (it as Map<*, *>)["operation"] == operation }

    private fun send(request: HttpRequest.Builder): String {
        val response = http.send(request.build(), BodyHandlers.ofString())
        check(response.statusCode() in 200..299) { "${response.uri()}: ${response.statusCode()} ${response.body()}" }
        return response.body()
    }

    override fun close() {
        process.outputStream.close()
        if (!process.waitFor(5, TimeUnit.SECONDS)) process.destroyForcibly()
    }
}

/** A URL on which no server listens. */
const val CALLBACK: String = "http://127.0.0.1:9/results"

/** Polls with short pauses. */
val FAST_POLLING: WaitOptions =
    WaitOptions(timeout = Duration.ofSeconds(10), interval = Duration.ofMillis(20), maxInterval = Duration.ofMillis(100))
