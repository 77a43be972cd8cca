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

/** The result of a cancelled call, for every way to cancel a call in Kotlin and Java. */
@Timeout(120)
class CancelTest {
    private val server = SlowServer()
    private val token = CompletableDeferred<AccessToken>()
    private val tokenRequested = CountDownLatch(1)
    private val source = TokenSource {
        tokenRequested.countDown()
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

    private fun supplyToken() {
        token.complete(AccessToken("t"))
    }

    /** Waits until the token is requested. The create is not sent before the token is supplied. */
    private fun awaitTokenRequest() = assertTrue(tokenRequested.await(60, TimeUnit.SECONDS))

    /** Asserts that the request was sent, is not aborted, and is not sent again. */
    private fun assertSentOnce(error: Throwable?) {
        val unknown = assertInstanceOf(KopoKopoException.OutcomeUnknown::class.java, error)
        assertEquals("incoming_payments.create", unknown.operation)
        assertEquals(1, unknown.attempts)
        assertNotNull(unknown.sentAt)
        server.release()
        runBlocking { create() }
        assertEquals(2, server.creates, "the cancelled create and the second one")
    }

    /** Asserts that nothing was sent, and that nothing is sent when the token arrives. */
    private fun assertNeverSent() {
        server.release()
        supplyToken()
        runBlocking { create() }
        assertEquals(1, server.creates, "only the second create")
    }

    private fun <T> Deferred<T>.error(): Throwable? = runBlocking { runCatching { await() }.exceptionOrNull() }

    private fun <T> CompletableFuture<T>.error(): Throwable? = runCatching { get(60, TimeUnit.SECONDS) }.exceptionOrNull()

    @Test
    fun `coroutine cancelled after the request was sent throws outcome_unknown`() {
        supplyToken()
        val thrown = CompletableDeferred<Throwable?>()
        val call = scope.async { thrown.complete(runCatching { create() }.exceptionOrNull()) }
        server.awaitRequest()
        call.cancel()
        assertSentOnce(runBlocking { thrown.await() })
    }

    @Test
    fun `coroutine cancelled before the request was sent is cancelled`() {
        val call = scope.async { create() }
        awaitTokenRequest()
        call.cancel()
        assertInstanceOf(CancellationException::class.java, call.error())
        assertNeverSent()
    }

    @Test
    fun `withTimeout throws outcome_unknown after the request was sent`() {
        supplyToken()
        val error = runCatching { runBlocking(Dispatchers.Default) { withTimeout(AFTER_SENDING) { create() } } }.exceptionOrNull()
        assertSentOnce(error)
    }

    @Test
    fun `withTimeout throws a timeout before the request was sent`() {
        assertThrows<TimeoutCancellationException> { runBlocking { withTimeout(100.milliseconds) { create() } } }
        assertNeverSent()
    }

    @Test
    fun `withTimeoutOrNull throws outcome_unknown after the request was sent and returns null before`() {
        assertNull(runBlocking { withTimeoutOrNull(100.milliseconds) { create() } })
        supplyToken()
        assertSentOnce(runCatching { runBlocking { withTimeoutOrNull(AFTER_SENDING) { create() } } }.exceptionOrNull())
    }

    @Test
    fun `coroutine cancelled after the create was accepted throws outcome_unknown with the id`() {
        supplyToken()
        val executor = Executors.newSingleThreadExecutor()
        try {
            val dispatcher = executor.asCoroutineDispatcher()
            val call = CoroutineScope(SupervisorJob() + dispatcher).async { create() }
            server.awaitRequest()
            // The result arrives while the thread that would receive it is busy.
            val busy = CountDownLatch(1)
            executor.execute { busy.await() }
            server.release()
            val pending = NativeCalls::class.java.getDeclaredField("pending").apply { isAccessible = true }.get(null) as ConcurrentHashMap<*, *>
            runBlocking { withTimeout(60.seconds) { while (pending.isNotEmpty()) delay(5.milliseconds) } }
            call.cancel()
            busy.countDown()
            val error = assertInstanceOf(KopoKopoException.OutcomeUnknown::class.java, call.error())
            assertEquals(SlowServer.ID, error.id)
            assertTrue(error.location!!.endsWith(SlowServer.ID))
        } finally {
            executor.shutdownNow()
        }
    }

    @Test
    fun `cancelled read is cancelled`() {
        supplyToken()
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
    fun `future cancelled after the request was sent completes with outcome_unknown`() {
        supplyToken()
        val future = createAsync()
        val received = CompletableFuture<Throwable>()
        future.whenComplete { _, error -> received.complete(error) }
        server.awaitRequest()
        assertFalse(future.cancel(true), "the future is not cancelled")
        assertTrue(future.isCompletedExceptionally && !future.isCancelled)
        val thrown = assertThrows<ExecutionException> { future.get() }
        assertSame(thrown.cause, received.get(60, TimeUnit.SECONDS))
        assertSentOnce(thrown.cause)
    }

    @Test
    fun `future cancelled before the request was sent is cancelled`() {
        val future = createAsync()
        awaitTokenRequest()
        assertTrue(future.cancel(true) && future.isCancelled)
        assertNeverSent()
    }

    @Test
    fun `orTimeout completes with outcome_unknown after the request was sent`() {
        supplyToken()
        assertSentOnce(createAsync().orTimeout(AFTER_SENDING.inWholeMilliseconds, TimeUnit.MILLISECONDS).error()?.cause)
    }

    @Test
    fun `orTimeout completes with a timeout before the request was sent`() {
        val error = createAsync().orTimeout(100, TimeUnit.MILLISECONDS).error()
        assertInstanceOf(TimeoutException::class.java, error?.cause)
        assertNeverSent()
    }

    @Test
    fun `completeOnTimeout completes with outcome_unknown after the request was sent`() {
        supplyToken()
        assertSentOnce(createAsync().completeOnTimeout(null, AFTER_SENDING.inWholeMilliseconds, TimeUnit.MILLISECONDS).error()?.cause)
    }

    @Test
    fun `orTimeout on a dependent future of a create completes with outcome_unknown after sending`() {
        supplyToken()
        val create = createAsync()
        val chain = create.thenCompose { it.waitAsync() }.thenApply { it.id }
        assertSentOnce(chain.orTimeout(AFTER_SENDING.inWholeMilliseconds, TimeUnit.MILLISECONDS).error()?.cause)
        assertInstanceOf(KopoKopoException.OutcomeUnknown::class.java, assertThrows<CompletionException> { create.join() }.cause)
    }

    @Test
    fun `orTimeout on a dependent future of an unsent create is a timeout and prevents sending`() {
        val create = createAsync()
        val chain = create.thenApply { it.id }.orTimeout(100, TimeUnit.MILLISECONDS)
        assertInstanceOf(TimeoutException::class.java, chain.error()?.cause)
        assertThrows<CancellationException> { create.get(60, TimeUnit.SECONDS) }
        assertNeverSent()
    }

    @Test
    fun `cancelling a dependent future of a read does not cancel the read`() {
        supplyToken()
        val read = k2.incomingPayments.getAsync(SlowServer.ID)
        server.awaitRequest()
        assertTrue(read.thenApply { it.id }.cancel(true))
        server.release()
        assertEquals(SlowServer.ID, read.get(60, TimeUnit.SECONDS).id)
    }

    /** Interrupts a blocking create. Returns what it throws, and whether its thread is still interrupted. */
    private fun interrupted(after: () -> Unit): Pair<Throwable?, Boolean> {
        val result = CompletableFuture<Pair<Throwable?, Boolean>>()
        val thread = thread {
            val error = runCatching { k2.incomingPayments.createBlocking(request) }.exceptionOrNull()
            result.complete(error to Thread.currentThread().isInterrupted)
        }
        after()
        thread.interrupt()
        return result.get(60, TimeUnit.SECONDS)
    }

    @Test
    fun `interrupt after the request was sent throws outcome_unknown and the thread stays interrupted`() {
        supplyToken()
        val (error, isInterrupted) = interrupted(server::awaitRequest)
        assertTrue(isInterrupted)
        assertSentOnce(error)
    }

    @Test
    fun `interrupt before the request was sent throws InterruptedException`() {
        val (error, _) = interrupted(::awaitTokenRequest)
        assertInstanceOf(InterruptedException::class.java, error)
        assertNeverSent()
    }

    @Test
    fun `thread that is already interrupted sends nothing`() {
        supplyToken()
        Thread.currentThread().interrupt()
        assertThrows<InterruptedException> { k2.incomingPayments.createBlocking(request) }
        assertNeverSent()
    }

    private companion object {
        /** Long enough for a request to be sent, on any machine. */
        val AFTER_SENDING = 3.seconds
    }
}
