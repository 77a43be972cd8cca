package dev.kopokopo

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.assertTimeoutPreemptively
import java.math.BigDecimal
import java.nio.BufferUnderflowException
import java.nio.ByteBuffer
import java.time.Duration
import java.util.concurrent.ConcurrentHashMap

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NativeCallsTest {
    private val sandbox = Sandbox()
    private val pending = NativeCalls::class.java.getDeclaredField("pending").apply { isAccessible = true }.get(null) as ConcurrentHashMap<*, *>

    @AfterAll
    fun close() = sandbox.close()

    @Test
    fun `result that is longer or shorter than its fields is an error`() {
        val number = { bytes: ByteBuffer -> bytes.getInt() }
        assertEquals(7, readAll(ByteBuffer.allocate(4).putInt(0, 7), number))
        assertThrows<KopoKopoException.Internal> { readAll(ByteBuffer.allocate(5), number) }
        assertThrows<BufferUnderflowException> { readAll(ByteBuffer.allocate(3), number) }
    }

    private suspend fun KopoKopo.push() = incomingPayments.create("K000000", "0712345678", BigDecimal(100), CALLBACK)

    private suspend fun pushOrUnknown(k2: KopoKopo) = try {
        k2.push()
    } catch (unknown: KopoKopoException.OutcomeUnknown) {
        throw CancellationException(unknown.detail)
    }

    @Test
    fun `no call stays pending after calls are cancelled`() = runBlocking {
        sandbox.client().use { k2 ->
            k2.push()
            repeat(40) { round ->
                val calls = launch(Dispatchers.Default) { repeat(8) { launch { while (true) pushOrUnknown(k2) } } }
                delay(round / 4L)
                calls.cancelAndJoin()
            }
        }
        repeat(100) { if (pending.isNotEmpty()) delay(20) }
        assertEquals(emptySet<Any>(), pending.keys)
    }

    @Test
    fun `coroutine that is already cancelled sends nothing`() = runBlocking {
        sandbox.client().use { k2 ->
            k2.push()
            sandbox.control("POST", "reset")
            val call = launch(Dispatchers.Default) {
                try {
                    delay(Long.MAX_VALUE)
                } finally {
                    assertThrows<CancellationException> { k2.push() }
                }
            }
            delay(50)
            call.cancelAndJoin()
        }
        delay(200)
        assertEquals(emptyList<Any>(), sandbox.requests("incoming_payments.create"))
    }

    @Test
    fun `coroutine that resumes without a dispatcher may block on another call`() {
        sandbox.client().use { k2 ->
            val ids = assertTimeoutPreemptively(Duration.ofSeconds(20)) {
                runBlocking(Dispatchers.Unconfined) { List(3) { k2.push().let { runBlocking { k2.push().id } } } }
            }
            assertEquals(3, ids.toSet().size)
        }
    }

    @Test
    fun `long text with special characters is passed completely`() = runBlocking {
        sandbox.client().use { k2 ->
            val error = assertThrows<KopoKopoException.InvalidRequest> { k2.incomingPayments.get("ä😀\u0000" + "x".repeat(100_000)) }
            assertEquals("id", error.field)
        }
    }

    @Test
    fun `closing a client during calls does not break them`() = runBlocking {
        repeat(20) {
            val k2 = sandbox.client()
            val calls = List(8) {
                launch(Dispatchers.Default) {
                    runCatching { k2.push() }.exceptionOrNull()?.let { error -> check(error is IllegalStateException) { "$error" } }
                }
            }
            k2.close()
            calls.forEach { it.join() }
        }
    }
}
