package dev.kopokopo.spring

import io.micrometer.observation.Observation
import io.micrometer.observation.ObservationRegistry
import org.springframework.boot.autoconfigure.AutoConfiguration
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean
import org.springframework.context.annotation.Bean

/**
 * Observes webhooks as `kopokopo.webhooks` and creates [KopoKopoObservations], if there is an [ObservationRegistry].
 */
@AutoConfiguration(
    // The first is in Spring Boot 3, the second in Spring Boot 4.
    afterName = [
        "org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration",
        "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration",
    ],
)
@ConditionalOnClass(ObservationRegistry::class)
@ConditionalOnBean(ObservationRegistry::class)
internal class KopoKopoObservationAutoConfiguration {
    @Bean
    @ConditionalOnMissingBean
    fun kopoKopoObservations(registry: ObservationRegistry): KopoKopoObservations = KopoKopoObservations(registry)

    @Bean
    fun kopoKopoWebhookObserver(registry: ObservationRegistry): WebhookObserver = WebhookObserver { parent ->
        val observation = Observation.createNotStarted("kopokopo.webhooks", registry)
        if (parent is Observation) observation.parentObservation(parent)
        observation.start()
        WebhookObserver.Observed { topic, outcome ->
            observation.lowCardinalityKeyValue("topic", topic).lowCardinalityKeyValue("outcome", outcome).stop()
        }
    }
}
