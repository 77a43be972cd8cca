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

/** Tests the shop over HTTP, with its own sandbox. */
class ShopTest {
    private val http = HttpClient.newHttpClient()
    private val orders = Orders()
    private val sandbox = ProcessBuilder(System.getProperty("kopokopo.k2"), "sandbox", "--json", "--exit-with-stdin", "--port", "0")
        .redirectError(ProcessBuilder.Redirect.DISCARD).start()
    private val greeting = Json.parseToJsonElement(sandbox.inputReader().readLine()).jsonObject.mapValues { it.value.jsonPrimitive.content }
    private val k2 = KopoKopo(
        clientId = greeting.getValue("client_id"),
        clientSecret = greeting.getValue("client_secret"),
        apiKey = greeting.getValue("api_key"),
        baseUrl = greeting.getValue("base_url"),
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
        val response = http.send(request.build(), BodyHandlers.ofString())
        return response.statusCode() to if (response.body().isEmpty()) JsonNull else Json.parseToJsonElement(response.body())
    }

    private fun control(method: String, path: String, body: String = ""): JsonElement {
        val request = HttpRequest.newBuilder(URI("${greeting["base_url"]}/_sandbox/$path")).method(method, BodyPublishers.ofString(body))
        val (status, response) = send(request.header("content-type", "application/json"))
        check(status in 200..299) { "$method $path: $status $response" }
        return response
    }

    private fun fault(operation: String, kind: String) = control("PUT", "faults", """{"operation": "$operation", "kind": "$kind"}""")

    private fun order(phone: String = "0712345678", item: String = "samosa"): Pair<Int, JsonObject> {
        val request = HttpRequest.newBuilder(URI("$url/orders")).POST(BodyPublishers.ofString("item=$item&phone_number=$phone"))
        return send(request.header("content-type", "application/x-www-form-urlencoded")).let { (status, body) -> status to body.jsonObject }
    }

    private fun JsonObject.text(name: String) = getValue(name).jsonPrimitive.contentOrNull

    private fun fetch(order: JsonObject): JsonObject = send(HttpRequest.newBuilder(URI("$url/orders/${order.text("id")}"))).second.jsonObject

    private fun requests(operation: String): Int = control("GET", "requests").jsonArray.count { it.jsonObject.text("operation") == operation }

    private fun callbackStatuses(): List<String> = control("GET", "deliveries").jsonArray.map { it.jsonObject }
        .filter { it.text("topic") == "incoming_payment" }
        .flatMap { it.getValue("attempts").jsonArray }
        .map { it.jsonObject.text("status").orEmpty() }

    private fun waitUntil(condition: () -> Boolean) {
        val deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20)
        while (!condition()) {
            check(System.nanoTime() < deadline)
            Thread.sleep(20)
        }
    }

    @Test
    fun `callback marks the order as paid`() {
        val (status, order) = order()
        assertEquals(201, status)
        waitUntil { callbackStatuses() == listOf("200") }
        assertEquals(0, requests("incoming_payments.get"), "the callback has the result, so no request is needed")
        assertEquals("paid", fetch(order).text("status"))
    }

    @Test
    fun `order fails if the customer cancels`() {
        val order = order("254700000002").second
        waitUntil { fetch(order).text("status") == "failed" }
        assertTrue("cancelled" in fetch(order).text("note").orEmpty().lowercase())
    }

    @Test
    fun `repeated callback is processed once`() {
        fault("incoming_payment", "callback_twice")
        val order = order().second
        waitUntil { callbackStatuses() == listOf("200", "200") }
        assertEquals("paid", fetch(order).text("status"))
    }

    @Test
    fun `status page fetches the payment if no callback arrives`() {
        fault("incoming_payment", "callback_never")
        val order = order().second
        waitUntil { fetch(order).text("status") == "paid" }
        assertTrue(requests("incoming_payments.get") >= 1)
    }

    @Test
    fun `order with a lost response is not sent again and is paid by its callback`() {
        fault("incoming_payments.create", "reset_after_effect")
        val (status, order) = order()
        assertEquals(201, status)
        waitUntil { fetch(order).text("status") == "paid" }
        assertEquals(1, requests("incoming_payments.create"))
    }

    @Test
    fun `invalid phone number is a 422 response and nothing is sent`() {
        val (status, body) = order("12")
        assertEquals(422, status)
        assertTrue("phone" in body.text("detail").orEmpty())
        assertEquals(0, requests("incoming_payments.create"))
    }

    @Test
    fun `callback with an invalid signature does not change the order`() {
        val order = order("254700000006").second
        val claim = """{"topic": "x", "id": "1", "data": {"type": "incoming_payment", "attributes": {"metadata": {"order_id": "${order.text("id")}"}}}}"""
        val request = HttpRequest.newBuilder(URI("$url/k2/results")).POST(BodyPublishers.ofString(claim))
        request.header("X-KopoKopo-Signature", signWebhook("another key", claim.toByteArray()))
        val response = http.send(request.build(), BodyHandlers.ofString())
        assertEquals(401, response.statusCode())
        assertEquals("pending", fetch(order).text("status"))
    }
}
