package dev.kopokopo

import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.time.delay
import java.time.Duration
import java.util.Spliterator
import java.util.Spliterators
import java.util.stream.Stream
import java.util.stream.StreamSupport

/** Polls a resource. When to poll, and when to end, is the core's to say. */
internal interface Watch<T : Any> : AutoCloseable {
    /** How long to pause before the next poll. Null once the watch is over. */
    fun pause(): Duration?

    /** Polls once. Null if there is no new state. */
    fun poll(): Call<T?>
}

/** For Kotlin: the states as they change. */
internal fun <T : Any> states(open: () -> Watch<T>): Flow<T> = flow {
    open().use { watch ->
        while (true) {
            delay(watch.pause() ?: break)
            awaiting { watch.poll() }?.let { emit(it) }
        }
    }
}

/** For Java: the states as they change. Each is waited for on the thread that reads the stream. */
internal fun <T : Any> stream(watch: Watch<T>): Stream<T> {
    val states = object : Spliterators.AbstractSpliterator<T>(Long.MAX_VALUE, Spliterator.ORDERED or Spliterator.NONNULL) {
        override fun tryAdvance(action: java.util.function.Consumer<in T>): Boolean {
            while (true) {
                val pause = watch.pause() ?: return false
                Thread.sleep(pause.toMillis(), pause.nano % NANOS_PER_MILLI)
                action.accept(blocking { watch.poll() } ?: continue)
                return true
            }
        }
    }
    return StreamSupport.stream(states, false).onClose(watch::close)
}

private const val NANOS_PER_MILLI = 1_000_000
