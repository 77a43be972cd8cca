package dev.kopokopo

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.net.InetSocketAddress

/** Accepts whatever is created, and names it with the Location it was given. */
internal class Namer : AutoCloseable {
    private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)

    val baseUrl: String = "http://127.0.0.1:${server.address.port}"

    @Volatile
    var location: String = ""

    /** Of what was read. */
    val paths: ArrayDeque<String> = ArrayDeque()

    init {
        server.createContext("/") { exchange ->
            exchange.requestBody.readAllBytes()
            when {
                exchange.requestURI.path == "/oauth/token" -> exchange.say(200, """{"access_token":"t","token_type":"Bearer","expires_in":3600}""")
                exchange.requestMethod == "GET" -> {
                    paths += exchange.requestURI.path
                    val id = exchange.requestURI.path.substringAfterLast('/')
                    exchange.say(200, """{"data":{"id":"$id","type":"incoming_payment","attributes":{"status":"Success"}}}""")
                }
                else -> {
                    exchange.responseHeaders["location"] = location
                    exchange.say(201, "")
                }
            }
        }
        server.start()
    }

    private fun HttpExchange.say(status: Int, content: String) {
        sendResponseHeaders(status, if (content.isEmpty()) -1 else content.length.toLong())
        responseBody.use { it.write(content.toByteArray()) }
    }

    override fun close() = server.stop(0)
}
