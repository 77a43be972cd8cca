package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.KopoKopoException
import dev.kopokopo.WebhookVerifier
import jakarta.servlet.http.HttpServletRequest
import org.apache.commons.logging.LogFactory
import org.springframework.core.MethodParameter
import org.springframework.http.HttpStatusCode
import org.springframework.web.bind.support.WebDataBinderFactory
import org.springframework.web.context.request.NativeWebRequest
import org.springframework.web.method.support.HandlerMethodArgumentResolver
import org.springframework.web.method.support.ModelAndViewContainer
import org.springframework.web.server.ResponseStatusException
import java.util.function.Supplier

private const val HEADER = "X-KopoKopo-Signature"

/** Makes the parameter of the request itself, so that no converter comes between the body and its signature. */
internal class EventResolver(private val verifier: Supplier<WebhookVerifier>) : HandlerMethodArgumentResolver {
    private val log = LogFactory.getLog(KopoKopoWebhooks::class.java)

    override fun supportsParameter(parameter: MethodParameter): Boolean = parameter.parameterType == Event::class.java

    override fun resolveArgument(
        parameter: MethodParameter,
        container: ModelAndViewContainer?,
        webRequest: NativeWebRequest,
        binders: WebDataBinderFactory?,
    ): Event {
        val request = checkNotNull(webRequest.getNativeRequest(HttpServletRequest::class.java)) { "Spring: this is no servlet's request" }
        val refusal = try {
            return verify(verifier.get(), RawBody(request, parameter.method), request.getHeaders(HEADER).toList())
        } catch (refusal: Refusal) {
            refusal
        } catch (refusal: KopoKopoException.Signature) {
            Refusal(UNAUTHORIZED, refusal.detail)
        } catch (refusal: KopoKopoException.Decode) {
            Refusal(BAD_REQUEST, refusal.detail)
        }
        log.warn("webhook refused: ${refusal.message}")
        // Without its cause, for which an application may have a handler: that one is about its own calls.
        throw ResponseStatusException(HttpStatusCode.valueOf(refusal.status))
    }

    private fun verify(verifier: WebhookVerifier, body: RawBody, signatures: List<String>): Event {
        body.checkLength(verifier.maxBody)
        // Proxies join what came twice, and no signature has a comma. Different ones: a stranger's beside the real one.
        val different = signatures.flatMap { it.split(',') }.map { it.trim() }.toSet()
        if (different.size > 1) throw Refusal(UNAUTHORIZED, "the header $HEADER came with ${different.size} different values: send it once")
        val signature = different.singleOrNull()
        // What nobody signed is refused whatever it says.
        return verifier.verify(if (signature == null) ByteArray(0) else body.read(verifier.maxBody), signature)
    }
}
