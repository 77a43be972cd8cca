package dev.kopokopo.spring

import dev.kopokopo.KopoKopo
import org.springframework.boot.health.contributor.Health
import org.springframework.boot.health.contributor.HealthIndicator

/**
 * Reports whether Kopo Kopo accepts the client's access token. This class is for Spring Boot 4;
 * [KopoKopoBoot3HealthIndicator] is for Spring Boot 3.
 *
 * The check uses the client's own token, and fetches a new one only if that is not valid. It sends at most one request
 * a minute, without retries and with a timeout of five seconds, so that frequent probes do not use up the rate limit.
 * The details are the base URL and the kind of the error, without an error text.
 */
public class KopoKopoHealthIndicator(client: KopoKopo) :
    HealthIndicator,
    AutoCloseable {
    private val check = HealthCheck(client)

    override fun health(): Health {
        val result = check.run()
        return (if (result.isUp) Health.up() else Health.down()).withDetails(result.details).build()
    }

    override fun close(): Unit = check.close()
}
