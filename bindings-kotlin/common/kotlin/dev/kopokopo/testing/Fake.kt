package dev.kopokopo.testing

import dev.kopokopo.Answer
import dev.kopokopo.Call
import dev.kopokopo.Cancelled
import dev.kopokopo.KopoKopoException
import dev.kopokopo.Watch
import java.time.Duration
import java.util.concurrent.atomic.AtomicInteger

/** The states of a resource that no server has. */
internal class Fake<T : Any>(
    private val id: String,
    private val location: String,
    private val operation: String,
    private val states: List<T>,
    private val isFinal: (T) -> Boolean,
    private val state: (T) -> String?,
) {
    private val seen = AtomicInteger()

    fun get(): Call<T> = Done {
        check(states.isNotEmpty()) { "the created resource $id has no states: give it some" }
        states[minOf(seen.getAndIncrement(), states.lastIndex)]
    }

    fun wait(): Call<T> = Done { states.lastOrNull()?.takeIf(isFinal) ?: throw notFinal() }

    fun watch(): Watch<T> = object : Watch<T> {
        private var next = 0
        private val isOver get() = next > states.size || (next == states.size && states.lastOrNull()?.let(isFinal) == true)

        override fun pause(): Duration? = if (isOver) null else Duration.ZERO

        override fun poll(): Call<T?> {
            val at = next++
            return Done { if (at < states.size) states[at] else throw notFinal() }
        }

        override fun close() = Unit
    }

    private fun notFinal(): KopoKopoException {
        val state = states.lastOrNull()?.let(state)
        val detail = "still ${state ?: "without a state"}: the last state that the test gave is not final"
        return ErrorBuilder(detail).operation(operation).id(id).location(location).state(state).notFinal()
    }
}

private class Done<T>(private val answer: Answer<T>) : Call<T> {
    override val creates: Boolean get() = false

    override fun start(done: (Answer<T>) -> Unit): Unit = done(answer)

    override fun cancel(): Cancelled = Cancelled.Over

    override fun delivered() = Unit
}
