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

/** Polls a resource. The core decides when to poll and when to stop. */
internal interface Watch<T : Any> : AutoCloseable {
    /** Returns how long to wait before the next poll, or null if the watch is complete. */
    fun pause(): Duration?

    /** Polls once. The result is null if the state has not changed. */
    fun poll(): Call<T?>
}

/** For Kotlin: returns a flow of every new state. */
internal fun <T : Any> states(open: () -> Watch<T>): Flow<T> = flow {
    open().use { watch ->
        while (true) {
            delay(watch.pause() ?: break)
            awaiting { watch.poll() }?.let { emit(it) }
        }
    }
}

/** For Java: returns a stream of every new state. It polls on the thread that reads the stream, which it blocks. */
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
