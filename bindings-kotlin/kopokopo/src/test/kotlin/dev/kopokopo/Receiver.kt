package dev.kopokopo

import com.sun.net.httpserver.HttpServer
import java.net.InetSocketAddress
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * A webhook receiver that stores the raw body and the signature of every request. [statuses] are its first responses.
 */
internal class Receiver(statuses: List<Int>) : AutoCloseable {
    class Arrival(val body: ByteArray, val signature: String?)

    private val statuses = ArrayDeque(statuses)
    private val arrivals = ArrayList<Arrival>()
    private val lock = ReentrantLock()
    private val arrived = lock.newCondition()
    private val threads: ExecutorService = Executors.newCachedThreadPool()
    private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)

    val url: String = "http://127.0.0.1:${server.address.port}/k2/results"

    init {
        server.createContext("/") { exchange ->
            val body = exchange.requestBody.readAllBytes()
            exchange.sendResponseHeaders(store(Arrival(body, exchange.requestHeaders.getFirst("X-KopoKopo-Signature"))), -1)
            exchange.close()
        }
        server.executor = threads
        server.start()
    }

    private fun store(arrival: Arrival): Int = lock.withLock {
        arrivals += arrival
        arrived.signalAll()
        statuses.removeFirstOrNull() ?: 200
    }

    /** Removes and returns the first request that matches, or null after [withinMs] milliseconds. */
    fun take(withinMs: Long, matches: (Arrival) -> Boolean): Arrival? = lock.withLock {
        var left = TimeUnit.MILLISECONDS.toNanos(withinMs)
        while (true) {
            val at = arrivals.indexOfFirst(matches)
            if (at >= 0) return arrivals.removeAt(at)
            if (left <= 0) return null
            left = arrived.awaitNanos(left)
        }
        @Suppress("UNREACHABLE_CODE")
        null
    }

    override fun close() {
        server.stop(0)
        threads.shutdownNow()
    }
}
