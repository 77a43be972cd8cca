package dev.kopokopo

import dev.kopokopo.ffi.FfiConverter
import dev.kopokopo.ffi.FfiConverterTypeKopoKopoError
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong

/**
 * The functions of the library that are called past JNA (`udl/src/jni/calls.rs`): one for whatever is awaited, by the
 * method's number.
 */
internal object NativeCalls {
    private val tickets = AtomicLong()
    private val waiting = ConcurrentHashMap<Long, (ByteBuffer) -> Unit>()

    init {
        Library.ready()
        prepare()
    }

    /** A new number for a call. */
    fun ticket(): Long = tickets.incrementAndGet()

    /** The handle is a share of the owner's, which is given away. */
    fun start(call: Int, given: ByteArray, handle: Long, ticket: Long, answered: (ByteBuffer) -> Unit) {
        waiting[ticket] = answered
        start(call, handle, given, ticket)
    }

    /** Cancels a call, and says how it ends. */
    fun end(ticket: Long): Cancelled {
        val bytes = ByteBuffer.wrap(cancel(ticket) ?: return Cancelled.Over)
        val hasResult = bytes.get() != NO_RESULT
        if (!hasResult) waiting.remove(ticket)
        return when {
            bytes.hasRemaining() -> Cancelled.OutcomeUnknown(whole(bytes, FfiConverterTypeKopoKopoError::read).lift(), hasResult)
            hasResult -> Cancelled.Over
            else -> Cancelled.NotSent
        }
    }

    /** The library's own thread calls it, once for every ticket whose call was not cancelled. */
    @JvmStatic
    fun answered(ticket: Long, answer: ByteArray) {
        waiting.remove(ticket)?.invoke(ByteBuffer.wrap(answer))
    }

    @JvmStatic
    private external fun prepare()

    @JvmStatic
    private external fun start(method: Int, handle: Long, given: ByteArray, ticket: Long)

    /** Null if the call is over and its result comes or came. Else one byte that tells whether it comes, and the error to report. */
    @JvmStatic
    private external fun cancel(ticket: Long): ByteArray?

    /** The program has the result of a create. */
    @JvmStatic
    external fun forget(ticket: Long)

    private const val NO_RESULT: Byte = 0
}

/** A call of the library, by the method's number. [read] makes the result of its bytes. */
internal class NativeCall<T>(
    private val method: Int,
    private val given: ByteArray,
    private val handle: Long,
    override val creates: Boolean,
    private val read: (ByteBuffer) -> T,
) : Call<T> {
    private val ticket = NativeCalls.ticket()

    override fun start(done: (Answer<T>) -> Unit): Unit = NativeCalls.start(method, given, handle, ticket) { bytes ->
        // What was created holds a share of the library's memory, so it is read even if no one takes it.
        if (creates) {
            val result = runCatching { answer(bytes, read) }
            done(Answer { result.getOrThrow() })
        } else {
            done(Answer { answer(bytes, read) })
        }
    }

    override fun cancel(): Cancelled = NativeCalls.end(ticket)

    override fun delivered() {
        if (creates) NativeCalls.forget(ticket)
    }
}

private const val DONE: Byte = 0

/** Reads an answer, whose first byte says whether it is a value or an error. */
internal fun <T> answer(bytes: ByteBuffer, read: (ByteBuffer) -> T): T {
    if (bytes.get() != DONE) throw whole(bytes, FfiConverterTypeKopoKopoError::read).lift()
    return whole(bytes, read)
}

/** Reads an answer to its end. What is left over means that this code reads another form than the library writes. */
internal fun <T> whole(bytes: ByteBuffer, read: (ByteBuffer) -> T): T {
    val value = read(bytes)
    if (bytes.hasRemaining()) {
        throw KopoKopoException.Internal(KopoKopoException.Fields("the library's answer has more than its fields"))
    }
    return value
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
