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

/** A call that is made once: of the library, or of a fake. */
internal interface Call<out T> {
    /** Whether it creates something on the server. */
    val creates: Boolean

    /** Starts the call. [done] runs on a thread of the library, which must not wait, unless the call is cancelled first. */
    fun start(done: (Answer<T>) -> Unit)

    /** Cancels the call, and says what to report (docs/adr/0010-cancelling-a-create.md). Never waits. */
    fun cancel(): Cancelled

    /** The program has the result. */
    fun delivered()
}

/** The result of a call. */
internal fun interface Answer<out T> {
    /** Returns or throws it. */
    fun get(): T
}

/** How a cancelled call ends. */
internal sealed interface Cancelled {
    /** Nothing that creates was sent, and nothing will be. No result comes. */
    object NotSent : Cancelled

    /** A create was sent. [hasResult]: it was accepted, and its result comes or came too. */
    class OutcomeUnknown(val error: KopoKopoException, val hasResult: Boolean) : Cancelled

    /** The call was over: its result comes or came. */
    object Over : Cancelled
}

/** What the raw layer throws becomes this layer's. */
internal inline fun <T> call(work: () -> T): T = try {
    work()
} catch (error: dev.kopokopo.ffi.KopoKopoException) {
    throw error.lift()
} catch (error: dev.kopokopo.ffi.InternalException) {
    throw KopoKopoException.Internal(KopoKopoException.Fields("internal error in kopokopo, please report it")).apply { initCause(error) }
}

/** The same, for what can be the first thing that a program does. */
internal inline fun <T> enter(work: () -> T): T {
    Library.ready()
    return call(work)
}

/** For Kotlin: suspends until the result is there. */
internal suspend fun <T> awaiting(make: () -> Call<T>): T {
    val context = currentCoroutineContext()
    // A coroutine that is cancelled already sends nothing.
    context.ensureActive()
    val call = make()
    val answer = CompletableDeferred<Answer<T>>()
    call.start { given -> context.resumed { answer.complete(given) } }
    val given = try {
        answer.await()
    } catch (cancelled: CancellationException) {
        when (val end = call.cancel()) {
            Cancelled.NotSent -> throw cancelled
            // Also for a create that was accepted: `withTimeout` throws away what a cancelled coroutine returns.
            is Cancelled.OutcomeUnknown -> throw end.error
            Cancelled.Over -> withContext(NonCancellable) { answer.await() }
        }
    }
    call.delivered()
    return given.get()
}

/**
 * Runs what resumes a coroutine. One without a dispatcher goes on where it is resumed, and that must not be a thread of
 * the library: it could wait there for another call, and so for itself.
 */
private inline fun CoroutineContext.resumed(crossinline resume: () -> Unit) {
    val dispatcher = this[ContinuationInterceptor] as? CoroutineDispatcher
    if (dispatcher?.isDispatchNeeded(this) == true) resume() else elsewhere { resume() }
}

/** Runs code of the program on no thread of the library. */
internal inline fun elsewhere(crossinline work: () -> Unit): Unit = Dispatchers.Default.dispatch(EmptyCoroutineContext) { work() }

/** For Java: waits on this thread. An interrupt cancels the call. */
internal fun <T> blocking(make: () -> Call<T>): T {
    // A thread that is interrupted already sends nothing.
    if (Thread.interrupted()) throw InterruptedException()
    val call = make()
    val answer = CompletableFuture<Answer<T>>()
    call.start { answer.complete(it) }
    val given = try {
        answer.get()
    } catch (interrupted: InterruptedException) {
        val end = call.cancel()
        if (end == Cancelled.NotSent) throw interrupted
        // What is thrown or returned is no InterruptedException, so the thread stays interrupted.
        Thread.currentThread().interrupt()
        if (end is Cancelled.OutcomeUnknown && !end.hasResult) throw end.error
        answer.join()
    }
    call.delivered()
    return given.get()
}

/** For Java: returns at once. */
internal fun <T> future(make: () -> Call<T>): CompletableFuture<T> {
    val call = try {
        make()
    } catch (refused: RuntimeException) {
        return CompletableFuture<T>().apply { completeExceptionally(refused) }
    }
    return CallFuture.start(call)
}

/** What a program's own function throws becomes the raw layer's. The core passes on nothing but the detail. */
internal inline fun <T> foreign(work: () -> T): T = try {
    work()
} catch (error: KopoKopoException) {
    throw dev.kopokopo.ffi.KopoKopoException.Authentication(
        detail = error.detail,
        operation = null,
        field = null,
        status = null,
        serverCode = null,
        messages = emptyList(),
        retryAfter = null,
        attempts = 0u,
        body = null,
        id = null,
        location = null,
        state = null,
        requestId = null,
        sentAt = null,
    )
}
