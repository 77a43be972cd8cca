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

/** `k2 sandbox` in a process of its own, and beside it an app's backend, which has the secret that the app has not. */
class Backend : AutoCloseable {
    private val process = ProcessBuilder(System.getProperty("kopokopo.k2"), "sandbox", "--json", "--exit-with-stdin", "--port", "0", "--pace", "instant")
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
    private val greeting = Json.read(process.inputReader().readLine())
    private val http = HttpClient.newHttpClient()
    private val asked = AtomicInteger()

    @Volatile
    private var latest = ""

    val baseUrl: String = greeting.getValue("base_url") as String

    /** How often an app asked for a token. */
    val tokens: Int get() = asked.get()

    /** What the app has of it. */
    val source = TokenSource {
        asked.incrementAndGet()
        withContext(Dispatchers.IO) { fetch() }
    }

    /** A client as an app makes it. */
    fun app(source: TokenSource = this.source): KopoKopo = KopoKopo.withTokenSource(source, TokenSourceOptions(baseUrl = baseUrl, maxRetries = 0))

    private fun fetch(): AccessToken {
        val answer = form("oauth/token", "grant_type" to "client_credentials")
        latest = answer.getValue("access_token") as String
        return AccessToken(latest, Duration.ofSeconds((answer.getValue("expires_in") as Number).toLong()))
    }

    /** Ends the life of the token that was handed out last. */
    fun revoke() {
        form("oauth/revoke", "token" to latest)
    }

    private fun form(path: String, vararg fields: Pair<String, String>): Map<String, Any?> {
        val all = fields.toList() + ("client_id" to greeting.getValue("client_id")) + ("client_secret" to greeting.getValue("client_secret"))
        val body = all.joinToString("&") { (name, value) -> "$name=${URLEncoder.encode(value as String, Charsets.UTF_8)}" }
        val request = HttpRequest.newBuilder(URI("$baseUrl/$path")).POST(BodyPublishers.ofString(body))
        return Json.read(send(request.header("content-type", "application/x-www-form-urlencoded")).ifEmpty { "{}" })
    }

    /** Asks the sandbox's control API. */
    fun control(method: String, path: String, body: String = ""): Any? {
        val request = HttpRequest.newBuilder(URI("$baseUrl/_sandbox/$path")).method(method, BodyPublishers.ofString(body))
        val answer = send(request.header("content-type", "application/json")).ifEmpty { "null" }
        return Json.read("{\"answer\":$answer}")["answer"]
    }

    /** How many requests of an operation came. */
    fun requests(operation: String): Int = (control("GET", "requests") as List<*>).count { (it as Map<*, *>)["operation"] == operation }

    private fun send(request: HttpRequest.Builder): String {
        val answer = http.send(request.build(), BodyHandlers.ofString())
        check(answer.statusCode() in 200..299) { "${answer.uri()}: ${answer.statusCode()} ${answer.body()}" }
        return answer.body()
    }

    override fun close() {
        process.outputStream.close()
        if (!process.waitFor(5, TimeUnit.SECONDS)) process.destroyForcibly()
    }
}

/** Where nothing listens. */
const val CALLBACK: String = "http://127.0.0.1:9/results"

/** Looks without long pauses. */
val SOON: WaitOptions =
    WaitOptions(timeout = Duration.ofSeconds(10), interval = Duration.ofMillis(20), maxInterval = Duration.ofMillis(100))
