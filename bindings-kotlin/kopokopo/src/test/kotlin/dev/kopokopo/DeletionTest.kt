package dev.kopokopo

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import java.io.File
import java.math.BigDecimal
import java.time.OffsetDateTime

/**
 * Deletion vectors (tests/vectors/README.md): every documented webhook and result, with each of its parts removed or
 * changed. Kotlin must return the same as Rust, field by field.
 */
class DeletionTest {
    private val lines = File(TESTS, "../target/deletion-vectors.jsonl").readLines()
    private val head = Json.read(lines.first())
    private val cases = lines.drop(1)
    private val verifier = WebhookVerifier(listOf(head["api_key"] as String))

    @Test
    fun `deletion vectors are complete`() {
        assertTrue(cases.size > 5000)
        assertEquals((head["documents"] as Number).toInt(), cases.size)
    }

    @TestFactory
    fun `Kotlin returns the same as Rust`(): List<DynamicTest> = cases.map(Json::read).groupBy { "${it["name"]}".substringBefore(' ') }.map { (sample, cases) ->
        DynamicTest.dynamicTest(sample) { cases.forEach(::compare) }
    }

    private fun compare(case: Map<String, Any?>) {
        val document = case["document"] as String
        val expected = case["error"]?.let { mapOf("error" to it) } ?: expected(case["event"])
        val found = try {
            neutral(verifier.verify(document.toByteArray(), case["signature"] as String), document)
        } catch (error: KopoKopoException) {
            mapOf("error" to error.kind)
        }
        // Compared as text, so that the order of fields matters too.
        assertEquals(written(expected), written(found)) { "${case["name"]}" }
    }

    /** Converts an expected value: timestamps are written as by `OffsetDateTime`. */
    private fun expected(value: Any?): Any? = when (value) {
        is List<*> -> value.map(::expected)
        is Map<*, *> -> when {
            "\$metadata" in value -> value
            "\$timestamp" in value -> mapOf("\$timestamp" to OffsetDateTime.parse(value["\$timestamp"] as String).toString())
            else -> value.mapValues { expected(it.value) }
        }
        else -> value
    }

    /** Converts a value of this package to the format of the vectors. */
    private fun neutral(value: Any?, document: String, name: String = ""): Any? = when {
        name == "raw" -> mapOf("\$raw" to if (value == document) "document" else value)
        name == "metadata" && value != null -> mapOf("\$metadata" to value)
        value == null || value is Boolean || (value is Number && value !is BigDecimal) || value is String -> value
        value is BigDecimal -> mapOf("\$amount" to value.toPlainString())
        value is OffsetDateTime -> mapOf("\$timestamp" to value.toString())
        value is List<*> -> value.map { neutral(it, document) }
        else -> structure(value, document)
    }

    private fun structure(value: Any, document: String): Any {
        val type = value.javaClass
        val word = type.methods.find { it.name == "getWord" }
        if (word != null) {
            val enumeration = type.enclosingClass ?: type
            return mapOf("\$word" to word.invoke(value), "of" to enumeration.simpleName)
        }
        val named = fields(type).associate { snakeCase(it.name) to neutral(it.get(value), document, snakeCase(it.name)) }
        if (value is EventPayload) return mapOf("\$union" to "EventPayload", "kind" to kind(value)) + named
        return mapOf("\$record" to type.simpleName) + named
    }

    private fun written(value: Any?): String = when (value) {
        is Map<*, *> -> value.entries.joinToString(",", "{", "}") { "${it.key}:${written(it.value)}" }
        is List<*> -> value.joinToString(",", "[", "]", transform = ::written)
        is String -> "\"$value\""
        is BigDecimal -> value.stripTrailingZeros().toPlainString()
        is Number -> BigDecimal(value.toString()).stripTrailingZeros().toPlainString()
        else -> "$value"
    }
}
