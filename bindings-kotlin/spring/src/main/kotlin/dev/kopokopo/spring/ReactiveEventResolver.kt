package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.Journal
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.journal.observeAsync
import org.springframework.core.MethodParameter
import org.springframework.core.ReactiveAdapterRegistry
import org.springframework.core.ResolvableType
import org.springframework.core.io.buffer.DataBufferLimitException
import org.springframework.core.io.buffer.DataBufferUtils
import org.springframework.web.reactive.BindingContext
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver
import org.springframework.web.server.ServerWebExchange
import reactor.core.publisher.Mono
import java.io.IOException
import java.lang.reflect.Method
import java.util.function.Supplier

/** [EventResolver] for Spring WebFlux. */
internal class ReactiveEventResolver(
    private val verifier: Supplier<WebhookVerifier>,
    private val observer: Supplier<WebhookObserver>,
    private val journal: Supplier<Journal?>,
) : HandlerMethodArgumentResolver {
    private val adapters = ReactiveAdapterRegistry.getSharedInstance()

    /** Includes an event in a [Mono] or another reactive type: Spring WebFlux would bind it from the query. */
    override fun supportsParameter(parameter: MethodParameter): Boolean {
        if (parameter.parameterType == Event::class.java) return true
        val reactive = adapters.getAdapter(parameter.parameterType) != null
        return reactive && ResolvableType.forMethodParameter(parameter).generics.any { it.resolve() == Event::class.java }
    }

    override fun resolveArgument(parameter: MethodParameter, context: BindingContext, exchange: ServerWebExchange): Mono<Any> {
        // The controller runs after the verification, whether it subscribes to its parameter or not.
        val event = observed { verify(verifier.get(), exchange, parameter.method).flatMap(::recorded) }.onErrorMap(::toResponseError)
        val adapter = adapters.getAdapter(parameter.parameterType) ?: return event.cast(Any::class.java)
        return event.map { adapter.fromPublisher(Mono.just(it)) }
    }

    private fun recorded(event: Event): Mono<Event> {
        val journal = journal.get() ?: return Mono.just(event)
        return Mono.fromFuture { journal.observeAsync(event).thenApply { event } }
    }

    private fun observed(work: () -> Mono<Event>): Mono<Event> = Mono.deferContextual { context ->
        val observed = observer.get().start(context.getOrDefault<Any>(OBSERVATION, null))
        Mono.defer(work)
            .doOnNext(observed::accepted)
            .doOnError(observed::failed)
            // The connection closed before the full body was received.
            .doOnCancel { observed.stop(UNKNOWN_TOPIC, "unreadable") }
    }

    private fun verify(verifier: WebhookVerifier, exchange: ServerWebExchange, method: Method?): Mono<Event> {
        val length = exchange.request.headers.contentLength
        if (length > verifier.maxBody) return Mono.error(tooLarge(verifier.maxBody))
        val signature = singleSignature(signatures(exchange))
        if (signature == null) return Mono.fromCallable { verifier.verify(ByteArray(0), null) }
        return rawBody(exchange, verifier.maxBody, method).map { body ->
            if (body.size < length) throw bodyNotRaw("the body was read before", method)
            // Reactor Netty returns an empty body if a chunked body was read before. The sender may also have sent an
            // empty body, so this may not be an error of the application.
            if (body.isEmpty()) throw Refusal(UNAUTHORIZED, "the body is empty, or a filter has read it before")
            verifier.verify(body, signature)
        }
    }

    /** Uses `forEach`, which has the same signature in Spring 6 and 7. `get` does not. */
    private fun signatures(exchange: ServerWebExchange): List<String> = buildList {
        exchange.request.headers.forEach { name, values -> if (name.equals(SIGNATURE_HEADER, ignoreCase = true)) addAll(values) }
    }

    private fun rawBody(exchange: ServerWebExchange, maxBody: Long, method: Method?): Mono<ByteArray> =
        DataBufferUtils.join(exchange.request.body, minOf(maxBody, Int.MAX_VALUE.toLong()).toInt())
            .map { buffer ->
                ByteArray(buffer.readableByteCount()).also {
                    buffer.read(it)
                    DataBufferUtils.release(buffer)
                }
            }
            .defaultIfEmpty(ByteArray(0))
            .onErrorMap { error ->
                when (error) {
                    is DataBufferLimitException -> tooLarge(maxBody)
                    is IOException -> Refusal(BAD_REQUEST, "the connection closed before the full body was received")
                    // Reactor Netty allows one subscriber to a body.
                    is IllegalStateException -> bodyNotRaw("the body was read before", method)
                    else -> error
                }
            }

    private companion object {
        /** Micrometer's key of the observation in Reactor's context. Its class may be absent. */
        const val OBSERVATION = "micrometer.observation"
    }
}
