package dev.kopokopo

import java.math.BigDecimal

/** Paths, matchers and references of tests/README.md. An absent value is null, and null matches an absent value. */
internal object Matching {
    private val REFERENCE = Regex("\\$([a-z][A-Za-z0-9_.]*)")
    private val WORD = Regex("[A-Za-z0-9_]+")
    private const val MIN_NUMBER_DIGITS = 9
    private const val MIN_SECRET_LENGTH = 30

    /** Returns the value at a dotted path, a list if there are several, or null. */
    fun find(root: Any?, path: String): Any? {
        var found = listOf(root)
        for (part in path.split('.').filter { it.isNotEmpty() }) found = found.flatMap { step(it, part) }
        return if (found.size > 1) found else found.firstOrNull()
    }

    private fun step(value: Any?, part: String): List<Any?> {
        val items = value as? List<*>
        return when {
            part == "#" -> listOfNotNull(items?.size)
            part == "*" -> items.orEmpty()
            '=' in part -> {
                val (key, expected) = part.split('=', limit = 2)
                items.orEmpty().filter { it is Map<*, *> && key in it && text(it[key]) == expected }
            }
            items != null -> part.toIntOrNull()?.takeIf { it in items.indices }?.let { listOf(items[it]) }.orEmpty()
            value is Map<*, *> && part in value -> listOf(value[part])
            else -> emptyList()
        }
    }

    /** Returns a string unchanged, and any other value as JSON. */
    fun text(value: Any?): String = value as? String ?: json(value)

    /** Returns any value as JSON. */
    fun json(value: Any?): String = Json.write(mapOf("v" to value), "v").removePrefix("{\"v\":").dropLast(1)

    fun matches(found: Any?, expected: Any?): Boolean {
        val (matcher, inner) = (expected as? Map<*, *>)?.entries?.singleOrNull()?.takeIf { "${it.key}".startsWith("$") }
            ?: return isEqual(found, expected)
        return when (matcher) {
            "\$any" -> (found != null) == (inner == true)
            "\$not" -> !matches(found, inner)
            "\$contains" -> when (found) {
                is String -> inner is String && inner in found
                is List<*> -> found.any { isEqual(it, inner) }
                else -> false
            }
            "\$min" -> found is Number && number(found) >= number(inner as Number)
            "\$amount" -> amount(found)?.let { value -> amount(inner)?.compareTo(value) == 0 } ?: false
            else -> throw AssertionError("unknown matcher: $matcher")
        }
    }

    private fun isEqual(found: Any?, expected: Any?): Boolean = when {
        found is Number && expected is Number -> number(found).compareTo(number(expected)) == 0
        found is List<*> && expected is List<*> -> found.size == expected.size && found.indices.all { isEqual(found[it], expected[it]) }
        found is Map<*, *> && expected is Map<*, *> ->
            found.keys == expected.keys && found.keys.all { isEqual(found[it], expected[it]) }
        else -> found == expected
    }

    private fun number(value: Number): BigDecimal = BigDecimal(value.toString())

    private fun amount(value: Any?): BigDecimal? = if (value == null) null else text(value).toBigDecimalOrNull()

    /** Returns the value with every reference in it resolved. */
    fun fill(value: Any?, names: Map<String, Any?>): Any? = when (value) {
        is String -> REFERENCE.matchEntire(value)?.let { resolve(it.groupValues[1], names) } ?: fillText(value, names)
        is List<*> -> value.map { fill(it, names) }
        is Map<*, *> -> value.mapValues { (_, item) -> fill(item, names) }
        else -> value
    }

    fun fillText(template: String, names: Map<String, Any?>): String = REFERENCE.replace(template) { text(resolve(it.groupValues[1], names)) }

    private fun resolve(reference: String, names: Map<String, Any?>): Any {
        val name = reference.substringBefore('.')
        if (name !in names) throw AssertionError("no step has the name $name")
        val path = reference.substringAfter('.', "")
        return find(names[name], path) ?: throw AssertionError("$name has no $path")
    }

    /** Describes every value that does not match. */
    fun differences(found: Any?, expected: Map<*, *>, names: Map<String, Any?>): List<String> = expected.mapNotNull { (template, value) ->
        val path = fillText("$template", names)
        val pattern = fill(value, names)
        val actual = find(found, path)
        if (matches(actual, pattern)) null else "$path: expected ${json(pattern)}, found ${json(actual)}"
    }

    /** Replaces phone numbers and secrets. */
    fun redact(text: String): String = WORD.replace(text) {
        val word = it.value
        when {
            word.length >= MIN_NUMBER_DIGITS && word.all(Char::isDigit) -> "[number]"
            word.length >= MIN_SECRET_LENGTH && word.any(Char::isDigit) -> "[secret]"
            else -> word
        }
    }
}
