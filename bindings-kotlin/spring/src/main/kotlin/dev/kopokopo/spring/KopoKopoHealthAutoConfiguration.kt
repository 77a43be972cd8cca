package dev.kopokopo.spring

import dev.kopokopo.KopoKopo
import org.springframework.boot.autoconfigure.AutoConfiguration
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator
import org.springframework.boot.health.contributor.HealthIndicator
import org.springframework.context.annotation.Bean

/**
 * Adds [KopoKopoHealthIndicator] to Actuator's health endpoint, unless `management.health.kopokopo.enabled` is false.
 */
@AutoConfiguration(after = [KopoKopoAutoConfiguration::class])
@ConditionalOnClass(HealthIndicator::class)
public class KopoKopoHealthAutoConfiguration {
    /** The health indicator `kopokopo`. */
    @Bean
    @ConditionalOnEnabledHealthIndicator("kopokopo")
    @ConditionalOnSingleCandidate(KopoKopo::class)
    @ConditionalOnMissingBean
    public fun kopokopoHealthIndicator(client: KopoKopo): KopoKopoHealthIndicator = KopoKopoHealthIndicator(client)
}
