package dev.kopokopo

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.util.concurrent.TimeUnit

/** `k2 sandbox` in a separate process, which [close] stops. */
class Sandbox(pace: String = "instant") : AutoCloseable {
    private val process = ProcessBuilder(System.getProperty("kopokopo.k2"), "sandbox", "--json", "--exit-with-stdin", "--port", "0", "--pace", pace)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
    private val greeting = Json.read(process.inputReader().readLine())
    private val http = HttpClient.newHttpClient()

    val baseUrl: String = greeting.getValue("base_url") as String
    val clientId: String = greeting.getValue("client_id") as String
    val clientSecret: String = greeting.getValue("client_secret") as String
    val apiKey: String = greeting.getValue("api_key") as String

    fun client(): KopoKopo = KopoKopo(clientId = clientId, clientSecret = clientSecret, apiKey = apiKey, baseUrl = baseUrl, privateToken = true)

    /** Calls the control API. */
    fun control(method: String, path: String, body: String = ""): Any? {
        val request = HttpRequest.newBuilder(URI("$baseUrl/_sandbox/$path")).method(method, BodyPublishers.ofString(body))
        val response = http.send(request.header("content-type", "application/json").build(), BodyHandlers.ofString())
        check(response.statusCode() in 200..299) { "$method $path: ${response.statusCode()} ${response.body()}" }
        return Json.read("{\"response\":${response.body().ifEmpty { "null" }}}")["response"]
    }

    /** Makes the next call of [operation] fail with a fault of this kind. */
    fun fault(operation: String, kind: String, more: String = "") {
        control("PUT", "faults", """{"operation": "$operation", "kind": "$kind"$more}""")
    }

    /** Returns the requests of an operation that arrived. */
    fun requests(operation: String): List<Map<*, *>> = (control("GET", "requests") as List<*>).map { it as Map<*, *> }.filter { it["operation"] == operation }

    override fun close() {
        process.outputStream.close()
        if (!process.waitFor(5, TimeUnit.SECONDS)) process.destroyForcibly()
    }
}

/** A URL on which no server listens. */
const val CALLBACK: String = "http://127.0.0.1:9/results"

/** Polls with short pauses. */
val FAST_POLLING: WaitOptions = WaitOptions(
    timeout = java.time.Duration.ofSeconds(10),
    interval = java.time.Duration.ofMillis(20),
    maxInterval = java.time.Duration.ofMillis(100),
)
