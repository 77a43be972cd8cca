package dev.kopokopo

import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import java.time.Duration
import java.util.concurrent.atomic.AtomicInteger

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TokenSourceTest {
    private val sandbox = Sandbox()
    private val backend = sandbox.client()

    @AfterAll
    fun close() = sandbox.close()

    private fun app(source: TokenSource) = KopoKopo.withTokenSource(source, TokenSourceOptions(baseUrl = sandbox.baseUrl, maxRetries = 0))

    @Test
    fun `a token comes from the program's own function, once for many calls`() = runBlocking {
        val asked = AtomicInteger()
        val app = app {
            asked.incrementAndGet()
            delay(50)
            AccessToken(backend.oauth.token().accessToken, expiresIn = Duration.ofHours(1))
        }
        val errors = List(8) { async { assertThrows<KopoKopoException.NotFound> { app.incomingPayments.get("00000000-0000-4000-8000-00000000000$it") } } }
        assertEquals(8, errors.awaitAll().size)
        assertEquals(1, asked.get())
    }

    @Test
    fun `whatever it throws fails the call, and only this library's own words are passed on`() = runBlocking {
        val own = assertThrows<KopoKopoException.Authentication> { app { error("canary") }.incomingPayments.get("1") }
        assertFalse("canary" in own.stackTraceToString())
        val ours = app { throw KopoKopoException.Timeout(KopoKopoException.Fields("the backend is slow")) }
        val passed = assertThrows<KopoKopoException.Authentication> { ours.incomingPayments.get("1") }
        assertTrue("the backend is slow" in passed.detail, passed.detail)
    }
}
