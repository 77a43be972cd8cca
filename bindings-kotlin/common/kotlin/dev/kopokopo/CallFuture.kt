package dev.kopokopo

import java.util.concurrent.CompletableFuture

/**
 * The future of a call, or one that depends on the future of a create. Who completes it from outside, as `cancel`,
 * `orTimeout` and `completeOnTimeout` do, cancels the call first. If a create was sent by then, the future ends with
 * `outcome_unknown` instead: a retry of what looks like a timeout would send it twice.
 */
internal class CallFuture<T> private constructor(private val call: Call<*>, root: CallFuture<*>?) : CompletableFuture<T>() {
    private val root: CallFuture<*> = root ?: this

    override fun cancel(mayInterruptIfRunning: Boolean): Boolean {
        end { super.cancel(mayInterruptIfRunning) }
        return isCancelled
    }

    override fun complete(value: T): Boolean = end { super.complete(value) }

    override fun completeExceptionally(error: Throwable): Boolean = end { super.completeExceptionally(error) }

    /** What follows on a read is as of any future: many may follow on one, each with a timeout of its own. */
    override fun <U> newIncompleteFuture(): CompletableFuture<U> = if (call.creates) CallFuture(call, root) else CompletableFuture()

    private inline fun end(own: () -> Boolean): Boolean {
        if (isDone) return false
        // The create is over, and the program has its result.
        if (root.isDone) return own()
        val end = call.cancel()
        return when {
            end == Cancelled.NotSent -> own().also { if (root !== this) root.endWith(null) }
            end is Cancelled.OutcomeUnknown && !end.hasResult -> {
                val ended = super.completeExceptionally(end.error)
                if (root !== this) root.endWith(end.error)
                ended
            }
            // The result is on its way here.
            else -> false
        }
    }

    private fun endWith(error: KopoKopoException?) {
        if (error == null) super.cancel(true) else super.completeExceptionally(error)
    }

    private fun take(answer: Answer<T>) {
        val result = runCatching { answer.get() }
        call.delivered()
        result.fold({ super.complete(it) }, { super.completeExceptionally(it) })
    }

    companion object {
        fun <T> start(call: Call<T>): CompletableFuture<T> {
            val future = CallFuture<T>(call, null)
            call.start { answer -> elsewhere { future.take(answer) } }
            return future
        }
    }
}
