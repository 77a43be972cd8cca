package dev.kopokopo

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext
import java.util.concurrent.CompletableFuture
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext

/** One call of the native library or of a fake. It can be started once. */
internal interface Call<out T> {
    /** Whether the call creates a resource on the server. */
    val creates: Boolean

    /**
     * Starts the call. [done] runs on a thread of the native library, which must not block. It does not run if the call
     * is cancelled first.
     */
    fun start(done: (CallResult<T>) -> Unit)

    /** Cancels the call and returns what to report (docs/adr/0010-cancelling-a-create.md). Never blocks. */
    fun cancel(): Cancelled

    /** Must be called when the program has received the result. */
    fun delivered()
}

/** The result of a call. */
internal fun interface CallResult<out T> {
    /** Returns the value, or throws the error. */
    fun get(): T
}

/** How a cancelled call ends. */
internal sealed interface Cancelled {
    /** No create was sent, and none will be. No result is delivered. */
    object NotSent : Cancelled

    /** A create was sent. If [hasResult], the server accepted it, and its result was or will be delivered too. */
    class OutcomeUnknown(val error: KopoKopoException, val hasResult: Boolean) : Cancelled

    /** The call was already complete. Its result was or will be delivered. */
    object Completed : Cancelled
}

/** Runs [work] and converts the exceptions of the raw layer to those of the public layer. */
internal inline fun <T> call(work: () -> T): T = try {
    work()
} catch (error: dev.kopokopo.ffi.KopoKopoException) {
    throw error.lift()
} catch (error: dev.kopokopo.ffi.InternalException) {
    throw KopoKopoException.Internal(KopoKopoException.Fields("internal error in kopokopo, please report it")).apply { initCause(error) }
}

/** Like [call], but loads the native library first. For functions that can be the first call of a program. */
internal inline fun <T> enter(work: () -> T): T {
    Library.ready()
    return call(work)
}

/** For Kotlin: suspends until the call is complete, and returns its result. */
internal suspend fun <T> awaiting(make: () -> Call<T>): T {
    val context = currentCoroutineContext()
    // A coroutine that is already cancelled sends nothing.
    context.ensureActive()
    val call = make()
    val deferred = CompletableDeferred<CallResult<T>>()
    call.start { result -> context.resumeSafely { deferred.complete(result) } }
    val result = try {
        deferred.await()
    } catch (cancelled: CancellationException) {
        when (val end = call.cancel()) {
            Cancelled.NotSent -> throw cancelled
            // Also if the create was accepted: `withTimeout` discards what a cancelled coroutine returns.
            is Cancelled.OutcomeUnknown -> throw end.error
            Cancelled.Completed -> withContext(NonCancellable) { deferred.await() }
        }
    }
    call.delivered()
    return result.get()
}

/**
 * Runs [resume], which resumes a coroutine.
 *
 * A coroutine without a dispatcher continues on the thread that resumes it. That must not be a thread of the native
 * library: a blocking call there would wait for the thread that it blocks.
 */
private inline fun CoroutineContext.resumeSafely(crossinline resume: () -> Unit) {
    val dispatcher = this[ContinuationInterceptor] as? CoroutineDispatcher
    if (dispatcher?.isDispatchNeeded(this) == true) resume() else offLibraryThread { resume() }
}

/** Runs [work], which is code of the program, on a thread that does not belong to the native library. */
internal inline fun offLibraryThread(crossinline work: () -> Unit): Unit = Dispatchers.Default.dispatch(EmptyCoroutineContext) { work() }

/** For Java: blocks the current thread until the call is complete. An interrupt cancels the call. */
internal fun <T> blocking(make: () -> Call<T>): T {
    // A thread that is already interrupted sends nothing.
    if (Thread.interrupted()) throw InterruptedException()
    val call = make()
    val future = CompletableFuture<CallResult<T>>()
    call.start { future.complete(it) }
    val result = try {
        future.get()
    } catch (interrupted: InterruptedException) {
        val end = call.cancel()
        if (end == Cancelled.NotSent) throw interrupted
        // The thread stays interrupted, because no InterruptedException is thrown.
        Thread.currentThread().interrupt()
        if (end is Cancelled.OutcomeUnknown && !end.hasResult) throw end.error
        future.join()
    }
    call.delivered()
    return result.get()
}

/** For Java: starts the call and returns its future. */
internal fun <T> future(make: () -> Call<T>): CompletableFuture<T> {
    val call = try {
        make()
    } catch (refused: RuntimeException) {
        return CompletableFuture<T>().apply { completeExceptionally(refused) }
    }
    return CallFuture.start(call)
}

/**
 * Runs a function of the program and converts its errors to those of the raw layer. The core passes on only the detail.
 */
internal inline fun <T> foreign(work: () -> T): T = try {
    work()
} catch (error: KopoKopoException) {
    throw foreignError(error.detail)
}

/** An error of a function of the program. */
internal fun foreignError(detail: String): dev.kopokopo.ffi.KopoKopoException =
    dev.kopokopo.ffi.KopoKopoException.Authentication(dev.kopokopo.ffi.ErrorFields(detail))
