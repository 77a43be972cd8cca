package dev.kopokopo

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger

/** A server that sends no response before [release] is called. */
class SlowServer : AutoCloseable {
    private val threads = Executors.newCachedThreadPool()
    private val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
    private val arrived = Semaphore(0)
    private val released = CountDownLatch(1)
    private val created = AtomicInteger()

    val baseUrl: String = "http://127.0.0.1:${server.address.port}"

    /** The number of creates that arrived. */
    val creates: Int get() = created.get()

    init {
        server.createContext("/") { exchange ->
            exchange.requestBody.readAllBytes()
            val isCreate = exchange.requestMethod == "POST"
            if (isCreate) created.incrementAndGet()
            arrived.release()
            released.await(TIMEOUT_S, TimeUnit.SECONDS)
            respond(exchange, isCreate)
        }
        server.executor = threads
        server.start()
    }

    private fun respond(exchange: HttpExchange, isCreate: Boolean) {
        if (isCreate) {
            exchange.responseHeaders["location"] = "$baseUrl/api/v2/incoming_payments/$ID"
            exchange.sendResponseHeaders(201, -1)
        } else {
            val body = """{"data":{"id":"$ID","type":"incoming_payment","attributes":{"status":"Pending"}}}"""
            exchange.sendResponseHeaders(200, body.length.toLong())
            exchange.responseBody.use { it.write(body.toByteArray()) }
        }
        exchange.close()
    }

    /** Waits until a request has arrived. */
    fun awaitRequest() {
        check(arrived.tryAcquire(TIMEOUT_S, TimeUnit.SECONDS)) { "no request arrived" }
    }

    /** Sends all responses. Later requests get theirs immediately. */
    fun release(): Unit = released.countDown()

    override fun close() {
        release()
        server.stop(0)
        threads.shutdownNow()
    }

    companion object {
        const val ID: String = "5af4c10a-f6de-4ac8-840d-42cb65454216"
        private const val TIMEOUT_S = 60L
    }
}
