package dev.kopokopo.sandbox

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull
import kotlinx.serialization.json.longOrNull
import java.math.BigDecimal
import java.net.URLEncoder

/** The sandbox did not start, has ended, or refused a call of its control API. */
public class SandboxException internal constructor(message: String, cause: Throwable? = null) : RuntimeException(message, cause)

/** Reads JSON as maps, lists, texts, numbers, booleans and null. */
internal fun readJson(text: String): Any? = plain(Json.parseToJsonElement(text))

internal fun writeJson(value: Any?): String = element(value).toString()

private fun plain(element: JsonElement): Any? = when (element) {
    is JsonNull -> null
    is JsonObject -> element.mapValues { (_, value) -> plain(value) }
    is JsonArray -> element.map(::plain)
    is JsonPrimitive -> if (element.isString) element.content else element.booleanOrNull ?: element.longOrNull ?: BigDecimal(element.content)
}

private fun element(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is Boolean -> JsonPrimitive(value)
    is Number -> JsonPrimitive(value)
    is Map<*, *> -> JsonObject(value.entries.associate { (key, item) -> "$key" to element(item) })
    is Iterable<*> -> JsonArray(value.map(::element))
    else -> JsonPrimitive("$value")
}

@Suppress("UNCHECKED_CAST")
internal fun fieldsOf(value: Any?): Map<String, Any?> = value as Map<String, Any?>

internal fun <T> wordOf(entries: List<T>, word: String, wordOf: (T) -> String): T =
    entries.firstOrNull { wordOf(it) == word } ?: throw SandboxException("$word: unknown word; expected one of ${entries.joinToString(transform = wordOf)}")

/** The body of a call. What is null in [leftOut] is not sent. */
internal fun bodyOf(sent: List<Pair<String, Any?>>, leftOut: List<Pair<String, Any?>>): Map<String, Any?> =
    (sent + leftOut.filter { it.second != null }).toMap()

internal fun segment(value: Any, name: String): String {
    require(value != "") { "$name: must not be empty" }
    return URLEncoder.encode("$value", Charsets.UTF_8).replace("+", "%20")
}
