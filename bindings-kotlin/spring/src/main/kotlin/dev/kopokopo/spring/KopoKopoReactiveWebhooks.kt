package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.Journal
import dev.kopokopo.WebhookVerifier
import org.springframework.core.ResolvableType
import org.springframework.http.MediaType
import org.springframework.http.ReactiveHttpInputMessage
import org.springframework.http.codec.HttpMessageReader
import org.springframework.http.codec.ServerCodecConfigurer
import org.springframework.web.reactive.config.WebFluxConfigurer
import org.springframework.web.reactive.result.method.annotation.ArgumentResolverConfigurer
import reactor.core.publisher.Flux
import reactor.core.publisher.Mono
import java.util.function.Supplier

/**
 * [KopoKopoWebhooks] for Spring WebFlux. Controllers take a verified [Event] or a `Mono<Event>`. Rejected webhooks get
 * the same responses.
 *
 * The body must not be read before: the controller method must have no `@RequestBody` parameter, and no filter may read
 * the body or the form data.
 */
public class KopoKopoReactiveWebhooks internal constructor(
    private val verifier: Supplier<WebhookVerifier>,
    private val observer: Supplier<WebhookObserver> = Supplier { WebhookObserver.NONE },
    private val journal: Supplier<Journal?> = Supplier { null },
) : WebFluxConfigurer {
    /** Verifies webhooks, and tells no journal. */
    public constructor(verifier: WebhookVerifier) : this(Supplier { verifier })

    /** Verifies webhooks, and tells [journal] about each of them before the controller runs. */
    public constructor(verifier: WebhookVerifier, journal: Journal) : this(Supplier { verifier }, journal = Supplier { journal })

    override fun configureArgumentResolvers(configurer: ArgumentResolverConfigurer) {
        configurer.addCustomResolver(ReactiveEventResolver(verifier, observer, journal))
    }

    override fun configureHttpMessageCodecs(configurer: ServerCodecConfigurer) {
        configurer.customCodecs().register(UnverifiedEventReader())
    }
}

/** Rejects `@RequestBody Event`. Spring would create the event from any JSON, without checking the signature. */
private class UnverifiedEventReader : HttpMessageReader<Event> {
    override fun getReadableMediaTypes(): List<MediaType> = listOf(MediaType.ALL)

    override fun canRead(type: ResolvableType, mediaType: MediaType?): Boolean = type.resolve() == Event::class.java

    override fun read(type: ResolvableType, message: ReactiveHttpInputMessage, hints: Map<String, Any>): Flux<Event> = Flux.error(unverified())

    override fun readMono(type: ResolvableType, message: ReactiveHttpInputMessage, hints: Map<String, Any>): Mono<Event> = Mono.error(unverified())

    private fun unverified() = bodyNotRaw("a @RequestBody of type Event is not verified", null)
}
