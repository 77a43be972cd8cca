package dev.kopokopo.spring

import dev.kopokopo.WebhookVerifier
import org.springframework.beans.factory.BeanFactory
import org.springframework.beans.factory.ObjectProvider
import org.springframework.boot.autoconfigure.AutoConfiguration
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Import
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer

/** Registers [KopoKopoWebhooks] with the application's [WebhookVerifier]. */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(WebMvcConfigurer::class)
@Import(UnverifiedEventAdvice::class)
public class KopoKopoWebhooksAutoConfiguration {
    /**
     * Also there without a verifier, or with several: Spring MVC fills in a parameter that nobody else claims from the
     * query, and an event that a stranger typed must not reach a controller. Then the answer is 500.
     */
    @Bean
    @ConditionalOnMissingBean
    public fun kopoKopoWebhooks(verifier: ObjectProvider<WebhookVerifier>, beans: BeanFactory): KopoKopoWebhooks =
        KopoKopoWebhooks(verifier::getObject, observer(beans))
}
