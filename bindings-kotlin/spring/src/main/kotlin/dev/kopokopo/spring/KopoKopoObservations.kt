package dev.kopokopo.spring

import dev.kopokopo.KopoKopoException
import io.micrometer.observation.Observation
import io.micrometer.observation.ObservationRegistry
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionException
import java.util.function.Supplier

/**
 * Observes calls of the client as `kopokopo.calls`, with the keys `operation` and `outcome`: `success`, the kind of the
 * error, `cancelled`, or `error` for any other exception. No argument, result or error text is recorded.
 *
 * The client has no hook, so a call is observed where it is made. Pass the operation as a constant, such as
 * `send_money.create`. Never put an id or a phone number in it.
 */
public class KopoKopoObservations(private val registry: ObservationRegistry) {
    private val log = System.getLogger("dev.kopokopo.spring")

    /** Observes a suspending call. */
    public suspend fun <T> observe(operation: String, call: suspend () -> T): T {
        val observation = start(operation)
        return try {
            call().also { observation.stop(null) }
        } catch (error: Throwable) {
            observation.stop(error)
            throw error
        }
    }

    /** Observes a blocking call. */
    public fun <T> observeBlocking(operation: String, call: Supplier<T>): T {
        val observation = start(operation)
        return try {
            call.get().also { observation.stop(null) }
        } catch (error: Throwable) {
            observation.stop(error)
            throw error
        }
    }

    /** Observes an asynchronous call and returns its future. The observation stops just after the future completes. */
    public fun <T> observeAsync(operation: String, call: Supplier<CompletableFuture<T>>): CompletableFuture<T> {
        val observation = start(operation)
        val future = try {
            call.get()
        } catch (error: Throwable) {
            observation.stop(error)
            throw error
        }
        // The future of whenComplete is not returned, because cancelling it would not cancel the call.
        future.whenComplete { _, error -> observation.stop(error) }
        return future
    }

    private fun start(operation: String): Observation =
        Observation.createNotStarted("kopokopo.calls", registry).lowCardinalityKeyValue("operation", operation).start()

    /** Does not use `Observation.error`, because tracing would record the text of the error. */
    private fun Observation.stop(error: Throwable?) {
        try {
            lowCardinalityKeyValue("outcome", outcome(error)).stop()
        } catch (failed: RuntimeException) {
            // It must not replace the result of a call: a create that was sent would look as if it failed.
            log.log(System.Logger.Level.ERROR, "an observation handler failed", failed)
        }
    }

    private fun outcome(error: Throwable?): String = when (error) {
        null -> "success"
        is KopoKopoException -> error.kind
        is CancellationException, is InterruptedException -> "cancelled"
        is CompletionException -> if (error.cause == null) "error" else outcome(error.cause)
        else -> "error"
    }
}
