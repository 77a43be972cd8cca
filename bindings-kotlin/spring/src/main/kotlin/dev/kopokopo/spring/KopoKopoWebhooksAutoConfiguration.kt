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
import org.springframework.context.annotation.Import
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer

/** Registers [KopoKopoWebhooks] with the application's [WebhookVerifier]. */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(WebMvcConfigurer::class)
@Import(UnverifiedEventAdvice::class)
public class KopoKopoWebhooksAutoConfiguration {
    /**
     * Registered without a verifier, or with several, too. The response is 500 then. Without this bean, Spring MVC
     * would create the event from the query parameters, so an unverified event would reach the controller.
     */
    @Bean
    @ConditionalOnMissingBean
    public fun kopoKopoWebhooks(verifier: ObjectProvider<WebhookVerifier>, journal: ObjectProvider<Journal>, beans: BeanFactory): KopoKopoWebhooks =
        KopoKopoWebhooks(verifier::getObject, observer(beans), journal::getIfAvailable)
}
