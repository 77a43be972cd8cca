package shop.example

import dev.kopokopo.KopoKopo
import dev.kopokopo.signWebhook
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.util.concurrent.TimeUnit

/** The shop, on a real port, taking money on a sandbox of its own. */
class ShopTest {
    private val http = HttpClient.newHttpClient()
    private val orders = Orders()
    private val sandbox = ProcessBuilder(System.getProperty("kopokopo.k2"), "sandbox", "--json", "--exit-with-stdin", "--port", "0")
        .redirectError(ProcessBuilder.Redirect.DISCARD).start()
    private val said = Json.parseToJsonElement(sandbox.inputReader().readLine()).jsonObject.mapValues { it.value.jsonPrimitive.content }
    private val k2 = KopoKopo(
        clientId = said.getValue("client_id"),
        clientSecret = said.getValue("client_secret"),
        apiKey = said.getValue("api_key"),
        baseUrl = said.getValue("base_url"),
        privateToken = true,
    )
    private var url = ""
    private val server = embeddedServer(CIO, port = 0, host = "127.0.0.1") { shop(k2, orders, "K000000") { url } }

    @BeforeEach
    fun start() {
        server.start()
        url = "http://127.0.0.1:${runBlocking { server.engine.resolvedConnectors().first().port }}"
        control("PUT", "settings", """{"pace": "instant"}""")
    }

    @AfterEach
    fun stop() {
        server.stop(0, 0)
        k2.close()
        sandbox.outputStream.close()
        if (!sandbox.waitFor(5, TimeUnit.SECONDS)) sandbox.destroyForcibly()
    }

    private fun send(request: HttpRequest.Builder): Pair<Int, JsonElement> {
        val answer = http.send(request.build(), BodyHandlers.ofString())
        return answer.statusCode() to if (answer.body().isEmpty()) JsonNull else Json.parseToJsonElement(answer.body())
    }

    private fun control(method: String, path: String, body: String = ""): JsonElement {
        val request = HttpRequest.newBuilder(URI("${said["base_url"]}/_sandbox/$path")).method(method, BodyPublishers.ofString(body))
        val (status, answer) = send(request.header("content-type", "application/json"))
        check(status in 200..299) { "$method $path: $status $answer" }
        return answer
    }

    private fun fault(operation: String, kind: String) = control("PUT", "faults", """{"operation": "$operation", "kind": "$kind"}""")

    private fun order(phone: String = "0712345678", item: String = "samosa"): Pair<Int, JsonObject> {
        val request = HttpRequest.newBuilder(URI("$url/orders")).POST(BodyPublishers.ofString("item=$item&phone_number=$phone"))
        return send(request.header("content-type", "application/x-www-form-urlencoded")).let { (status, body) -> status to body.jsonObject }
    }

    private fun JsonObject.text(name: String) = getValue(name).jsonPrimitive.contentOrNull

    private fun look(order: JsonObject): JsonObject = send(HttpRequest.newBuilder(URI("$url/orders/${order.text("id")}"))).second.jsonObject

    private fun requests(operation: String): Int = control("GET", "requests").jsonArray.count { it.jsonObject.text("operation") == operation }

    private fun answers(): List<String> = control("GET", "deliveries").jsonArray.map { it.jsonObject }
        .filter { it.text("topic") == "incoming_payment" }
        .flatMap { it.getValue("attempts").jsonArray }
        .map { it.jsonObject.text("status").orEmpty() }

    private fun until(what: () -> Boolean) {
        val deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20)
        while (!what()) {
            check(System.nanoTime() < deadline)
            Thread.sleep(20)
        }
    }

    @Test
    fun `an order is paid by its callback`() {
        val (status, order) = order()
        assertEquals(201, status)
        until { answers() == listOf("200") }
        assertEquals(0, requests("incoming_payments.get"), "the callback told, nobody had to ask")
        assertEquals("paid", look(order).text("status"))
    }

    @Test
    fun `a customer who cancels has a failed order`() {
        val order = order("254700000002").second
        until { look(order).text("status") == "failed" }
        assertTrue("cancelled" in look(order).text("note").orEmpty().lowercase())
    }

    @Test
    fun `a callback that comes twice counts once`() {
        fault("incoming_payment", "callback_twice")
        val order = order().second
        until { answers() == listOf("200", "200") }
        assertEquals("paid", look(order).text("status"))
    }

    @Test
    fun `a callback that never comes is made up for by the status page`() {
        fault("incoming_payment", "callback_never")
        val order = order().second
        until { look(order).text("status") == "paid" }
        assertTrue(requests("incoming_payments.get") >= 1)
    }

    @Test
    fun `an order whose answer was lost asks nobody twice and is paid by its callback`() {
        fault("incoming_payments.create", "reset_after_effect")
        val (status, order) = order()
        assertEquals(201, status)
        until { look(order).text("status") == "paid" }
        assertEquals(1, requests("incoming_payments.create"))
    }

    @Test
    fun `a wrong phone number is the customer's to correct`() {
        val (status, answer) = order("12")
        assertEquals(422, status)
        assertTrue("phone" in answer.text("detail").orEmpty())
        assertEquals(0, requests("incoming_payments.create"))
    }

    @Test
    fun `a stranger pays nothing`() {
        val order = order("254700000006").second
        val claim = """{"topic": "x", "id": "1", "data": {"type": "incoming_payment", "attributes": {"metadata": {"order_id": "${order.text("id")}"}}}}"""
        val request = HttpRequest.newBuilder(URI("$url/k2/results")).POST(BodyPublishers.ofString(claim))
        request.header("X-KopoKopo-Signature", signWebhook("a stranger's key", claim.toByteArray()))
        val answer = http.send(request.build(), BodyHandlers.ofString())
        assertEquals(401, answer.statusCode())
        assertEquals("asked", look(order).text("status"))
    }
}
