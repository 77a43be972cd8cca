package dev.kopokopo

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.net.InetSocketAddress

/** Accepts every create and responds with the Location header in [location]. */
internal class LocationServer : AutoCloseable {
    private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)

    val baseUrl: String = "http://127.0.0.1:${server.address.port}"

    @Volatile
    var location: String = ""

    /** The paths of all GET requests. */
    val paths: ArrayDeque<String> = ArrayDeque()

    init {
        server.createContext("/") { exchange ->
            exchange.requestBody.readAllBytes()
            when {
                exchange.requestURI.path == "/oauth/token" -> exchange.respond(200, """{"access_token":"t","token_type":"Bearer","expires_in":3600}""")
                exchange.requestMethod == "GET" -> {
                    paths += exchange.requestURI.path
                    val id = exchange.requestURI.path.substringAfterLast('/')
                    exchange.respond(200, """{"data":{"id":"$id","type":"incoming_payment","attributes":{"status":"Success"}}}""")
                }
                else -> {
                    exchange.responseHeaders["location"] = location
                    exchange.respond(201, "")
                }
            }
        }
        server.start()
    }

    private fun HttpExchange.respond(status: Int, content: String) {
        sendResponseHeaders(status, if (content.isEmpty()) -1 else content.length.toLong())
        responseBody.use { it.write(content.toByteArray()) }
    }

    override fun close() = server.stop(0)
}
