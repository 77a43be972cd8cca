package dev.kopokopo.ktor

import dev.kopokopo.Event
import dev.kopokopo.JournalStore
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.signWebhook
import io.ktor.server.application.createApplicationPlugin
import io.ktor.server.application.install
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import io.ktor.server.plugins.doublereceive.DoubleReceive
import io.ktor.server.request.receiveText
import io.ktor.server.response.respondText
import io.ktor.server.routing.Route
import io.ktor.server.routing.routing
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import java.io.ByteArrayOutputStream
import java.io.File
import java.net.Socket
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.util.Base64
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicBoolean
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

private const val KEY = "api-key-of-the-tests"
private const val MAX_BODY = 5000L
private val TESTS = File(System.getProperty("kopokopo.root"), "tests")
private val PAID = File(TESTS, "benches/webhook.json").readBytes()

/** A plugin that reads the body before the route does. */
private val BodyReadingPlugin = createApplicationPlugin("BodyReadingPlugin") { onCall { it.receiveText() } }

class WebhooksTest {
    private val events = ConcurrentLinkedQueue<Event>()
    private val http = HttpClient.newHttpClient()
    private var close: () -> Unit = {}

    private fun serve(
        verifier: WebhookVerifier = WebhookVerifier(listOf(KEY), maxBody = MAX_BODY),
        bodyReadBefore: Boolean = false,
        doubleReceive: Boolean = false,
        routes: Route.() -> Unit = { kopokopoWebhooks("/k2", verifier) { events.add(it) } },
    ): Int {
        val server = embeddedServer(CIO, port = 0, host = "127.0.0.1") {
            if (doubleReceive) install(DoubleReceive)
            if (bodyReadBefore) install(BodyReadingPlugin)
            routing(routes)
        }.start()
        close = { server.stop(0, 0) }
        return runBlocking { server.engine.resolvedConnectors().first().port }
    }

    @AfterEach
    fun stop() = close()

    private fun send(port: Int, body: ByteArray, vararg signatures: String, chunked: Boolean = false): Pair<Int, String> {
        val publisher = if (chunked) BodyPublishers.ofInputStream { body.inputStream() } else BodyPublishers.ofByteArray(body)
        val request = HttpRequest.newBuilder(URI("http://127.0.0.1:$port/k2")).POST(publisher)
        signatures.forEach { request.header("X-KopoKopo-Signature", it) }
        val response = http.send(request.header("content-type", "application/json").build(), BodyHandlers.ofString())
        return response.statusCode() to response.body()
    }

    private fun signed(body: ByteArray) = signWebhook(KEY, body)

    @Test
    fun `verified event reaches the handler and the response is 200`() {
        val port = serve()
        assertEquals(200 to "", send(port, PAID, signed(PAID)))
        assertEquals(200 to "", send(port, PAID, signed(PAID), chunked = true))
        assertEquals(listOf("buygoods_transaction_received", "buygoods_transaction_received"), events.map { it.topic })
    }

    @Test
    fun `handler may send its own response`() {
        val verifier = WebhookVerifier(listOf(KEY))
        val port = serve { kopokopoWebhooks("/k2", verifier) { call.respondText("received ${it.dedupeKey}") } }
        assertEquals("received ${verifier.verify(PAID, signed(PAID)).dedupeKey}", send(port, PAID, signed(PAID)).second)
    }

    @Test
    fun `exception of the handler is a 500 response`() {
        val port = serve { kopokopoWebhooks("/k2", WebhookVerifier(listOf(KEY))) { error("the database is unavailable") } }
        assertEquals(500, send(port, PAID, signed(PAID)).first)
    }

    @Test
    fun `journal learns of the event before the handler, which does not run if the journal fails`() {
        val steps = ConcurrentLinkedQueue<String>()
        val isDown = AtomicBoolean(true)
        val store = JournalStore { request ->
            steps += "journal"
            check(!isDown.get()) { "the database is down" }
            if ("\"get\"" in request) "null" else "[]"
        }
        val verifier = WebhookVerifier(listOf(KEY))
        KopoKopo(clientId = "id", clientSecret = "secret", baseUrl = "http://127.0.0.1:9").use { client ->
            val journal = client.withJournal(store).journal
            val port = serve { kopokopoWebhooks("/k2", verifier, journal) { steps += "handler" } }
            assertEquals(500 to "", send(port, PAID, signed(PAID)))
            assertEquals(listOf("journal"), steps.distinct())
            steps.clear()
            isDown.set(false)
            assertEquals(200 to "", send(port, PAID, signed(PAID)))
            assertEquals(listOf("journal", "handler"), steps.distinct())
            assertEquals(401, send(port, PAID, signWebhook("another", PAID)).first)
            assertEquals("handler", steps.last())
        }
    }

    @Test
    fun `invalid signature is a 401 response without the reason`() {
        val port = serve()
        assertEquals(401 to "invalid signature", send(port, PAID))
        assertEquals(401 to "invalid signature", send(port, PAID, "0".repeat(64)))
        assertEquals(401 to "invalid signature", send(port, PAID + ' '.code.toByte(), signed(PAID)))
        assertEquals(401 to "invalid signature", send(port, ByteArray(0)))
        assertTrue(events.isEmpty())
    }

    @Test
    fun `two different signatures are rejected and two equal ones are accepted`() {
        val port = serve()
        assertEquals(401, send(port, PAID, signed(PAID), "0".repeat(64)).first)
        assertEquals(401, send(port, PAID, "0".repeat(64), signed(PAID)).first)
        assertEquals(401, send(port, PAID, "${signed(PAID)}, ${"0".repeat(64)}").first)
        assertEquals(200, send(port, PAID, signed(PAID), signed(PAID)).first)
    }

