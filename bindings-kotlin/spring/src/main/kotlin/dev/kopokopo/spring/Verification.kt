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

private val log = LogFactory.getLog("dev.kopokopo.spring.KopoKopoWebhooks")

/** Why a webhook is refused. Only the log has the message. */
internal class Refusal(val status: Int, message: String) : RuntimeException(message)

/** The one signature of a request, or null. Proxies join repeated headers, and no signature contains a comma. */
internal fun singleSignature(values: List<String>): String? {
    val different = values.flatMap { it.split(',') }.map { it.trim() }.toSet()
    if (different.size > 1) throw Refusal(UNAUTHORIZED, "the header $SIGNATURE_HEADER came with ${different.size} different values: send it once")
    return different.singleOrNull()
}

internal fun tooLarge(maxBody: Long) = Refusal(TOO_LARGE, "the body is larger than the $maxBody bytes that are looked at")

/**
 * Logs why a webhook is refused, and returns the error for Spring. The error has no cause: an application's handler of
 * [KopoKopoException] is about its own calls. Any other error is returned unchanged.
 */
internal fun toResponseError(error: Throwable): Throwable {
    val refusal = when (error) {
        is Refusal -> error
        is KopoKopoException.Signature -> Refusal(UNAUTHORIZED, error.detail)
        is KopoKopoException.Decode -> Refusal(BAD_REQUEST, error.detail)
        else -> return error
    }
    log.warn("webhook refused: ${refusal.message}")
    return ResponseStatusException(HttpStatusCode.valueOf(refusal.status))
}

/** The error for a body that is no longer raw: the application must be changed. */
internal fun wrongSetUp(what: String, method: Method?): IllegalStateException = IllegalStateException(
    "Spring: $what. A signature covers the raw body only: declare ${method?.name ?: "the method"}(event: Event) without a @RequestBody, " +
        "and let no filter read the body or the parameters of its path",
)
