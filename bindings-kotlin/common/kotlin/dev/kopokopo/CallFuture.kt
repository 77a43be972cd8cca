package dev.kopokopo

import java.util.concurrent.CompletableFuture

/**
 * The future of a call, or a future that depends on the future of a create.
 *
 * Completing it from outside, as `cancel`, `orTimeout` and `completeOnTimeout` do, cancels the call first. If a create
 * was already sent, the future completes with `outcome_unknown` instead: a retry after a timeout would send it twice.
 */
internal class CallFuture<T> private constructor(private val call: Call<*>, root: CallFuture<*>?) : CompletableFuture<T>() {
    private val root: CallFuture<*> = root ?: this

    override fun cancel(mayInterruptIfRunning: Boolean): Boolean {
        cancelCall { super.cancel(mayInterruptIfRunning) }
        return isCancelled
    }

    override fun complete(value: T): Boolean = cancelCall { super.complete(value) }

    override fun completeExceptionally(error: Throwable): Boolean = cancelCall { super.completeExceptionally(error) }

    /** Futures that depend on a read are ordinary futures: a read may have many, each with its own timeout. */
    override fun <U> newIncompleteFuture(): CompletableFuture<U> = if (call.creates) CallFuture(call, root) else CompletableFuture()

    /** Cancels the call, and completes this future with [complete] unless the outcome of the call prevents it. */
    private inline fun cancelCall(complete: () -> Boolean): Boolean {
        if (isDone) return false
        // The create is complete, and the program has its result.
        if (root.isDone) return complete()
        val cancelled = call.cancel()
        return when {
            cancelled == Cancelled.NotSent -> complete().also { if (root !== this) root.completeRoot(null) }
            cancelled is Cancelled.OutcomeUnknown && !cancelled.hasResult -> {
                val isCompleted = super.completeExceptionally(cancelled.error)
                if (root !== this) root.completeRoot(cancelled.error)
                isCompleted
            }
            // The result will be delivered to this future.
            else -> false
        }
    }

    private fun completeRoot(error: KopoKopoException?) {
        if (error == null) super.cancel(true) else super.completeExceptionally(error)
    }

    private fun deliver(callResult: CallResult<T>) {
        val result = runCatching { callResult.get() }
        call.delivered()
        result.fold({ super.complete(it) }, { super.completeExceptionally(it) })
    }

    companion object {
        fun <T> start(call: Call<T>): CompletableFuture<T> {
            val future = CallFuture<T>(call, null)
            call.start { result -> offLibraryThread { future.deliver(result) } }
            return future
        }
    }
}