    @Test
    fun `body over the limit is rejected with and without Content-Length`() {
        val port = serve()
        val large = PAID + ByteArray(MAX_BODY.toInt()) { ' '.code.toByte() }
        assertEquals(413, send(port, large, signed(large)).first)
        assertEquals(413, send(port, large, signed(large), chunked = true).first)
        val exact = PAID + ByteArray(MAX_BODY.toInt() - PAID.size) { ' '.code.toByte() }
        assertEquals(200, send(port, exact, signed(exact)).first)
    }

    @Test
    fun `maximum limit accepts a valid webhook`() {
        val port = serve(WebhookVerifier(listOf(KEY), maxBody = Long.MAX_VALUE))
        assertEquals(200, send(port, PAID, signed(PAID)).first)
    }

    @Test
    fun `Content-Length over the limit is rejected before the body arrives`() {
        val port = serve()
        Socket("127.0.0.1", port).use { socket ->
            socket.soTimeout = 10_000
            socket.getOutputStream().write("POST /k2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5001\r\n\r\n".toByteArray())
            assertTrue(socket.getInputStream().bufferedReader().readLine().contains(" 413 "))
        }
    }

    @Test
    fun `connection closed in the middle of the body does not affect later webhooks`() {
        val port = serve()
        Socket("127.0.0.1", port).use { socket ->
            socket.getOutputStream().write("POST /k2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{".toByteArray())
        }
        assertEquals(200, send(port, PAID, signed(PAID)).first)
        assertEquals(1, events.size)
    }

    @Test
    fun `body that was read before is a 500 response without DoubleReceive`() {
        val port = serve(bodyReadBefore = true)
        assertEquals(500, send(port, PAID, signed(PAID)).first)
        close()
        assertEquals(200, send(serve(bodyReadBefore = true, doubleReceive = true), PAID, signed(PAID)).first)
        assertEquals(1, events.size)
    }

    @TestFactory
    fun `hostile webhook gets the expected status`(): List<DynamicTest> {
        val file = Json.parseToJsonElement(File(TESTS, "vectors/hostile_webhooks.json").readText()).jsonObject
        return file.getValue("cases").jsonArray.map { it.jsonObject }.map { case ->
            DynamicTest.dynamicTest(case.getValue("name").jsonPrimitive.content) { hostileWebhook(case, file.getValue("api_keys")) }
        }
    }

    private fun hostileWebhook(case: JsonObject, defaultKeys: JsonElement) {
        val keys = (case["api_keys"] ?: defaultKeys).jsonArray.map { it.jsonPrimitive.content }
        val maxBody = case["max_body"]?.jsonPrimitive?.long ?: 10_485_760L
        val verifier = try {
            WebhookVerifier(keys, case["client_secret"]?.jsonPrimitive?.content, maxBody)
        } catch (_: KopoKopoException.Configuration) {
            return // The verifier cannot be created, so there is no receiver.
        }
        val body = body(case.getValue("body"))
        val header = header(case["signature"] ?: JsonNull, body) ?: return expect(case, send(serve(verifier), body).first)
        // Java's HTTP client does not send some of these headers, so the request is written to a socket.
        expect(case, sendRaw(serve(verifier), body, header))
    }

    private fun expect(case: JsonObject, status: Int) {
        val error = case.getValue("expect").jsonObject["error"]?.jsonPrimitive?.content
        val allowed = when (error) {
            null -> listOf(200)
            "decode" -> listOf(400)
            // An error of the receiver: the webhook is delivered again after it is fixed.
            "configuration" -> listOf(500)
            else -> listOf(400, 401, 413, 431)
        }
        assertTrue(status in allowed, "$status for $error")
    }

    private fun sendRaw(port: Int, body: ByteArray, header: String): Int = Socket("127.0.0.1", port).use { socket ->
        socket.soTimeout = 20_000
        val head = "POST /k2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.size}\r\nX-KopoKopo-Signature: $header\r\n\r\n"
        // The server may respond and close the connection before the body is sent.
        runCatching {
            socket.getOutputStream().apply {
                write(head.toByteArray())
                write(body)
                flush()
            }
        }
        socket.getInputStream().bufferedReader().readLine().split(' ')[1].toInt()
    }

    private fun body(written: JsonElement): ByteArray = when (written) {
        is JsonPrimitive -> written.content.toByteArray()
        is JsonArray -> ByteArrayOutputStream().also { out -> written.forEach { out.writeBytes(body(it)) } }.toByteArray()
        is JsonObject -> written["base64"]?.let { Base64.getDecoder().decode(it.jsonPrimitive.content) }
            ?: written.getValue("repeat").jsonPrimitive.content.repeat(written.getValue("times").jsonPrimitive.int).toByteArray()
    }

    private fun header(written: JsonElement, body: ByteArray): String? {
        if (written is JsonNull) return null
        if (written is JsonPrimitive) return written.content
        val key = written.jsonObject.getValue("sign_with").jsonPrimitive.content
        // Java does not accept an empty key. A zero byte is the same key, because HMAC pads short keys with zeros.
        val secret = SecretKeySpec(key.ifEmpty { "\u0000" }.toByteArray(), "HmacSHA256")
        val signature = Mac.getInstance("HmacSHA256").apply { init(secret) }.doFinal(body).joinToString("") { "%02x".format(it) }
        return when (val change = written.jsonObject["then"]?.jsonPrimitive?.content) {
            null -> signature
            "upper_case" -> signature.uppercase()
            "drop_last" -> signature.dropLast(1)
            "append_0" -> signature + "0"
            "change_last" -> signature.dropLast(1) + if (signature.endsWith("0")) "1" else "0"
            "surround_with_space" -> " $signature\t"
            else -> error("unknown change: $change")
        }
    }
}
