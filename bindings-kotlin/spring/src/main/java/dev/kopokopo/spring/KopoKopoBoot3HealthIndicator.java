package dev.kopokopo.spring;

import dev.kopokopo.KopoKopo;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;

/** {@link KopoKopoHealthIndicator} for Spring Boot 3. */
public class KopoKopoBoot3HealthIndicator implements HealthIndicator, AutoCloseable {
    private final HealthCheck check;

    public KopoKopoBoot3HealthIndicator(KopoKopo client) {
        check = new HealthCheck(client);
    }

    @Override
    public Health health() {
        HealthCheck.Result result = check.run();
        return (result.isUp() ? Health.up() : Health.down()).withDetails(result.getDetails()).build();
    }

    @Override
    public void close() {
        check.close();
    }
}
