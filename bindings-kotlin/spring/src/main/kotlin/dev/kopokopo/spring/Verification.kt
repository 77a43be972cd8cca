package dev.kopokopo.spring

import dev.kopokopo.KopoKopoException
import org.apache.commons.logging.LogFactory
import org.springframework.http.HttpStatusCode
import org.springframework.web.server.ResponseStatusException
import java.lang.reflect.Method

internal const val SIGNATURE_HEADER = "X-KopoKopo-Signature"
internal const val BAD_REQUEST = 400
internal const val UNAUTHORIZED = 401
internal const val TOO_LARGE = 413
private const val INTERNAL_SERVER_ERROR = 500

private val log = LogFactory.getLog("dev.kopokopo.spring.KopoKopoWebhooks")

/** The reason for which a webhook is rejected. The message is logged, and is not in the response. */
internal class Refusal(val status: Int, message: String) : RuntimeException(message)

/** Returns the signature of a request, or null. Proxies join repeated headers, and no signature contains a comma. */
internal fun singleSignature(values: List<String>): String? {
    val different = values.flatMap { it.split(',') }.map { it.trim() }.toSet()
    if (different.size > 1) throw Refusal(UNAUTHORIZED, "multiple $SIGNATURE_HEADER headers received; expected exactly one")
    return different.singleOrNull()
}

internal fun tooLarge(maxBody: Long) = Refusal(TOO_LARGE, "the body is larger than the limit of $maxBody bytes")

/**
 * Logs why a webhook is rejected, or is not handled because the journal failed, and returns the error for Spring. The error has no cause, because an application's
 * exception handler for [KopoKopoException] is for its own calls. Any other error is returned unchanged.
 */
internal fun toResponseError(error: Throwable): Throwable {
    if (error is KopoKopoException.Journal) {
        log.error("webhook not handled: ${error.message}")
        return ResponseStatusException(HttpStatusCode.valueOf(INTERNAL_SERVER_ERROR))
    }
    val refusal = when (error) {
        is Refusal -> error
        is KopoKopoException.Signature -> Refusal(UNAUTHORIZED, error.detail)
        is KopoKopoException.Decode -> Refusal(BAD_REQUEST, error.detail)
        else -> return error
    }
    log.warn("webhook refused: ${refusal.message}")
    return ResponseStatusException(HttpStatusCode.valueOf(refusal.status))
}

/** The error if the raw body is not available. It is an error of the application. */
internal fun bodyNotRaw(problem: String, method: Method?): IllegalStateException = IllegalStateException(
    "Spring: $problem. The signature covers the raw body: declare ${method?.name ?: "the method"}(event: Event) without a @RequestBody, " +
        "and do not read the body or the parameters of its path in a filter",
)
