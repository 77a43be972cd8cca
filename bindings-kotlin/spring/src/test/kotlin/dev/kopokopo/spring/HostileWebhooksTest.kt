package dev.kopokopo.spring

import dev.kopokopo.KopoKopoException
import dev.kopokopo.WebhookVerifier
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import tools.jackson.databind.JsonNode
import tools.jackson.databind.json.JsonMapper
import java.io.File
import java.util.Base64
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

/** Sends tests/vectors/hostile_webhooks.json over HTTP. tests/vectors/README.md explains the fields. */
class HostileWebhooksTest {
    private val file = JsonMapper().readTree(File(System.getProperty("kopokopo.root"), "tests/vectors/hostile_webhooks.json"))

    @Test
    fun `hostile webhook gets the expected status`() {
        assertTrue(file["cases"].size() > 80)
        Shop(VariableVerifier::class.java).use { shop ->
            for (case in file["cases"]) hostileWebhook(shop, case)
            assertFalse("712345678" in shop.logged)
        }
    }

    private fun hostileWebhook(shop: Shop, case: JsonNode) {
        val name = case["name"].asString()
        val expected = case["expect"]["error"]?.asString()
        try {
            VariableVerifier.verifier = verifier(case)
        } catch (_: KopoKopoException.Configuration) {
            return assertEquals("configuration", expected, name)
        }
        val body = body(case["body"])
        val signature = signature(case["signature"], body)
        val (status, responseBody) = try {
            shop.post("/k2", body, *listOfNotNull(signature).toTypedArray()).let { it.statusCode() to it.body() }
        } catch (_: IllegalArgumentException) {
            shop.raw("X-KopoKopo-Signature: $signature\r\nContent-Length: ${body.size}", body) to ""
        }
        when {
            expected == null -> assertEquals(200 to case["expect"]["topic"].asString(), status to responseBody, name)
            expected == "decode" -> assertEquals(400, status, name)
            // The receiver has the client secret in place of the API key, which is an error of its configuration.
            expected == "configuration" -> assertEquals(500, status, name)
            body.size > VariableVerifier.verifier.maxBody -> assertEquals(413, status, name)
            else -> assertTrue(status == 401 || (status == 400 && isRejectedByTomcat(signature!!)), "$name: $status")
        }
    }

    /** Whether Tomcat rejects the header before the application receives the request. */
    private fun isRejectedByTomcat(signature: String) = signature.length > 8192 || signature.any { it < ' ' }

    private fun verifier(case: JsonNode): WebhookVerifier {
        val keys = (case["api_keys"] ?: file["api_keys"]).values().map { it.asString() }
        return WebhookVerifier(keys, case["client_secret"]?.asString(), case["max_body"]?.asLong() ?: 10_485_760L)
    }

    private fun body(written: JsonNode): ByteArray = when {
        written.isString -> written.asString().toByteArray()
        written.isArray -> written.values().map(::body).fold(ByteArray(0), ByteArray::plus)
        written.has("base64") -> Base64.getDecoder().decode(written["base64"].asString())
        else -> written["repeat"].asString().repeat(written["times"].asInt()).toByteArray()
    }

    private fun signature(written: JsonNode, body: ByteArray): String? {
        if (written.isNull) return null
        if (written.isString) return written.asString()
        // The library does not sign with an empty key, and neither does Java. A zero byte is the same key, because HMAC
        // pads short keys with zeros.
        val key = written["sign_with"].asString().ifEmpty { "\u0000" }
        val mac = Mac.getInstance("HmacSHA256").apply { init(SecretKeySpec(key.toByteArray(), "HmacSHA256")) }
        val signature = mac.doFinal(body).joinToString("") { "%02x".format(it) }
        return when (val change = written["then"]?.asString()) {
            null -> signature
            "upper_case" -> signature.uppercase()
            "drop_last" -> signature.dropLast(1)
            "append_0" -> signature + "0"
            "change_last" -> signature.dropLast(1) + if (signature.endsWith("0")) "1" else "0"
            "surround_with_space" -> " $signature\t"
            else -> error("unknown change: $change")
        }
    }
}
