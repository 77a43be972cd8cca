package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.Journal
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.journal.observeBlocking
import jakarta.servlet.http.HttpServletRequest
import org.springframework.core.MethodParameter
import org.springframework.web.bind.support.WebDataBinderFactory
import org.springframework.web.context.request.NativeWebRequest
import org.springframework.web.method.support.HandlerMethodArgumentResolver
import org.springframework.web.method.support.ModelAndViewContainer
import java.util.function.Supplier

/** Resolves [Event] parameters from the request, without a message converter: the signature covers the raw body. */
internal class EventResolver(
    private val verifier: Supplier<WebhookVerifier>,
    private val observer: Supplier<WebhookObserver>,
    private val journal: Supplier<Journal?>,
) : HandlerMethodArgumentResolver {
    override fun supportsParameter(parameter: MethodParameter): Boolean = parameter.parameterType == Event::class.java

    override fun resolveArgument(
        parameter: MethodParameter,
        container: ModelAndViewContainer?,
        webRequest: NativeWebRequest,
        binders: WebDataBinderFactory?,
    ): Event {
        val request = checkNotNull(webRequest.getNativeRequest(HttpServletRequest::class.java)) { "Spring: the request is not an HttpServletRequest" }
        val body = RawBody(request, parameter.method)
        val headers = request.getHeaders(SIGNATURE_HEADER).toList()
        val observed = observer.get().start(null)
        return runCatching { verify(verifier.get(), body, headers).also { journal.get()?.observeBlocking(it) } }
            .onSuccess(observed::accepted)
            .onFailure(observed::failed)
            .getOrElse { throw toResponseError(it) }
    }

    private fun verify(verifier: WebhookVerifier, body: RawBody, headers: List<String>): Event {
        body.checkLength(verifier.maxBody)
        val signature = singleSignature(headers)
        // Without a signature the request is rejected anyway, so the body is not read.
        return verifier.verify(if (signature == null) ByteArray(0) else body.read(verifier.maxBody), signature)
    }
}
