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
    fun `concurrent calls request one token from the token source`() = runBlocking {
        val requests = AtomicInteger()
        val app = app {
            requests.incrementAndGet()
            delay(50)
            AccessToken(backend.oauth.token().accessToken, expiresIn = Duration.ofHours(1))
        }
        val errors = List(8) { async { assertThrows<KopoKopoException.NotFound> { app.incomingPayments.get("00000000-0000-4000-8000-00000000000$it") } } }
        assertEquals(8, errors.awaitAll().size)
        assertEquals(1, requests.get())
    }

    @Test
    fun `error of a token source fails the call, and only the detail of a KopoKopoException is passed on`() = runBlocking {
        val foreign = assertThrows<KopoKopoException.Authentication> { app { error("canary") }.incomingPayments.get("1") }
        assertFalse("canary" in foreign.stackTraceToString())
        val failing = app { throw KopoKopoException.Timeout(KopoKopoException.Fields("the backend is slow")) }
        val passed = assertThrows<KopoKopoException.Authentication> { failing.incomingPayments.get("1") }
        assertTrue("the backend is slow" in passed.detail, passed.detail)
    }
}
