package dev.kopokopo

import com.sun.net.httpserver.HttpServer
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import shop.example.checkout.Checkout
import java.math.BigDecimal
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.CopyOnWriteArrayList

/** The parts of the example app that need no device, with an endpoint that returns tokens to signed-in users. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExampleTest {
    private val backend = TestBackend()
    private val refusedFlags = CopyOnWriteArrayList<Any?>()
    private val endpoint = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0).apply {
        createContext("/k2/token") { exchange ->
            refusedFlags += Json.read(exchange.requestBody.reader().use { it.readText() })["refused"]
            val isSignedIn = exchange.requestMethod == "POST" && exchange.requestHeaders.getFirst("Authorization") == "Bearer staff"
            val token = if (isSignedIn) runBlocking { backend.source.token() } else null
            val body = if (token == null) "{}" else """{"token": "${token.token}", "expires_in": ${token.expiresIn?.seconds}}"""
            exchange.sendResponseHeaders(if (isSignedIn) 200 else 401, body.length.toLong())
            exchange.responseBody.use { it.write(body.toByteArray()) }
        }
        start()
    }

    @AfterAll
    fun close() {
        endpoint.stop(0)
        backend.close()
    }

    private fun source(session: String) = shop.example.checkout.BackendTokenSource("http://127.0.0.1:${endpoint.address.port}/k2/token") { session }

    private fun checkout(session: String) = Checkout(backend.app(source(session)), FAST_POLLING)

    @Test
    fun `signed-in user pays`() = runBlocking {
        val states = checkout("staff").pay(BigDecimal(100), "0712345678", order = "42").toList()
        assertEquals("Paid. Thank you!", Checkout.message(states.last()))
    }

    @Test
    fun `customer sees the reason of a failed payment`() = runBlocking {
        val states = checkout("staff").pay(BigDecimal(100), "254700000003", order = "42").toList()
        assertEquals("Not paid. Insufficient funds", Checkout.message(states.last()))
    }

    @Test
    fun `token request says whether the last token was refused`() = runBlocking {
        refusedFlags.clear()
        val checkout = checkout("staff")
        checkout.pay(BigDecimal(100), "0712345678", order = "1").toList()
        backend.revoke()
        val states = checkout.pay(BigDecimal(100), "0712345678", order = "2").toList()
        assertEquals("Paid. Thank you!", Checkout.message(states.last()))
        assertEquals(listOf<Any?>(false, true), refusedFlags.toList())
    }

    @Test
    fun `signed-out user gets no token and nothing is sent`() = runBlocking {
        val before = backend.requests("incoming_payments.create")
        val error = assertThrows<KopoKopoException.Authentication> { checkout("signed-out").pay(BigDecimal(100), "0712345678", order = "42").toList() }
        assertEquals("No payment was made. Please try again.", Checkout.message(error))
        assertEquals(before, backend.requests("incoming_payments.create"))
    }
}
