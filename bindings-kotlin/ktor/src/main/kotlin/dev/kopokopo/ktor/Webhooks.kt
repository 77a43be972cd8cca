package dev.kopokopo.ktor

import dev.kopokopo.Event
import dev.kopokopo.Journal
import dev.kopokopo.KopoKopoException
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.journal.observe
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
 * Adds a route that receives webhooks and result callbacks at [path]. [handle] receives verified events only. If it
 * sends no response, the response is 200.
 *
 * The response is 401 if the signature is missing or invalid, 400 if the signature is valid but the body cannot be
 * read, and 413 if the body is larger than [WebhookVerifier.maxBody]. The reason is logged, and is not in the response.
 *
 * [journal] learns of each verified event before [handle] runs. If it fails, [handle] does not run, the response is 500, and
 * the webhook is delivered again.
 *
 * Exceptions of [handle] are not caught, so Ktor responds with 500 and the webhook is delivered again. Deliveries can
 * repeat at any time: [Event.dedupeKey] identifies them.
 *
 * The signature covers the raw body, and this route reads it. If a plugin reads the body first, install
 * `DoubleReceive`. Otherwise every webhook fails with an [IllegalStateException] that names the remedy.
 */
public fun Route.kopokopoWebhooks(path: String, verifier: WebhookVerifier, journal: Journal? = null, handle: suspend RoutingContext.(Event) -> Unit): Route =
    post(path) {
        val event = try {
            call.verified(verifier)
        } catch (refusal: Refusal) {
            // The sender may be an attacker, so only the log has the reason.
            call.application.log.warn("webhook refused: {}", refusal.message)
            return@post call.respondText(refusal.response, status = refusal.status)
        }
        try {
            journal?.observe(event)
        } catch (failed: KopoKopoException.Journal) {
            call.application.log.error("webhook not handled: {}", failed.message)
            return@post call.respond(HttpStatusCode.InternalServerError)
        }
        handle(event)
        if (!call.response.isCommitted) call.respond(HttpStatusCode.OK)
    }

private class Refusal(val status: HttpStatusCode, val response: String, reason: String) : Exception(reason)

private fun invalidSignature(reason: String) = Refusal(HttpStatusCode.Unauthorized, "invalid signature", reason)

private suspend fun ApplicationCall.verified(verifier: WebhookVerifier): Event {
    val contentLength = request.headers[HttpHeaders.ContentLength]?.toLongOrNull()
    if (contentLength != null && contentLength > verifier.maxBody) throw tooLarge(verifier)
    // Proxies join repeated headers, and no signature contains a comma. If the values differ, at least one is forged.
    val signatures = request.headers.getAll(SIGNATURE).orEmpty().flatMap { it.split(',') }.map { it.trim() }.distinct()
    if (signatures.size > 1) throw invalidSignature("multiple $SIGNATURE headers received; expected exactly one")
    val body = rawBody(verifier.maxBody)
    if (body.size > verifier.maxBody) throw tooLarge(verifier)
    check(body.isNotEmpty() || contentLength == null || contentLength == 0L) { BODY_READ_BEFORE }
    try {
        return verifier.verify(body, signatures.firstOrNull())
    } catch (refused: KopoKopoException.Signature) {
        throw invalidSignature(refused.detail)
    } catch (refused: KopoKopoException.Decode) {
        throw Refusal(HttpStatusCode.BadRequest, "unreadable body", refused.detail)
    }
}

/** Reads one byte more than [limit], if there is one, so that a larger body is detected. */
private suspend fun ApplicationCall.rawBody(limit: Long): ByteArray = try {
    receiveChannel().readRemaining(minOf(limit, Long.MAX_VALUE - 1) + 1).readByteArray()
} catch (consumed: RequestAlreadyConsumedException) {
    throw IllegalStateException(BODY_READ_BEFORE, consumed)
} catch (_: IOException) {
    throw invalidSignature("the connection closed before the full body was received")
}

private fun tooLarge(verifier: WebhookVerifier) =
    Refusal(HttpStatusCode.PayloadTooLarge, "body too large", "the body is larger than the limit of ${verifier.maxBody} bytes")

private const val BODY_READ_BEFORE =
    "Ktor: the request body was read before kopokopoWebhooks. The signature covers the raw body: " +
        "do not read it elsewhere, or install(DoubleReceive)"
