package dev.kopokopo.spring

import dev.kopokopo.KopoKopo
import org.springframework.boot.health.contributor.Health
import org.springframework.boot.health.contributor.HealthIndicator

/**
 * Whether Kopo Kopo accepts the client's access token. For Spring Boot 4; [KopoKopoBoot3HealthIndicator] is for Spring Boot 3.
 *
 * The client's own token is used, so a check fetches no token while that one is valid. Kopo Kopo is asked at most once
 * a minute, once without retries and for five seconds at most: frequent probes do not use up the rate limit. The
 * details are the server's address and the kind of the error, and no error's text.
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
