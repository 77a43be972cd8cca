package dev.kopokopo.spring;

import dev.kopokopo.KopoKopo;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;

/** {@link KopoKopoHealthAutoConfiguration} for Spring Boot 3. */
@AutoConfiguration(after = KopoKopoAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
public class KopoKopoBoot3HealthAutoConfiguration {
    /** The health indicator {@code kopokopo}. */
    @Bean
    @ConditionalOnEnabledHealthIndicator("kopokopo")
    @ConditionalOnSingleCandidate(KopoKopo.class)
    @ConditionalOnMissingBean
    public KopoKopoBoot3HealthIndicator kopokopoHealthIndicator(KopoKopo client) {
        return new KopoKopoBoot3HealthIndicator(client);
    }
}
