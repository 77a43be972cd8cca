package dev.kopokopo.spring

import dev.kopokopo.Event
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
 * [KopoKopoWebhooks] for Spring WebFlux: controllers take a verified [Event], or a `Mono<Event>`. The responses to what
 * is refused are the same.
 *
 * Nothing may read the body before: the controller's method takes no `@RequestBody`, and no filter reads the body or
 * the form data.
 */
public class KopoKopoReactiveWebhooks internal constructor(
    private val verifier: Supplier<WebhookVerifier>,
    private val observer: Supplier<WebhookObserver> = Supplier { WebhookObserver.NONE },
) : WebFluxConfigurer {
    public constructor(verifier: WebhookVerifier) : this(Supplier { verifier })

    override fun configureArgumentResolvers(configurer: ArgumentResolverConfigurer) {
        configurer.addCustomResolver(ReactiveEventResolver(verifier, observer))
    }

    override fun configureHttpMessageCodecs(configurer: ServerCodecConfigurer) {
        configurer.customCodecs().register(UnverifiedEventReader())
    }
}

/** Rejects a `@RequestBody Event`: Spring would make it of any JSON, without a signature. */
private class UnverifiedEventReader : HttpMessageReader<Event> {
    override fun getReadableMediaTypes(): List<MediaType> = listOf(MediaType.ALL)

    override fun canRead(type: ResolvableType, mediaType: MediaType?): Boolean = type.resolve() == Event::class.java

    override fun read(type: ResolvableType, message: ReactiveHttpInputMessage, hints: Map<String, Any>): Flux<Event> = Flux.error(unverified())

    override fun readMono(type: ResolvableType, message: ReactiveHttpInputMessage, hints: Map<String, Any>): Mono<Event> = Mono.error(unverified())

    private fun unverified() = wrongSetUp("an Event is not read from a @RequestBody, which is not verified", null)
}
