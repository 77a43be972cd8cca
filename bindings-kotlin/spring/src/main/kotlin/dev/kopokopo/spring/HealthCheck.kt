package dev.kopokopo.spring

import dev.kopokopo.CallOptions
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import java.time.Duration

/** The health check for Spring Boot 3 and 4, whose `HealthIndicator` interfaces are in different packages. */
internal class HealthCheck(client: KopoKopo, private val now: () -> Long) : AutoCloseable {
    private val client = client.withOptions(CallOptions(timeout = CHECK_TIMEOUT, maxRetries = 0))
    private var checkedAt = 0L
    private var checked: Result? = null

    constructor(client: KopoKopo) : this(client, System::nanoTime)

    /** [details] has the base URL and the kind of the error. It has no error text. */
    class Result(val isUp: Boolean, val details: Map<String, Any>)

    /**
     * Runs the check, or returns the last result if it is less than a minute old. Concurrent probes share one check.
     */
    @Synchronized
    fun run(): Result {
        val valid = checked?.takeIf { now() - checkedAt < CACHE.toNanos() }
        if (valid != null) return valid
        val result = check()
        checkedAt = now()
        checked = result
        return result
    }

    private fun check(): Result = try {
        client.oauth.tokenInfoBlocking()
        Result(true, mapOf("baseUrl" to client.baseUrl))
    } catch (error: KopoKopoException) {
        Result(false, mapOf("baseUrl" to client.baseUrl, "error" to error.kind))
    }

    override fun close(): Unit = client.close()

    private companion object {
        val CACHE: Duration = Duration.ofSeconds(60)
        val CHECK_TIMEOUT: Duration = Duration.ofSeconds(5)
    }
}
