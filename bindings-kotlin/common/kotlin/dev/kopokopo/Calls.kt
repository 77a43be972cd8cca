package dev.kopokopo

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.future.future
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import java.util.concurrent.CompletableFuture
import kotlin.coroutines.ContinuationInterceptor

/** What the raw layer throws becomes this layer's. */
internal inline fun <T> call(work: () -> T): T = try {
    work()
} catch (error: dev.kopokopo.ffi.KopoKopoException) {
    throw error.lift()
} catch (error: dev.kopokopo.ffi.InternalException) {
    throw KopoKopoException.Internal(KopoKopoException.Fields("a defect in this library: please report what was called")).apply { initCause(error) }
}

/** The same, for what can be the first thing that a program does. */
internal inline fun <T> enter(work: () -> T): T {
    Library.ready()
    return call(work)
}

/**
 * The same, for what is awaited. A coroutine that no dispatcher brings back to a thread of its own goes on where it was
 * woken: that is a thread of the library's, which must not wait for anything, least of all for another call.
 */
internal suspend fun <T> awaiting(work: suspend () -> T): T {
    // Who is cancelled already sends nothing.
    currentCoroutineContext().ensureActive()
    val dispatcher = currentCoroutineContext()[ContinuationInterceptor]
    if (dispatcher != null && dispatcher != Dispatchers.Unconfined) return call { work() }
    return withContext(Dispatchers.Default) { call { work() } }
}

/** For Java: waits. An interrupt cancels the call. */
internal fun <T> blocking(work: suspend () -> T): T = runBlocking { work() }

/** The calls of Java programs belong to no scope of theirs: each ends by itself, or when its future is cancelled. */
private val futures = CoroutineScope(SupervisorJob() + Dispatchers.Default)

/** For Java: what follows on it runs on no thread of the library's. */
internal fun <T> future(work: suspend () -> T): CompletableFuture<T> = futures.future { work() }

/** What a program's own function throws becomes the raw layer's. The core passes on nothing but the detail. */
internal inline fun <T> foreign(work: () -> T): T = try {
    work()
} catch (error: KopoKopoException) {
    throw dev.kopokopo.ffi.KopoKopoException.Authentication(
        detail = error.detail,
        operation = null,
        field = null,
        status = null,
        code = null,
        messages = emptyList(),
        retryAfter = null,
        attempts = 0u,
        body = null,
    )
}
