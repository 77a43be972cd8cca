package dev.kopokopo.spring

import com.sun.net.httpserver.HttpServer
import dev.kopokopo.KopoKopo
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.context.annotation.Configuration
import java.net.InetSocketAddress
import java.util.concurrent.CopyOnWriteArrayList

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
open class Monitored

/** The health indicator, against a server that counts requests. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HealthTest {
    private val requests = CopyOnWriteArrayList<String>()

    @Volatile
    private var tokenStatus = 200
    private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0).apply {
        createContext("/") { exchange ->
            requests += exchange.requestURI.path
            val isToken = exchange.requestURI.path == "/oauth/token"
            val body = when {
                tokenStatus != 200 -> """{"error":"invalid_client","error_description":"canary"}"""
                isToken -> """{"access_token":"canary","token_type":"Bearer","expires_in":3600,"created_at":1700000000}"""
                else -> """{"scope":[],"expires_in":3600,"application":{"uid":"id"},"created_at":1700000000}"""
            }.toByteArray()
            exchange.responseHeaders.add("Content-Type", "application/json")
            exchange.sendResponseHeaders(if (isToken) tokenStatus else 200, body.size.toLong())
            exchange.responseBody.use { it.write(body) }
        }
        start()
    }
    private val baseUrl = "http://127.0.0.1:${server.address.port}"

    /** Clients with the same credentials share a token, so each test has its own. */
    private fun properties(clientId: String) = arrayOf(
        "kopokopo.client-id=$clientId",
        "kopokopo.client-secret=canary-secret",
        "kopokopo.base-url=$baseUrl",
        "management.endpoint.health.show-components=always",
        "management.endpoint.health.show-details=always",
    )

    private fun reset(status: Int) {
        requests.clear()
        tokenStatus = status
    }

    @AfterAll
    fun close() = server.stop(0)

    @Test
    fun `health endpoint is up and sends one check for many probes`() {
        reset(200)
        Shop(Monitored::class.java, *properties("up")).use { shop ->
            repeat(5) {
                val response = shop.get("/actuator/health")
                assertEquals(200, response.statusCode(), response.body())
                // Spring Boot 3 and 4 write the two members in different orders.
                val details = """"details":{"baseUrl":"$baseUrl"}"""
                val up = listOf("""{$details,"status":"UP"}""", """{"status":"UP",$details}""")
                assertTrue(up.any { """"kopokopo":$it""" in response.body() }, response.body())
            }
        }
        assertEquals(listOf("/oauth/token", "/oauth/token/info"), requests)
    }

    @Test
    fun `health endpoint is down and reports only the kind of the error`() {
        reset(401)
        Shop(Monitored::class.java, *properties("down")).use { shop ->
            repeat(3) {
                val response = shop.get("/actuator/health")
                assertEquals(503, response.statusCode(), response.body())
                assertTrue(""""error":"authentication"""" in response.body(), response.body())
                assertFalse("canary" in response.body(), response.body())
            }
        }
        assertEquals(listOf("/oauth/token"), requests)
    }

    @Test
    fun `check is repeated after a minute with the same token`() {
        reset(200)
        var now = 0L
        KopoKopo(clientId = "minute", clientSecret = "secret", baseUrl = baseUrl).use { client ->
            HealthCheck(client) { now }.use { check ->
                for (seconds in listOf(0L, 59L, 60L, 61L)) {
                    now = seconds * 1_000_000_000
                    assertTrue(check.run().isUp)
                }
            }
        }
        assertEquals(listOf("/oauth/token", "/oauth/token/info", "/oauth/token/info"), requests)
    }

    @Test
    fun `health indicator is absent if the property is false`() {
        reset(200)
        Shop(Monitored::class.java, *properties("disabled"), "management.health.kopokopo.enabled=false").use { shop ->
            val response = shop.get("/actuator/health")
            assertEquals(200, response.statusCode())
            assertFalse("kopokopo" in response.body(), response.body())
        }
        assertTrue(requests.isEmpty(), "$requests")
    }
}
