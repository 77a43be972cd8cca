package dev.kopokopo.spring

import dev.kopokopo.CallOptions
import dev.kopokopo.ClientOptions
import dev.kopokopo.Journal
import dev.kopokopo.KopoKopo
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.journal.withJournal
import org.springframework.beans.factory.BeanFactory
import org.springframework.boot.autoconfigure.AutoConfiguration
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty
import org.springframework.boot.context.properties.EnableConfigurationProperties
import org.springframework.context.annotation.Bean
import javax.sql.DataSource

/**
 * Creates [KopoKopo] and [WebhookVerifier] beans from the properties `kopokopo.*`, unless the application defines them.
 */
@AutoConfiguration(before = [KopoKopoWebhooksAutoConfiguration::class])
@EnableConfigurationProperties(KopoKopoProperties::class)
public class KopoKopoAutoConfiguration {
    /**
     * The client, with a journal if `kopokopo.journal.enabled` is true. It is closed with the application context.
     */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty("kopokopo.client-id")
    public fun kopoKopo(properties: KopoKopoProperties, beans: BeanFactory): KopoKopo {
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
        val client = KopoKopo(options)
        // Each client shares the resources of the one that it is made of, so that one can be closed.
        val configured = if (calls == CallOptions()) client else client.use { it.withOptions(calls) }
        val journal = properties.journal
        if (!journal.enabled) return configured
        return configured.use { it.withJournal(journalDataSource(journal, beans), journal.createTables, journal.keyInMetadata) }
    }

    /** The client's journal. Webhooks and results are reported to it before their controllers run. */
    @Bean(destroyMethod = "")
    @ConditionalOnMissingBean
    @ConditionalOnProperty("kopokopo.journal.enabled", havingValue = "true")
    public fun kopoKopoJournal(client: KopoKopo): Journal = client.journal

    /** The verifier for webhooks and results. */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty("kopokopo.api-key")
    public fun kopoKopoWebhookVerifier(properties: KopoKopoProperties): WebhookVerifier =
        WebhookVerifier(listOf(properties.apiKey.orEmpty()) + properties.otherApiKeys, properties.clientSecret)
}

/** The data source that the properties name, or the application's only or primary one. */
private fun journalDataSource(properties: KopoKopoProperties.Journal, beans: BeanFactory): DataSource {
    val name = properties.dataSource?.ifBlank { null }
    if (name != null) return beans.getBean(name, DataSource::class.java)
    return checkNotNull(beans.getBeanProvider(DataSource::class.java).getIfUnique()) {
        "kopokopo.journal.enabled: needs a DataSource bean. If there are several, set kopokopo.journal.data-source to the name of one"
    }
}
