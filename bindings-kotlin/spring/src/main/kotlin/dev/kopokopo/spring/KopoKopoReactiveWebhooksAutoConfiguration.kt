package dev.kopokopo.spring

import dev.kopokopo.Journal
import dev.kopokopo.WebhookVerifier
import org.springframework.beans.factory.BeanFactory
import org.springframework.beans.factory.ObjectProvider
import org.springframework.boot.autoconfigure.AutoConfiguration
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication
import org.springframework.context.annotation.Bean
import org.springframework.web.reactive.config.WebFluxConfigurer

/** Registers [KopoKopoReactiveWebhooks] with the application's [WebhookVerifier]. */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnClass(WebFluxConfigurer::class)
public class KopoKopoReactiveWebhooksAutoConfiguration {
    /**
     * Registered without a verifier too, for the reason given at [KopoKopoWebhooksAutoConfiguration.kopoKopoWebhooks].
     */
    @Bean
    @ConditionalOnMissingBean
    public fun kopoKopoReactiveWebhooks(
        verifier: ObjectProvider<WebhookVerifier>,
        journal: ObjectProvider<Journal>,
        beans: BeanFactory,
    ): KopoKopoReactiveWebhooks = KopoKopoReactiveWebhooks(verifier::getObject, observer(beans), journal::getIfAvailable)
}
