package dev.kopokopo

import dev.kopokopo.ffi.FfiConverterTypeEvent
import dev.kopokopo.ffi.UniffiLib
import dev.kopokopo.ffi.UniffiRustCallStatus
import java.nio.ByteBuffer

/**
 * Verifies webhooks and result callbacks (API reference, sections Validating webhooks and Process ... Result). Needs
 * no connection, and is safe to share between threads.
 *
 * Give it the body exactly as it was received: if a framework has parsed and re-serialized the body, the signature will not match.
 */
public class WebhookVerifier internal constructor(private val raw: dev.kopokopo.ffi.WebhookVerifier) {
    /** Of what [raw] holds. Nothing closes that, so it is there for as long as this is. */
    private val handle: Long =
        raw.uniffiCloneHandle().also { UniffiLib.uniffi_kopokopo_ffi_fn_free_webhookverifier(it, UniffiRustCallStatus()) }

    /** The largest body that is looked at, in bytes. */
    public val maxBody: Long = raw.maxBody().toLong()

    /**
     * A verifier with the API keys in force: one, or the old and the new while they rotate.
     *
     * Errors: `configuration` where there is no key, or only blank ones.
     *
     * @param apiKeys The API keys. Not the client secret, which signs nothing.
     * @param clientSecret Never accepted, but with it a refusal can say that it stands where the API key belongs.
     * @param maxBody The largest body to look at, in bytes.
     */
    @JvmOverloads
    public constructor(apiKeys: List<String>, clientSecret: String? = null, maxBody: Long = 10_485_760L) :
        this(enter { dev.kopokopo.ffi.WebhookVerifier(apiKeys, clientSecret, natural(maxBody, "maxBody").toULong()) })

    /**
     * Verifies the raw body against the `X-KopoKopo-Signature` header and says what it tells of.
     *
     * Errors: `signature` where the header is missing, malformed or does not match, or the body is larger than is
     * looked at: do not trust the body. `configuration` without an API key. `decode` where the body is authentic and
     * still no JSON object that can be read: the error's `body` has the beginning of it.
     */
    public fun verify(body: ByteArray, signature: String?): Event = event(NativeWebhooks.verify(raw, handle, body, signature?.toByteArray()))

    /** The same for a body that was kept as text: it must be the text as it was received, in UTF-8. */
    public fun verify(body: String, signature: String?): Event = verify(body.toByteArray(), signature)

    /**
     * Verifies the raw body only.
     *
     * Errors: as [verify], but for `decode`.
     */
    public fun verifySignature(body: ByteArray, signature: String?) {
        val refusal = NativeWebhooks.verifySignature(raw, handle, body, signature?.toByteArray())
        if (refusal != null) event(refusal)
    }

    /**
     * Says what a body tells of without knowing who sent it. For bodies that were verified before, such as those taken
     * from a queue.
     *
     * Errors: `decode` where it is no JSON object.
     */
    public fun parseUnverified(body: ByteArray): Event = event(NativeWebhooks.parseUnverified(raw, handle, body))

    private fun event(bytes: ByteArray): Event = answer(ByteBuffer.wrap(bytes), FfiConverterTypeEvent::read).lift()
}
