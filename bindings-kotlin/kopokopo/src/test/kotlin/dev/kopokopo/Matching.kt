package dev.kopokopo

import java.math.BigDecimal

/** Paths, matchers and references of tests/README.md. What is absent is null, as what is null fits what is absent. */
internal object Matching {
    private val REFERENCE = Regex("\\$([a-z][A-Za-z0-9_.]*)")
    private val RUN = Regex("[A-Za-z0-9_]+")
    private const val NUMBER_DIGITS = 9
    private const val SECRET_CHARACTERS = 30

    /** The value at a dotted path, a list of several, or null. */
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
                val (key, wanted) = part.split('=', limit = 2)
                items.orEmpty().filter { it is Map<*, *> && key in it && text(it[key]) == wanted }
            }
            items != null -> part.toIntOrNull()?.takeIf { it in items.indices }?.let { listOf(items[it]) }.orEmpty()
            value is Map<*, *> && part in value -> listOf(value[part])
            else -> emptyList()
        }
    }

    /** A text as it is, anything else as in JSON. */
    fun text(value: Any?): String = value as? String ?: json(value)

    /** Any value as JSON. */
    fun json(value: Any?): String = Json.write(mapOf("v" to value), "v").removePrefix("{\"v\":").dropLast(1)

    fun fits(found: Any?, wanted: Any?): Boolean {
        val (matcher, inner) = (wanted as? Map<*, *>)?.entries?.singleOrNull()?.takeIf { "${it.key}".startsWith("$") }
            ?: return same(found, wanted)
        return when (matcher) {
            "\$any" -> (found != null) == (inner == true)
            "\$not" -> !fits(found, inner)
            "\$contains" -> when (found) {
                is String -> inner is String && inner in found
                is List<*> -> found.any { same(it, inner) }
                else -> false
            }
            "\$min" -> found is Number && number(found) >= number(inner as Number)
            "\$amount" -> amount(found)?.let { own -> amount(inner)?.compareTo(own) == 0 } ?: false
            else -> throw AssertionError("there is no matcher $matcher")
        }
    }

    private fun same(found: Any?, wanted: Any?): Boolean = when {
        found is Number && wanted is Number -> number(found).compareTo(number(wanted)) == 0
        found is List<*> && wanted is List<*> -> found.size == wanted.size && found.indices.all { same(found[it], wanted[it]) }
        found is Map<*, *> && wanted is Map<*, *> ->
            found.keys == wanted.keys && found.keys.all { same(found[it], wanted[it]) }
        else -> found == wanted
    }

    private fun number(value: Number): BigDecimal = BigDecimal(value.toString())

    private fun amount(value: Any?): BigDecimal? = if (value == null) null else text(value).toBigDecimalOrNull()

    /** The value with every reference in it resolved. */
    fun fill(value: Any?, names: Map<String, Any?>): Any? = when (value) {
        is String -> REFERENCE.matchEntire(value)?.let { lookUp(it.groupValues[1], names) } ?: fillText(value, names)
        is List<*> -> value.map { fill(it, names) }
        is Map<*, *> -> value.mapValues { (_, item) -> fill(item, names) }
        else -> value
    }

    fun fillText(template: String, names: Map<String, Any?>): String = REFERENCE.replace(template) { text(lookUp(it.groupValues[1], names)) }

    private fun lookUp(reference: String, names: Map<String, Any?>): Any {
        val name = reference.substringBefore('.')
        if (name !in names) throw AssertionError("no step was named $name")
        val path = reference.substringAfter('.', "")
        return find(names[name], path) ?: throw AssertionError("$name has no $path")
    }

    /** Everything that does not fit. */
    fun differences(found: Any?, expected: Map<*, *>, names: Map<String, Any?>): List<String> = expected.mapNotNull { (template, value) ->
        val path = fillText("$template", names)
        val wanted = fill(value, names)
        val own = find(found, path)
        if (fits(own, wanted)) null else "$path: expected ${json(wanted)}, found ${json(own)}"
    }

    /** Without anybody's number or secret. */
    fun redacted(why: String): String = RUN.replace(why) {
        val word = it.value
        when {
            word.length >= NUMBER_DIGITS && word.all(Char::isDigit) -> "[number]"
            word.length >= SECRET_CHARACTERS && word.any(Char::isDigit) -> "[secret]"
            else -> word
        }
    }
}
