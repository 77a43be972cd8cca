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

/** The example app, as far as it needs no device, with an endpoint that hands tokens out to whoever is signed in. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExampleTest {
    private val backend = Backend()
    private val refused = CopyOnWriteArrayList<Any?>()
    private val endpoint = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0).apply {
        createContext("/k2/token") { exchange ->
            refused += Json.read(exchange.requestBody.reader().use { it.readText() })["refused"]
            val isSignedIn = exchange.requestMethod == "POST" && exchange.requestHeaders.getFirst("Authorization") == "Bearer staff"
            val token = if (isSignedIn) runBlocking { backend.source.token() } else null
            val answer = if (token == null) "{}" else """{"token": "${token.token}", "expires_in": ${token.expiresIn?.seconds}}"""
            exchange.sendResponseHeaders(if (isSignedIn) 200 else 401, answer.length.toLong())
            exchange.responseBody.use { it.write(answer.toByteArray()) }
        }
        start()
    }

    @AfterAll
    fun close() {
        endpoint.stop(0)
        backend.close()
    }

    private fun source(session: String) = shop.example.checkout.Backend("http://127.0.0.1:${endpoint.address.port}/k2/token") { session }

    private fun checkout(session: String) = Checkout(backend.app(source(session)), SOON)

    @Test
    fun `whoever is signed in pays`() = runBlocking {
        val states = checkout("staff").pay(BigDecimal(100), "0712345678", order = "42").toList()
        assertEquals("Paid. Thank you!", Checkout.sentence(states.last()))
    }

    @Test
    fun `a customer without money reads why`() = runBlocking {
        val states = checkout("staff").pay(BigDecimal(100), "254700000003", order = "42").toList()
        assertEquals("Not paid. Insufficient funds", Checkout.sentence(states.last()))
    }

    @Test
    fun `the backend is told when a token was refused`() = runBlocking {
        refused.clear()
        val checkout = checkout("staff")
        checkout.pay(BigDecimal(100), "0712345678", order = "1").toList()
        backend.revoke()
        val states = checkout.pay(BigDecimal(100), "0712345678", order = "2").toList()
        assertEquals("Paid. Thank you!", Checkout.sentence(states.last()))
        assertEquals(listOf<Any?>(false, true), refused.toList())
    }

    @Test
    fun `whoever is signed out gets no token, and nothing is sent`() = runBlocking {
        val before = backend.requests("incoming_payments.create")
        val error = assertThrows<KopoKopoException.Authentication> { checkout("nobody").pay(BigDecimal(100), "0712345678", order = "42").toList() }
        assertEquals("Nothing was paid. Please try again.", Checkout.sentence(error))
        assertEquals(before, backend.requests("incoming_payments.create"))
    }
}
