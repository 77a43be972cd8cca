package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.WebhookVerifier
import jakarta.servlet.http.HttpServletRequest
import org.springframework.core.MethodParameter
import org.springframework.web.bind.support.WebDataBinderFactory
import org.springframework.web.context.request.NativeWebRequest
import org.springframework.web.method.support.HandlerMethodArgumentResolver
import org.springframework.web.method.support.ModelAndViewContainer
import java.util.function.Supplier

/** Makes the parameter of the request itself, so that no converter comes between the body and its signature. */
internal class EventResolver(private val verifier: Supplier<WebhookVerifier>, private val observer: Supplier<WebhookObserver>) :
    HandlerMethodArgumentResolver {
    override fun supportsParameter(parameter: MethodParameter): Boolean = parameter.parameterType == Event::class.java

    override fun resolveArgument(
        parameter: MethodParameter,
        container: ModelAndViewContainer?,
        webRequest: NativeWebRequest,
        binders: WebDataBinderFactory?,
    ): Event {
        val request = checkNotNull(webRequest.getNativeRequest(HttpServletRequest::class.java)) { "Spring: this is no servlet's request" }
        val body = RawBody(request, parameter.method)
        val headers = request.getHeaders(SIGNATURE_HEADER).toList()
        val observed = observer.get().start(null)
        return runCatching { verify(verifier.get(), body, headers) }
            .onSuccess(observed::accepted)
            .onFailure(observed::failed)
            .getOrElse { throw toResponseError(it) }
    }

    private fun verify(verifier: WebhookVerifier, body: RawBody, headers: List<String>): Event {
        body.checkLength(verifier.maxBody)
        val signature = singleSignature(headers)
        // What nobody signed is refused whatever it says.
        return verifier.verify(if (signature == null) ByteArray(0) else body.read(verifier.maxBody), signature)
    }
}
