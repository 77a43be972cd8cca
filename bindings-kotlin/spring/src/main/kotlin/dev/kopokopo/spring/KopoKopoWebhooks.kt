package dev.kopokopo.spring

import dev.kopokopo.Journal
import dev.kopokopo.WebhookVerifier
import org.springframework.web.method.support.HandlerMethodArgumentResolver
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer
import java.util.function.Supplier

/**
 * Passes verified webhooks and results to controller methods that have a parameter of type [dev.kopokopo.Event].
 *
 * Spring Boot creates this bean from the application's [WebhookVerifier] and, if there is one, its [Journal]. Without Spring Boot, define it.
 *
 * The response is 401 if the signature is missing, malformed or invalid, 400 if the signature is valid but the body
 * cannot be read, and 413 if the body is larger than [WebhookVerifier.maxBody]. The reason is logged, and is not in the
 * response. Exceptions of the controller are not caught, so the response is 500 and the webhook is delivered again.
 *
 * With a journal, it learns of each verified event before the controller runs. If it fails, the controller does not run, the
 * response is 500, and the webhook is delivered again.
 *
 * The signature covers the raw body, so the body must not be read before: the controller method must have no
 * `@RequestBody` parameter. No filter may read the stream or the parameters of the request, unless it stores the body
 * in a [org.springframework.web.util.ContentCachingRequestWrapper].
 */
public class KopoKopoWebhooks internal constructor(
    private val verifier: Supplier<WebhookVerifier>,
    private val observer: Supplier<WebhookObserver> = Supplier { WebhookObserver.NONE },
    private val journal: Supplier<Journal?> = Supplier { null },
) : WebMvcConfigurer {
    /** Verifies webhooks, and tells no journal. */
    public constructor(verifier: WebhookVerifier) : this(Supplier { verifier })

    /** Verifies webhooks, and tells [journal] about each of them before the controller runs. */
    public constructor(verifier: WebhookVerifier, journal: Journal) : this(Supplier { verifier }, journal = Supplier { journal })

    override fun addArgumentResolvers(resolvers: MutableList<HandlerMethodArgumentResolver>) {
        resolvers += EventResolver(verifier, observer, journal)
    }
}
