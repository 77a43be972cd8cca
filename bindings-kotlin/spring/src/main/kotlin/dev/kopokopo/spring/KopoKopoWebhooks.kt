package dev.kopokopo.spring

import dev.kopokopo.WebhookVerifier
import org.springframework.web.method.support.HandlerMethodArgumentResolver
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer
import java.util.function.Supplier

/**
 * Gives controllers the webhooks and results they take as a parameter of the type [dev.kopokopo.Event], verified.
 * Spring Boot makes this bean of the application's [WebhookVerifier]; elsewhere, define it.
 *
 * A missing, malformed or forged signature is answered with 401, an authentic body that cannot be read with 400, one
 * beyond [WebhookVerifier.maxBody] with 413, each with nothing that tells a stranger more; the log says why. What the
 * controller throws passes through, so that the answer is 500 and the webhook is delivered again.
 *
 * The signature covers the body as it was received, so nothing may read it before: the controller's method takes no
 * `@RequestBody`, and no filter reads the request's stream or parameters, unless it keeps the body in a
 * [org.springframework.web.util.ContentCachingRequestWrapper].
 */
public class KopoKopoWebhooks internal constructor(
    private val verifier: Supplier<WebhookVerifier>,
    private val observer: Supplier<WebhookObserver> = Supplier { WebhookObserver.NONE },
) : WebMvcConfigurer {
    public constructor(verifier: WebhookVerifier) : this(Supplier { verifier })

    override fun addArgumentResolvers(resolvers: MutableList<HandlerMethodArgumentResolver>) {
        resolvers += EventResolver(verifier, observer)
    }
}
