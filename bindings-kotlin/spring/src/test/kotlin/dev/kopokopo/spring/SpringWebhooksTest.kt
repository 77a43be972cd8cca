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

/** Tests an application that Spring Boot configures. It defines only a verifier. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SpringWebhooksTest {
    private val shop = Shop(Verified::class.java)

    @AfterAll
    fun close() = shop.close()

    @Test
    fun `verified webhook reaches controllers in Kotlin and Java`() {
        for (path in listOf("/k2", "/java")) {
            for (chunked in listOf(false, true)) {
                val response = shop.post(path, BODY, SIGNED, chunked = chunked)
                assertEquals(200 to "customer_created", response.statusCode() to response.body())
            }
        }
        assertEquals(200, shop.post("/k2", BODY, SIGNED, SIGNED).statusCode(), "the same signature twice")
    }

    @Test
    fun `invalid signature is a 401 response and only the log has the reason`() {
        val forged = signWebhook("another", BODY)
        for (response in listOf(
            shop.post("/k2", BODY),
            shop.post("/k2", BODY, "zz"),
            shop.post("/k2", BODY, forged),
            shop.post("/k2?topic=customer_created&raw=x", ByteArray(0), forged),
            shop.post("/k2", BODY, SIGNED, forged),
            shop.post("/k2", BODY, "$SIGNED, $forged"),
            shop.post("/k2", BODY, SIGNED, headers = mapOf("Content-Type" to "multipart/form-data; boundary=a")),
        )) {
            assertEquals(401, response.statusCode(), response.body())
            assertFalse("ignature" in response.body() || "kopokopo" in response.body(), response.body())
        }
        assertTrue("webhook refused: multiple X-KopoKopo-Signature headers received" in shop.logged, shop.logged)
        assertFalse(listOf(forged, SIGNED, "712345678", KEY).any { it in shop.logged }, shop.logged)
    }

    @Test
    fun `unreadable body and incomplete body are 400 responses`() {
        val body = "[1, 2".toByteArray()
        assertEquals(400, shop.post("/k2", body, signWebhook(KEY, body)).statusCode())
        assertEquals(400, shop.raw("X-KopoKopo-Signature: $SIGNED\r\nContent-Length: 1000", BODY))
        assertEquals(400, shop.raw("X-KopoKopo-Signature: $SIGNED\r\nTransfer-Encoding: chunked", "zz\r\n".toByteArray()))
        val empty = signWebhook(KEY, ByteArray(0))
        assertEquals(400, shop.raw("X-KopoKopo-Signature: $empty\r\nTransfer-Encoding: chunked", "0\r\n\r\n".toByteArray()))
    }

    @Test
    fun `body that was read before is an error that names the remedy`() {
        val ways = listOf(
            "/body-first" to emptyMap(),
            "/k2" to mapOf("X-Read-Before" to "stream"),
            "/k2" to mapOf("X-Read-Before" to "reader"),
            "/k2" to mapOf("X-Read-Before" to "form", "Content-Type" to "application/x-www-form-urlencoded"),
        )
        for ((path, headers) in ways) {
            for (chunked in listOf(false, true)) {
                val before = shop.logged.length
                val response = shop.post(path, BODY, SIGNED, chunked = chunked, headers = headers)
                assertEquals(500, response.statusCode(), "$path $headers $chunked")
                assertFalse("RequestBody" in response.body(), response.body())
                val logged = shop.logged.drop(before)
                assertTrue("Spring: the body was read before" in logged && "without a @RequestBody" in logged, logged)
            }
        }
    }

    @Test
    fun `body is verified if a filter has read and cached it`() {
        val cached = mapOf("X-Read-Before" to "cached")
        for (chunked in listOf(false, true)) {
            assertEquals(200, shop.post("/k2", BODY, SIGNED, chunked = chunked, headers = cached).statusCode())
            assertEquals(401, shop.post("/k2", BODY, signWebhook("another", BODY), chunked = chunked, headers = cached).statusCode())
        }
    }

    @Test
    fun `Event from a RequestBody is rejected`() {
        assertEquals(500, shop.post("/unverified", BODY, SIGNED).statusCode())
    }

    @Test
    fun `Java code of the README compiles`() {
        val root = File(System.getProperty("kopokopo.root"), "bindings-kotlin")
        val section = File(root, "README.md").readText().substringAfter("## Spring Boot\n").substringBefore("\n## ")
        val snippets = section.split("```java\n").drop(1).map { it.substringBefore("```").trim() }
        val compiled = listOf("ReadmeShop", "ReadmeOnce").map { File(root, "spring/src/test/java/dev/kopokopo/spring/$it.java").readText() }
        assertEquals(compiled.size, snippets.size)
        for ((code, file) in snippets.zip(compiled)) assertTrue(code.prependIndent("    ").replace(Regex(" +\n"), "\n") in file, code)
    }

    @Test
    fun `webhook is rejected without a verifier`() = Shop(Unverified::class.java).use {
        assertEquals(500, it.post("/k2?topic=customer_created&raw=x", BODY, SIGNED).statusCode())
    }

    @Test
    fun `body over the limit is rejected and body at the limit is accepted`() {
        VariableVerifier.verifier = WebhookVerifier(listOf(KEY), maxBody = BODY.size - 1L)
        Shop(VariableVerifier::class.java).use { small ->
            for (chunked in listOf(false, true)) assertEquals(413, small.post("/k2", BODY, SIGNED, chunked = chunked).statusCode())
            VariableVerifier.verifier = WebhookVerifier(listOf(KEY), maxBody = BODY.size.toLong())
            for (chunked in listOf(false, true)) assertEquals(200, small.post("/k2", BODY, SIGNED, chunked = chunked).statusCode())
        }
    }
}
