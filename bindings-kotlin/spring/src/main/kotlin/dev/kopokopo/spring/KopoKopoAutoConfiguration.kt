package dev.kopokopo.spring

import dev.kopokopo.CallOptions
import dev.kopokopo.ClientOptions
import dev.kopokopo.KopoKopo
import dev.kopokopo.WebhookVerifier
import org.springframework.boot.autoconfigure.AutoConfiguration
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty
import org.springframework.boot.context.properties.EnableConfigurationProperties
import org.springframework.context.annotation.Bean

/**
 * Creates [KopoKopo] and [WebhookVerifier] beans from the properties `kopokopo.*`, unless the application defines them.
 */
@AutoConfiguration(before = [KopoKopoWebhooksAutoConfiguration::class])
@EnableConfigurationProperties(KopoKopoProperties::class)
public class KopoKopoAutoConfiguration {
    /** The client. It is closed with the application context. */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty("kopokopo.client-id")
    public fun kopoKopo(properties: KopoKopoProperties): KopoKopo {
        val options = ClientOptions(
            clientId = properties.clientId.orEmpty(),
            clientSecret = properties.clientSecret.orEmpty(),
            apiKey = properties.apiKey,
            otherApiKeys = properties.otherApiKeys,
            environment = properties.environment,
            // `${K2_BASE_URL:}` is empty if the variable is not set.
            baseUrl = properties.baseUrl?.ifBlank { null },
        )
        val calls = CallOptions(timeout = properties.timeout, maxRetries = properties.maxRetries)
        if (calls == CallOptions()) return KopoKopo(options)
        // The second client shares the resources of the first, so the first can be closed.
        return KopoKopo(options).use { it.withOptions(calls) }
    }

    /** The verifier for webhooks and results. */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty("kopokopo.api-key")
    public fun kopoKopoWebhookVerifier(properties: KopoKopoProperties): WebhookVerifier =
        WebhookVerifier(listOf(properties.apiKey.orEmpty()) + properties.otherApiKeys, properties.clientSecret)
}
