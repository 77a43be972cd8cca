package dev.kopokopo

import dev.kopokopo.ffi.FfiConverter
import dev.kopokopo.ffi.FfiConverterTypeKopoKopoError
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong

/**
 * The functions of the native library for asynchronous calls, which are called without JNA
 * (`udl/src/uniffi/jni/calls.rs`). One function starts every call, by the number of the method.
 */
internal object NativeCalls {
    private val callIds = AtomicLong()
    private val pending = ConcurrentHashMap<Long, (ByteBuffer) -> Unit>()

    init {
        Library.ready()
        prepare()
    }

    /** Returns the id of a new call. */
    fun newCallId(): Long = callIds.incrementAndGet()

    /** Starts a call. [handle] is a separate reference to the native object. The call takes ownership of it. */
    fun start(method: Int, arguments: ByteArray, handle: Long, callId: Long, done: (ByteBuffer) -> Unit) {
        pending[callId] = done
        start(method, handle, arguments, callId)
    }

    /** Cancels a call and returns how it ends. */
    fun cancelCall(callId: Long): Cancelled {
        val bytes = ByteBuffer.wrap(cancel(callId) ?: return Cancelled.Completed)
        val hasResult = bytes.get() != NO_RESULT
        if (!hasResult) pending.remove(callId)
        return when {
            bytes.hasRemaining() -> Cancelled.OutcomeUnknown(readAll(bytes, FfiConverterTypeKopoKopoError::read).lift(), hasResult)
            hasResult -> Cancelled.Completed
            else -> Cancelled.NotSent
        }
    }

    /**
     * Delivers the result of a call. A thread of the native library calls this once for every call that was not
     * cancelled.
     */
    @JvmStatic
    fun complete(callId: Long, result: ByteArray) {
        pending.remove(callId)?.invoke(ByteBuffer.wrap(result))
    }

    @JvmStatic
    private external fun prepare()

    @JvmStatic
    private external fun start(method: Int, handle: Long, arguments: ByteArray, callId: Long)

    /**
     * Returns null if the call is complete and its result was or will be delivered. Otherwise returns one byte that
     * says whether a result will be delivered, and the error to report, if there is one.
     */
    @JvmStatic
    private external fun cancel(callId: Long): ByteArray?

    /** Must be called when the program has received the result of a create. */
    @JvmStatic
    external fun forget(callId: Long)

    private const val NO_RESULT: Byte = 0
}

/** A call of the native library, by the number of the method. [read] reads the value of the result. */
internal class NativeCall<T>(
    private val method: Int,
    private val arguments: ByteArray,
    private val handle: Long,
    override val creates: Boolean,
    private val read: (ByteBuffer) -> T,
) : Call<T> {
    private val callId = NativeCalls.newCallId()

    override fun start(done: (CallResult<T>) -> Unit): Unit = NativeCalls.start(method, arguments, handle, callId) { bytes ->
        // A created handle owns memory of the library, so it is read even if no caller takes it.
        if (creates) {
            val result = runCatching { readResult(bytes, read) }
            done(CallResult { result.getOrThrow() })
        } else {
            done(CallResult { readResult(bytes, read) })
        }
    }

    override fun cancel(): Cancelled = NativeCalls.cancelCall(callId)

    override fun delivered() {
        if (creates) NativeCalls.forget(callId)
    }
}

private const val DONE: Byte = 0

/** Reads a result. Its first byte says whether a value or an error follows. */
internal fun <T> readResult(bytes: ByteBuffer, read: (ByteBuffer) -> T): T {
    if (bytes.get() != DONE) throw readAll(bytes, FfiConverterTypeKopoKopoError::read).lift()
    return readAll(bytes, read)
}

/** Reads [bytes] to the end. Remaining bytes mean that this code and the native library use different formats. */
internal fun <T> readAll(bytes: ByteBuffer, read: (ByteBuffer) -> T): T {
    val value = read(bytes)
    if (bytes.hasRemaining()) {
        throw KopoKopoException.Internal(
            KopoKopoException.Fields("internal error in kopokopo, please report it: the native library's result is longer than its fields"),
        )
    }
    return value
}

/** The arguments of a method without parameters. */
internal val NOTHING: ByteArray = ByteArray(0)

/** Encodes an argument for the native library. */
internal fun <T> bytes(converter: FfiConverter<T, *>, value: T): ByteArray {
    val bytes = ByteBuffer.allocate(converter.allocationSize(value).toInt())
    converter.write(value, bytes)
    // The converter allocates more than a text needs.
    return if (bytes.hasRemaining()) bytes.array().copyOf(bytes.position()) else bytes.array()
}
