package dev.kopokopo.spring

import dev.kopokopo.WebhookVerifier
import dev.kopokopo.signWebhook
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import java.io.File

private val BODY = """{"topic":"customer_created","id":"1","event":{"resource":{"phone_number":"+254712345678"}}}""".toByteArray()
private val SIGNED = signWebhook(KEY, BODY)

/** An application that Spring Boot sets up, with nothing but a verifier of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SpringWebhooksTest {
    private val shop = Shop(Verified::class.java)

    @AfterAll
    fun close() = shop.close()

    @Test
    fun `a verified webhook reaches Kotlin and Java`() {
        for (path in listOf("/k2", "/java")) {
            for (chunked in listOf(false, true)) {
                val answer = shop.post(path, BODY, SIGNED, chunked = chunked)
                assertEquals(200 to "customer_created", answer.statusCode() to answer.body())
            }
        }
        assertEquals(200, shop.post("/k2", BODY, SIGNED, SIGNED).statusCode(), "twice the same")
    }

    @Test
    fun `a stranger learns nothing, and the log says why`() {
        val forged = signWebhook("another", BODY)
        for (answer in listOf(
            shop.post("/k2", BODY),
            shop.post("/k2", BODY, "zz"),
            shop.post("/k2", BODY, forged),
            shop.post("/k2?topic=customer_created&raw=x", ByteArray(0), forged),
            shop.post("/k2", BODY, SIGNED, forged),
            shop.post("/k2", BODY, "$SIGNED, $forged"),
            shop.post("/k2", BODY, SIGNED, headers = mapOf("Content-Type" to "multipart/form-data; boundary=a")),
        )) {
            assertEquals(401, answer.statusCode(), answer.body())
            assertFalse("ignature" in answer.body() || "kopokopo" in answer.body(), answer.body())
        }
        assertTrue("webhook refused: the header X-KopoKopo-Signature came with 2 different values" in shop.logged, shop.logged)
        assertFalse(listOf(forged, SIGNED, "712345678", KEY).any { it in shop.logged }, shop.logged)
    }

    @Test
    fun `an authentic body that cannot be read, and one that breaks off`() {
        val body = "[1, 2".toByteArray()
        assertEquals(400, shop.post("/k2", body, signWebhook(KEY, body)).statusCode())
        assertEquals(400, shop.raw("X-KopoKopo-Signature: $SIGNED\r\nContent-Length: 1000", BODY))
        assertEquals(400, shop.raw("X-KopoKopo-Signature: $SIGNED\r\nTransfer-Encoding: chunked", "zz\r\n".toByteArray()))
        val empty = signWebhook(KEY, ByteArray(0))
        assertEquals(400, shop.raw("X-KopoKopo-Signature: $empty\r\nTransfer-Encoding: chunked", "0\r\n\r\n".toByteArray()))
    }

    @Test
    fun `a body that was read before is one error with its fix`() {
        val ways = listOf(
            "/body-first" to emptyMap(),
            "/k2" to mapOf("X-Read-Before" to "stream"),
            "/k2" to mapOf("X-Read-Before" to "reader"),
            "/k2" to mapOf("X-Read-Before" to "form", "Content-Type" to "application/x-www-form-urlencoded"),
        )
        for ((path, headers) in ways) {
            for (chunked in listOf(false, true)) {
                val before = shop.logged.length
                val answer = shop.post(path, BODY, SIGNED, chunked = chunked, headers = headers)
                assertEquals(500, answer.statusCode(), "$path $headers $chunked")
                assertFalse("RequestBody" in answer.body(), answer.body())
                val said = shop.logged.drop(before)
                assertTrue("Spring: the body was read before" in said && "without a @RequestBody" in said, said)
            }
        }
    }

    @Test
    fun `a filter that reads the body and keeps it does no harm`() {
        val cached = mapOf("X-Read-Before" to "cached")
        for (chunked in listOf(false, true)) {
            assertEquals(200, shop.post("/k2", BODY, SIGNED, chunked = chunked, headers = cached).statusCode())
            assertEquals(401, shop.post("/k2", BODY, signWebhook("another", BODY), chunked = chunked, headers = cached).statusCode())
        }
    }

    @Test
    fun `Spring makes no event of a body that nobody verified`() {
        assertEquals(500, shop.post("/unverified", BODY, SIGNED).statusCode())
    }

    @Test
    fun `the README's shop compiles`() {
        val root = File(System.getProperty("kopokopo.root"), "bindings-kotlin")
        val section = File(root, "README.md").readText().substringAfter("## Spring Boot\n").substringBefore("\n## ")
        val code = section.substringAfter("```java\n").substringBefore("```").trim()
        val compiled = File(root, "spring/src/test/java/dev/kopokopo/spring/ReadmeShop.java").readText().trimIndent()
        assertTrue(code.prependIndent("    ").replace(Regex(" +\n"), "\n") in compiled, code)
    }

    @Test
    fun `webhook is rejected without a verifier`() = Shop(Unverified::class.java).use {
        assertEquals(500, it.post("/k2?topic=customer_created&raw=x", BODY, SIGNED).statusCode())
    }

    @Test
    fun `a body beyond the cap is not read`() {
        Changing.verifier = WebhookVerifier(listOf(KEY), maxBody = BODY.size - 1L)
        Shop(Changing::class.java).use { small ->
            for (chunked in listOf(false, true)) assertEquals(413, small.post("/k2", BODY, SIGNED, chunked = chunked).statusCode())
            Changing.verifier = WebhookVerifier(listOf(KEY), maxBody = BODY.size.toLong())
            for (chunked in listOf(false, true)) assertEquals(200, small.post("/k2", BODY, SIGNED, chunked = chunked).statusCode())
        }
    }
}
