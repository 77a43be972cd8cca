package dev.kopokopo

/**
 * The functions of the native library for webhooks, which are called without JNA (`udl/src/uniffi/jni/webhooks.rs`).
 * `owner` owns the verifier. Passing it keeps it reachable until the call returns.
 */
internal object NativeWebhooks {
    @JvmStatic
    external fun verify(owner: Any, verifier: Long, body: ByteArray, signature: ByteArray?): ByteArray

    /** Returns null if the signature is valid, otherwise the error. */
    @JvmStatic
    external fun verifySignature(owner: Any, verifier: Long, body: ByteArray, signature: ByteArray?): ByteArray?

    @JvmStatic
    external fun parseUnverified(owner: Any, verifier: Long, body: ByteArray): ByteArray
}
