package dev.kopokopo

import dev.kopokopo.ffi.FfiConverter
import dev.kopokopo.ffi.FfiConverterTypeKopoKopoError
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.suspendCancellableCoroutine
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong
import kotlin.coroutines.Continuation
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.EmptyCoroutineContext

/**
 * The functions of the library that are called past JNA (`udl/src/jni/calls.rs`): one for whatever is awaited, by the
 * method's number.
 */
internal object NativeCalls {
    private const val DONE: Byte = 0

    private class Waiting<T>(private val continuation: Continuation<T>, private val read: (ByteBuffer) -> T) {
        /** It is read where it arrives, so that what it holds is let go of even where nobody waits any more. */
        fun answer(bytes: ByteBuffer) {
            val answer = runCatching {
                if (bytes.get() != DONE) throw FfiConverterTypeKopoKopoError.read(bytes).lift()
                read(bytes)
            }
            val dispatcher = continuation.context[ContinuationInterceptor] as? CoroutineDispatcher
            if (dispatcher?.isDispatchNeeded(continuation.context) == true) {
                continuation.resumeWith(answer)
            } else {
                // What goes on where it is told could wait there for another call, and so for itself.
                Dispatchers.Default.dispatch(EmptyCoroutineContext) { continuation.resumeWith(answer) }
            }
        }
    }

    private val tickets = AtomicLong()
    private val waiting = ConcurrentHashMap<Long, Waiting<*>>()

    init {
        Library.ready()
        prepare()
    }

    /** The handle is a share of the owner's, which is given away. */
    suspend fun <T> call(method: Int, given: ByteArray, handle: Long, read: (ByteBuffer) -> T): T {
        val ticket = tickets.incrementAndGet()
        return suspendCancellableCoroutine { continuation ->
            waiting[ticket] = Waiting(continuation, read)
            start(method, handle, given, ticket)
            continuation.invokeOnCancellation { if (cancel(ticket)) waiting.remove(ticket) }
        }
    }

    /** The library's own thread calls it, once for every ticket that was not cancelled. */
    @JvmStatic
    fun answered(ticket: Long, answer: ByteArray) {
        waiting.remove(ticket)?.answer(ByteBuffer.wrap(answer))
    }

    @JvmStatic
    private external fun prepare()

    @JvmStatic
    private external fun start(method: Int, handle: Long, given: ByteArray, ticket: Long)

    @JvmStatic
    private external fun cancel(ticket: Long): Boolean
}

/** For a method that takes nothing. */
internal val NOTHING: ByteArray = ByteArray(0)

/** An argument as the library reads it. */
internal fun <T> bytes(converter: FfiConverter<T, *>, value: T): ByteArray {
    val bytes = ByteBuffer.allocate(converter.allocationSize(value).toInt())
    converter.write(value, bytes)
    // Of a text more is asked for than it takes.
    return if (bytes.hasRemaining()) bytes.array().copyOf(bytes.position()) else bytes.array()
}
