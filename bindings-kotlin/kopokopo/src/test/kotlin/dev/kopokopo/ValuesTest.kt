package dev.kopokopo

import dev.kopokopo.ffi.FfiConverterTypeScope
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.math.BigDecimal
import java.math.BigInteger
import java.nio.ByteBuffer
import java.time.Duration
import java.time.OffsetDateTime

class ValuesTest {
    @Test
    fun `metadata is read as it was written`() {
        val map = mapOf(
            "text" to "a \"quoted\" \\ line\n\u0001 and ünïcödé 😀",
            "whole" to 42L,
            "huge" to BigInteger("123456789012345678901234567890"),
            "exact" to BigDecimal("0.10"),
            "yes" to true,
            "nothing" to null,
            "list" to listOf(1L, emptyList<Any?>(), mapOf<String, Any?>()),
        )
        assertEquals(map, Json.read(Json.write(map, "metadata")))
    }

    @Test
    fun `escapes that this library does not write are read`() {
        assertEquals(mapOf("a\u00e9\u0008\u000c\n\r\t/" to -1.5e3.toBigDecimal().setScale(-2)), Json.read(" { \"a\\u00e9\\b\\f\\n\\r\\t\\/\" : -1.5e3 } "))
        for (malformed in listOf("", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":\"", "{\"a\":\"\\u12\"}", "[]", "{\"a\":tru}")) {
            assertThrows<KopoKopoException.Internal> { Json.read(malformed) }
        }
    }

    @Test
    fun `value that JSON does not support is rejected with its path`() {
        val date = assertThrows<KopoKopoException.InvalidRequest> { Json.write(mapOf("a" to java.util.Date()), "metadata") }
        assertEquals("metadata.a", date.field)
        val nan = assertThrows<KopoKopoException.InvalidRequest> { Json.write(mapOf("a" to listOf(1, Double.NaN)), "metadata") }
        assertEquals("metadata.a[1]", nan.field)
    }

    @Test
    fun `errors have the names that programs write`() {
        assertEquals("destinations[0].phoneNumber: unknown", spelled("destinations[0].phone_number: unknown", "destinations[0].phone_number"))
        assertEquals("Check clientId and clientSecret", spelled("Check client_id and client_secret", null))
        assertEquals("must be one of mobile_wallet, bank_account", spelled("must be one of mobile_wallet, bank_account", null))
        assertEquals("K2_CLIENT_ID: is missing; see /k2/base_url", spelled("K2_CLIENT_ID: is missing; see /k2/base_url", "K2_CLIENT_ID"))
        assertEquals("metadata.order_id[1]", camelCase("metadata.order_id[1]"))
        assertTrue(NAMES.size > 30, "${NAMES.size}")
        for (name in NAMES) assertFalse("_" in spelled("x: use $name", "x"), name)
    }

    @Test
    fun `duration is not refused in another unit`() {
        val client = KopoKopo(clientId = "id", clientSecret = "secret")
        val refused = listOf<() -> Unit>(
            { client.withOptions(timeout = Duration.ZERO) },
            { KopoKopo(clientId = "id", clientSecret = "secret", retryBase = Duration.ofSeconds(-1)) },
            { client.incomingPayments.waitBlocking("id", WaitOptions(timeout = Duration.ZERO)) },
            { client.incomingPayments.waitBlocking("id", WaitOptions(maxInterval = Duration.ofMillis(-1))) },
        ).map { assertThrows<KopoKopoException> { it() } }
        assertEquals(listOf("timeout", "retryBase", "timeout", "maxInterval").map { "$it: must be greater than zero" }, refused.map { it.detail })
    }

    @Test
    fun `amounts and times are written in full`() {
        assertEquals("1000", BigDecimal("1E+3").plain())
        assertEquals("0.10", BigDecimal("0.10").plain())
        assertEquals("2026-05-01T10:43:00+03:00", OffsetDateTime.parse("2026-05-01T10:43+03:00").text())
        assertEquals(3.1, Duration.ofMillis(3100).inSeconds())
        assertEquals(Duration.ofMillis(2500), seconds(2.5))
    }

    @Test
    fun `timestamp is parsed as by the general parser`() {
        val texts = listOf(
            "2026-05-01T10:43:20+03:00",
            "2026-05-01T10:43:00-09:30",
            "2024-02-29T23:59:59+00:00",
            "2026-05-01T10:43:20.123+03:00",
            "2026-05-01T10:43:20Z",
            "0001-01-01T00:00:00+18:00",
            "2026-05-01T10:43:20.123456789Z",
        )
        for (text in texts) assertEquals(OffsetDateTime.parse(text), moment(text))
        for (text in listOf("2026-02-30T10:43:20+03:00", "2026-05-01T10:43:20+19:00", "2026-05-01 10:43:20+03:00", "２026-05-01T10:43:20+03:00")) {
            assertThrows<java.time.DateTimeException> { moment(text) }
        }
    }

    @Test
    fun `unknown words are kept`() {
        assertEquals(Scope.Till, Scope.of("till"))
        assertEquals("moon", Scope.of("moon").word)
        val written = bytes(FfiConverterTypeScope, Scope.Other("moon").lower())
        assertEquals(Scope.Other("moon"), readAll(ByteBuffer.wrap(written), ::readScope))
    }

    @Test
    fun `builder error names the missing field`() {
        val error = assertThrows<KopoKopoException.InvalidRequest> { IncomingPaymentRequest.builder().tillNumber("K000000").build() }
        assertEquals("phoneNumber", error.field)
        assertThrows<KopoKopoException.Configuration> { ClientOptions.builder().build() }
    }

    @Test
    fun `exception can be serialized`() {
        val bytes = java.io.ByteArrayOutputStream()
        val error = assertThrows<KopoKopoException.Configuration> { WebhookVerifier(emptyList()) }
        java.io.ObjectOutputStream(bytes).use { it.writeObject(error) }
        val read = java.io.ObjectInputStream(bytes.toByteArray().inputStream()).use { it.readObject() } as KopoKopoException
        assertEquals(error.detail, read.detail)
    }
}
