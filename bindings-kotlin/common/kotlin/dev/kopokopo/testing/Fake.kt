package dev.kopokopo.testing

import dev.kopokopo.Call
import dev.kopokopo.CallResult
import dev.kopokopo.Cancelled
import dev.kopokopo.KopoKopoException
import dev.kopokopo.Watch
import java.time.Duration
import java.util.concurrent.atomic.AtomicInteger

/** A fake of a created resource. It has the states that a test supplies. */
internal class Fake<T : Any>(
    private val id: String,
    private val location: String,
    private val operation: String,
    private val states: List<T>,
    private val isFinal: (T) -> Boolean,
    private val state: (T) -> String?,
) {
    private val polls = AtomicInteger()

    fun get(): Call<T> = CompletedCall {
        check(states.isNotEmpty()) { "the created resource $id has no states: pass at least one" }
        states[minOf(polls.getAndIncrement(), states.lastIndex)]
    }

    fun wait(): Call<T> = CompletedCall { states.lastOrNull()?.takeIf(isFinal) ?: throw notFinal() }

    fun watch(): Watch<T> = object : Watch<T> {
        private var next = 0
        private val isComplete get() = next > states.size || (next == states.size && states.lastOrNull()?.let(isFinal) == true)

        override fun pause(): Duration? = if (isComplete) null else Duration.ZERO

        override fun poll(): Call<T?> {
            val at = next++
            return CompletedCall { if (at < states.size) states[at] else throw notFinal() }
        }

        override fun close() = Unit
    }

    private fun notFinal(): KopoKopoException {
        val state = states.lastOrNull()?.let(state)
        val detail = "still ${state ?: "without a state"}: the last state that the test supplied is not final"
        return ErrorBuilder(detail).operation(operation).id(id).location(location).state(state).notFinal()
    }
}

private class CompletedCall<T>(private val result: CallResult<T>) : Call<T> {
    override val creates: Boolean get() = false

    override fun start(done: (CallResult<T>) -> Unit): Unit = done(result)

    override fun cancel(): Cancelled = Cancelled.Completed

    override fun delivered() = Unit
}
