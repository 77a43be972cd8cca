package dev.kopokopo.ktor

import dev.kopokopo.Event
import dev.kopokopo.KopoKopoException
import dev.kopokopo.WebhookVerifier
import io.ktor.http.HttpHeaders
import io.ktor.http.HttpStatusCode
import io.ktor.server.application.ApplicationCall
import io.ktor.server.application.log
import io.ktor.server.request.RequestAlreadyConsumedException
import io.ktor.server.request.receiveChannel
import io.ktor.server.response.respond
import io.ktor.server.response.respondText
import io.ktor.server.routing.Route
import io.ktor.server.routing.RoutingContext
import io.ktor.server.routing.post
import io.ktor.utils.io.readRemaining
import kotlinx.io.readByteArray
import java.io.IOException

private const val SIGNATURE = "X-KopoKopo-Signature"

/**
 * Receives webhooks and result callbacks at [path]: [handle] is called with verified events only, and a call that it
 * does not answer is answered with 200.
 *
 * A stranger's request is answered with 401, an authentic body that cannot be read with 400, and one beyond
 * [WebhookVerifier.maxBody] with 413. Whatever [handle] throws passes through, so that Ktor answers 500 and the webhook
 * is delivered again: deliveries repeat in any case, and [Event.dedupeKey] tells.
 *
 * The signature covers the raw body, which this reads by itself. A plugin that has read it before must be `DoubleReceive`,
 * or else every webhook fails with an [IllegalStateException] that says so.
 */
public fun Route.kopokopoWebhooks(path: String, verifier: WebhookVerifier, handle: suspend RoutingContext.(Event) -> Unit): Route = post(path) {
    val event = try {
        call.verified(verifier)
    } catch (refusal: Refusal) {
        // Strangers learn nothing; the log says why.
        call.application.log.warn("webhook refused: {}", refusal.message)
        return@post call.respondText(refusal.said, status = refusal.status)
    }
    handle(event)
    if (!call.response.isCommitted) call.respond(HttpStatusCode.OK)
}

private class Refusal(val status: HttpStatusCode, val said: String, why: String) : Exception(why)

private fun forged(why: String) = Refusal(HttpStatusCode.Unauthorized, "signature refused", why)

private suspend fun ApplicationCall.verified(verifier: WebhookVerifier): Event {
    val announced = request.headers[HttpHeaders.ContentLength]?.toLongOrNull()
    if (announced != null && announced > verifier.maxBody) throw tooLarge(verifier)
    // Proxies join what came twice, and no signature has a comma. Different ones: a stranger's beside the real one.
    val signatures = request.headers.getAll(SIGNATURE).orEmpty().flatMap { it.split(',') }.map { it.trim() }.distinct()
    if (signatures.size > 1) throw forged("the header $SIGNATURE came with ${signatures.size} values: one is a stranger's")
    val body = raw(verifier.maxBody)
    if (body.size > verifier.maxBody) throw tooLarge(verifier)
    check(body.isNotEmpty() || announced == null || announced == 0L) { WRONG_SET_UP }
    try {
        return verifier.verify(body, signatures.firstOrNull())
    } catch (refused: KopoKopoException.Signature) {
        throw forged(refused.detail)
    } catch (refused: KopoKopoException.Decode) {
        throw Refusal(HttpStatusCode.BadRequest, "body not understood", refused.detail)
    }
}

/** One byte beyond the cap shows that there is more. */
private suspend fun ApplicationCall.raw(cap: Long): ByteArray = try {
    receiveChannel().readRemaining(minOf(cap, Long.MAX_VALUE - 1) + 1).readByteArray()
} catch (consumed: RequestAlreadyConsumedException) {
    throw IllegalStateException(WRONG_SET_UP, consumed)
} catch (_: IOException) {
    throw forged("the body broke off before its end: nothing can be verified")
}

private fun tooLarge(verifier: WebhookVerifier) = Refusal(HttpStatusCode.PayloadTooLarge, "body too large", "the body has more than ${verifier.maxBody} bytes")

private const val WRONG_SET_UP =
    "Ktor: the webhook's body was read before kopokopoWebhooks, and a signature covers the raw body only: " +
        "read it nowhere else, or install(DoubleReceive)"
