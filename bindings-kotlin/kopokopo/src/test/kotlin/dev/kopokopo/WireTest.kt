package dev.kopokopo

import com.sun.net.httpserver.HttpServer
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.math.BigDecimal
import java.net.InetSocketAddress
import java.util.concurrent.Executors

/** Checks the requests that arrive at the server. */
class WireTest {
    /** Accepts every create, and stores the client's port and the body of each. */
    private class Server : AutoCloseable {
        val creates = ArrayList<Pair<Int, String>>()
        private val threads = Executors.newCachedThreadPool()
        private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)
        val baseUrl: String = "http://127.0.0.1:${server.address.port}"

        init {
            server.createContext("/") { exchange ->
                val body = exchange.requestBody.readAllBytes().decodeToString()
                if (exchange.requestURI.path == "/oauth/token") {
                    val token = """{"access_token":"t","token_type":"Bearer","expires_in":3600}""".toByteArray()
                    exchange.sendResponseHeaders(200, token.size.toLong())
                    exchange.responseBody.use { it.write(token) }
                } else {
                    synchronized(creates) { creates += exchange.remoteAddress.port to body }
                    exchange.responseHeaders.add("Location", "${exchange.requestURI.path}/1")
                    exchange.sendResponseHeaders(201, -1)
                    exchange.close()
                }
            }
            server.executor = threads
            server.start()
        }

        override fun close() {
            server.stop(0)
            threads.shutdownNow()
        }
    }

    private fun client(server: Server, freshConnections: Boolean = true) = KopoKopo(
        clientId = "a",
        clientSecret = "b",
        baseUrl = server.baseUrl,
        privateToken = true,
        freshConnections = freshConnections,
    )

    @Test
    fun `creates share a connection only if freshConnections is false`() = runBlocking {
        for ((fresh, connections) in listOf(true to 2, false to 1)) {
            Server().use { server ->
                client(server, fresh).use { k2 ->
                    repeat(2) { k2.rawRequests.post(path = "/api/v2/examples", body = "{}") }
                }
                assertEquals(listOf(2, connections), listOf(server.creates.size, server.creates.map { it.first }.toSet().size))
            }
        }
    }

    @Test
    fun `metadata is sent in the order of the map`() = runBlocking {
        Server().use { server ->
            client(server).use { k2 ->
                k2.incomingPayments.create(
                    tillNumber = "K000000",
                    phoneNumber = "0712345678",
                    amount = BigDecimal(100),
                    callbackUrl = "https://shop.example",
                    metadata = linkedMapOf("z" to "first", "a" to 2, "m" to true),
                )
            }
            val (_, body) = server.creates.single()
            assertTrue(body.contains(""""metadata":{"z":"first","a":2,"m":true}"""), body)
        }
    }
}
