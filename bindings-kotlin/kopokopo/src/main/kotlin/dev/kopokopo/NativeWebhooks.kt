package dev.kopokopo

/**
 * The functions of the library that are called past JNA (`udl/src/jni/webhooks.rs`). An owner is given so that it is
 * reachable until the call ends, and with it the verifier that the handle is of.
 */
internal object NativeWebhooks {
    @JvmStatic
    external fun verify(owner: Any, verifier: Long, body: ByteArray, signature: ByteArray?): ByteArray

    /** Null where all is well. */
    @JvmStatic
    external fun verifySignature(owner: Any, verifier: Long, body: ByteArray, signature: ByteArray?): ByteArray?

    @JvmStatic
    external fun parseUnverified(owner: Any, verifier: Long, body: ByteArray): ByteArray
}
