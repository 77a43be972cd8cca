package dev.kopokopo

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import java.math.BigDecimal
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionException
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CountDownLatch
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** What the caller of a cancelled call learns, in every way that Kotlin and Java have to cancel one. */
@Timeout(120)
class CancelTest {
    private val server = SlowServer()
    private val token = CompletableDeferred<AccessToken>()
    private val asked = CountDownLatch(1)
    private val source = TokenSource {
        asked.countDown()
        token.await()
    }
    private val k2 = KopoKopo.withTokenSource(source, TokenSourceOptions(baseUrl = server.baseUrl))
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val request = IncomingPaymentRequest("K000000", "0712345678", BigDecimal(100), "https://shop.example/k2")

    @AfterEach
    fun close() {
        scope.cancel()
        k2.close()
        server.close()
    }

    private suspend fun create(): CreatedIncomingPayment = k2.incomingPayments.create(request)

    private fun createAsync(): CompletableFuture<CreatedIncomingPayment> = k2.incomingPayments.createAsync(request)

    private fun hasToken() {
        token.complete(AccessToken("t"))
    }

    /** Until the token is asked for: nothing of the create is sent. */
    private fun awaitToken() = assertTrue(asked.await(60, TimeUnit.SECONDS))

    /** The request was sent, is not aborted, and is not sent again. */
    private fun isSentOnce(error: Throwable?) {
        val unknown = assertInstanceOf(KopoKopoException.OutcomeUnknown::class.java, error)
        assertEquals("incoming_payments.create", unknown.operation)
        assertEquals(1, unknown.attempts)
        assertNotNull(unknown.sentAt)
        server.release()
        runBlocking { create() }
        assertEquals(2, server.creates, "the cancelled create and the one that follows")
    }

    /** Nothing was sent, and nothing is sent when the token arrives. */
    private fun isNeverSent() {
        server.release()
        hasToken()
        runBlocking { create() }
        assertEquals(1, server.creates, "the create that follows")
    }

    private fun <T> Deferred<T>.error(): Throwable? = runBlocking { runCatching { await() }.exceptionOrNull() }

    private fun <T> CompletableFuture<T>.error(): Throwable? = runCatching { get(60, TimeUnit.SECONDS) }.exceptionOrNull()

    @Test
    fun `a coroutine that is cancelled after the request was sent ends with outcome_unknown`() {
        hasToken()
        val thrown = CompletableDeferred<Throwable?>()
        val call = scope.async { thrown.complete(runCatching { create() }.exceptionOrNull()) }
        server.awaitRequest()
        call.cancel()
        isSentOnce(runBlocking { thrown.await() })
    }

    @Test
    fun `a coroutine that is cancelled before the request was sent is cancelled`() {
        val call = scope.async { create() }
        awaitToken()
        call.cancel()
        assertInstanceOf(CancellationException::class.java, call.error())
        isNeverSent()
    }

    @Test
    fun `withTimeout ends with outcome_unknown after the request was sent`() {
        hasToken()
        val error = runCatching { runBlocking(Dispatchers.Default) { withTimeout(AFTER_SENDING) { create() } } }.exceptionOrNull()
        isSentOnce(error)
    }

    @Test
    fun `withTimeout is a timeout before the request was sent`() {
        assertThrows<TimeoutCancellationException> { runBlocking { withTimeout(100.milliseconds) { create() } } }
        isNeverSent()
    }

    @Test
    fun `withTimeoutOrNull ends with outcome_unknown after the request was sent and with null before`() {
        assertNull(runBlocking { withTimeoutOrNull(100.milliseconds) { create() } })
        hasToken()
        isSentOnce(runCatching { runBlocking { withTimeoutOrNull(AFTER_SENDING) { create() } } }.exceptionOrNull())
    }

    @Test
    fun `a create that was accepted and not delivered when its coroutine is cancelled ends with outcome_unknown and the id`() {
        hasToken()
        val own = Executors.newSingleThreadExecutor()
        try {
            val dispatcher = own.asCoroutineDispatcher()
            val call = CoroutineScope(SupervisorJob() + dispatcher).async { create() }
            server.awaitRequest()
            // The result arrives, and the thread that would receive it is busy.
            val busy = CountDownLatch(1)
            own.execute { busy.await() }
            server.release()
            val waiting = NativeCalls::class.java.getDeclaredField("waiting").apply { isAccessible = true }.get(null) as ConcurrentHashMap<*, *>
            runBlocking { withTimeout(60.seconds) { while (waiting.isNotEmpty()) delay(5.milliseconds) } }
            call.cancel()
            busy.countDown()
            val error = assertInstanceOf(KopoKopoException.OutcomeUnknown::class.java, call.error())
            assertEquals(SlowServer.ID, error.id)
            assertTrue(error.location!!.endsWith(SlowServer.ID))
        } finally {
            own.shutdownNow()
        }
    }

