package dev.kopokopo.spring

import dev.kopokopo.CallOptions
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import org.springframework.boot.health.contributor.Health
import org.springframework.boot.health.contributor.HealthIndicator
import java.time.Duration

/**
 * Whether Kopo Kopo accepts the client's access token.
 *
 * The client's own token is used, so a check fetches no token while that one is valid. Kopo Kopo is asked at most once
 * a minute, once without retries and for five seconds at most: frequent probes do not use up the rate limit. The
 * details are the server's address and the kind of the error, and no error's text.
 */
public class KopoKopoHealthIndicator internal constructor(client: KopoKopo, private val now: () -> Long) :
    HealthIndicator,
    AutoCloseable {
    private val client = client.withOptions(CallOptions(timeout = CHECK_TIMEOUT, maxRetries = 0))
    private var checkedAt = 0L
    private var checked: Health? = null

    public constructor(client: KopoKopo) : this(client, System::nanoTime)

    /** Probes at the same time wait for one check. */
    @Synchronized
    override fun health(): Health {
        val valid = checked?.takeIf { now() - checkedAt < CACHE.toNanos() }
        if (valid != null) return valid
        val health = check()
        checkedAt = now()
        checked = health
        return health
    }

    private fun check(): Health {
        val health = Health.up().withDetail("baseUrl", client.baseUrl)
        try {
            client.oauth.tokenInfoBlocking()
        } catch (error: KopoKopoException) {
            health.down().withDetail("error", error.kind)
        }
        return health.build()
    }

    override fun close(): Unit = client.close()

    private companion object {
        val CACHE: Duration = Duration.ofSeconds(60)
        val CHECK_TIMEOUT: Duration = Duration.ofSeconds(5)
    }
}
