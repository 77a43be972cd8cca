package dev.kopokopo

import dev.kopokopo.ffi.UniffiLib
import dev.kopokopo.ffi.UniffiRustCallStatus
import java.nio.ByteBuffer

/**
 * Verifies webhooks and result callbacks (API reference, sections Validating webhooks and Process ... Result). It needs
 * no connection and is thread-safe.
 *
 * Pass the body exactly as it was received. If a framework has parsed and re-serialized the body, the signature will
 * not match.
 */
public class WebhookVerifier internal constructor(private val raw: dev.kopokopo.ffi.WebhookVerifier) {
    /** The handle of [raw], which is never closed. It is valid for as long as this object is reachable. */
    private val handle: Long =
        raw.uniffiCloneHandle().also { UniffiLib.uniffi_kopokopo_ffi_fn_free_webhookverifier(it, UniffiRustCallStatus()) }

    /** The largest body that is accepted, in bytes. */
    public val maxBody: Long = raw.maxBody().toLong()

    /**
     * Creates a verifier for the valid API keys: one key, or the old and the new key during a rotation.
     *
     * Errors: `configuration` if there is no key, or only blank keys.
     *
     * @param apiKeys The API keys. Do not pass the client secret: it signs no webhooks.
     * @param clientSecret The client secret. Signatures with it are invalid, but the error can then say that the sender
     * uses the client secret in place of the API key.
     * @param maxBody The largest body to accept, in bytes.
     */
    @JvmOverloads
    public constructor(apiKeys: List<String>, clientSecret: String? = null, maxBody: Long = 10_485_760L) :
        this(enter { dev.kopokopo.ffi.WebhookVerifier(apiKeys, clientSecret, natural(maxBody, "maxBody").toULong()) })

    /**
     * Verifies the raw body against the `X-KopoKopo-Signature` header and returns the event.
     *
     * Errors:
     * - `signature` if the header is missing, malformed or does not match, or if the body is larger than [maxBody]. Do
     *   not trust the body.
     * - `configuration` if there is no API key.
     * - `decode` if the signature is valid, but the body is not a JSON object that can be read. The `body` of the error
     *   is the beginning of the body.
     */
    public fun verify(body: ByteArray, signature: String?): Event = event(NativeWebhooks.verify(raw, handle, body, signature?.toByteArray()))

    /** Verifies a body that was stored as text. It must be the text exactly as it was received, in UTF-8. */
    public fun verify(body: String, signature: String?): Event = verify(body.toByteArray(), signature)

    /**
     * Verifies the signature of the raw body, and does not read the body.
     *
     * Errors: those of [verify], except `decode`.
     */
    public fun verifySignature(body: ByteArray, signature: String?) {
        val error = NativeWebhooks.verifySignature(raw, handle, body, signature?.toByteArray())
        if (error != null) event(error)
    }

    /**
     * Reads an event without verifying its signature. Use it only for bodies that were already verified, such as those
     * from a queue.
     *
     * Errors: `decode` if the body is not a JSON object.
     */
    public fun parseUnverified(body: ByteArray): Event = event(NativeWebhooks.parseUnverified(raw, handle, body))

    private fun event(bytes: ByteArray): Event = readResult(ByteBuffer.wrap(bytes), ::readEvent)
}