    @Test
    fun `a read that is cancelled is cancelled`() {
        hasToken()
        val call = scope.async { k2.incomingPayments.get(SlowServer.ID) }
        server.awaitRequest()
        call.cancel()
        assertInstanceOf(CancellationException::class.java, call.error())
        val future = k2.incomingPayments.getAsync(SlowServer.ID)
        server.awaitRequest()
        assertTrue(future.cancel(true) && future.isCancelled)
        assertThrows<CancellationException> { future.get() }
    }

    @Test
    fun `a future that is cancelled after the request was sent ends with outcome_unknown`() {
        hasToken()
        val future = createAsync()
        val seen = CompletableFuture<Throwable>()
        future.whenComplete { _, error -> seen.complete(error) }
        server.awaitRequest()
        assertFalse(future.cancel(true), "it is not cancelled")
        assertTrue(future.isCompletedExceptionally && !future.isCancelled)
        val thrown = assertThrows<ExecutionException> { future.get() }
        assertSame(thrown.cause, seen.get(60, TimeUnit.SECONDS))
        isSentOnce(thrown.cause)
    }

    @Test
    fun `a future that is cancelled before the request was sent is cancelled`() {
        val future = createAsync()
        awaitToken()
        assertTrue(future.cancel(true) && future.isCancelled)
        isNeverSent()
    }

    @Test
    fun `a future's timeout ends with outcome_unknown after the request was sent`() {
        hasToken()
        isSentOnce(createAsync().orTimeout(AFTER_SENDING.inWholeMilliseconds, TimeUnit.MILLISECONDS).error()?.cause)
    }

    @Test
    fun `a future's timeout is a timeout before the request was sent`() {
        val error = createAsync().orTimeout(100, TimeUnit.MILLISECONDS).error()
        assertInstanceOf(TimeoutException::class.java, error?.cause)
        isNeverSent()
    }

    @Test
    fun `a value in place of a late result does not hide that the request was sent`() {
        hasToken()
        isSentOnce(createAsync().completeOnTimeout(null, AFTER_SENDING.inWholeMilliseconds, TimeUnit.MILLISECONDS).error()?.cause)
    }

    @Test
    fun `a timeout of what follows on a create ends with outcome_unknown too`() {
        hasToken()
        val create = createAsync()
        val chain = create.thenCompose { it.waitAsync() }.thenApply { it.id }
        isSentOnce(chain.orTimeout(AFTER_SENDING.inWholeMilliseconds, TimeUnit.MILLISECONDS).error()?.cause)
        assertInstanceOf(KopoKopoException.OutcomeUnknown::class.java, assertThrows<CompletionException> { create.join() }.cause)
    }

    @Test
    fun `a timeout of what follows on a create that was not sent is a timeout, and nothing is sent`() {
        val create = createAsync()
        val chain = create.thenApply { it.id }.orTimeout(100, TimeUnit.MILLISECONDS)
        assertInstanceOf(TimeoutException::class.java, chain.error()?.cause)
        assertThrows<CancellationException> { create.get(60, TimeUnit.SECONDS) }
        isNeverSent()
    }

    @Test
    fun `a timeout of what follows on a read leaves the read alone`() {
        hasToken()
        val read = k2.incomingPayments.getAsync(SlowServer.ID)
        server.awaitRequest()
        assertTrue(read.thenApply { it.id }.cancel(true))
        server.release()
        assertEquals(SlowServer.ID, read.get(60, TimeUnit.SECONDS).id)
    }

    /** What a blocking call throws in a thread of its own that is interrupted, and whether the thread is interrupted then. */
    private fun interrupted(after: () -> Unit): Pair<Throwable?, Boolean> {
        val outcome = CompletableFuture<Pair<Throwable?, Boolean>>()
        val thread = thread {
            val error = runCatching { k2.incomingPayments.createBlocking(request) }.exceptionOrNull()
            outcome.complete(error to Thread.currentThread().isInterrupted)
        }
        after()
        thread.interrupt()
        return outcome.get(60, TimeUnit.SECONDS)
    }

    @Test
    fun `an interrupt after the request was sent ends with outcome_unknown, and the thread stays interrupted`() {
        hasToken()
        val (error, isInterrupted) = interrupted(server::awaitRequest)
        assertTrue(isInterrupted)
        isSentOnce(error)
    }

    @Test
    fun `an interrupt before the request was sent is an InterruptedException`() {
        val (error, _) = interrupted(::awaitToken)
        assertInstanceOf(InterruptedException::class.java, error)
        isNeverSent()
    }

    @Test
    fun `a thread that is interrupted already sends nothing`() {
        hasToken()
        Thread.currentThread().interrupt()
        assertThrows<InterruptedException> { k2.incomingPayments.createBlocking(request) }
        isNeverSent()
    }

    private companion object {
        /** Long enough for a request to be sent, on any machine. */
        val AFTER_SENDING = 3.seconds
    }
}
