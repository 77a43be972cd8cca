package dev.kopokopo

import java.math.BigDecimal
import java.math.BigInteger

/**
 * JSON for metadata alone, so that no library for it is needed: objects become maps in their order, arrays lists, whole
 * numbers [Long] (or [BigInteger]) and others [BigDecimal].
 */
internal object Json {
    private val LONGS = BigInteger.valueOf(Long.MIN_VALUE)..BigInteger.valueOf(Long.MAX_VALUE)

    /** What the library wrote: an object. */
    fun read(text: String): Map<String, Any?> = Reader(text).map()

    /** `name` is the field's, for what is wrong with a value. The core says which values are allowed. */
    fun write(map: Map<String, Any?>, name: String): String = StringBuilder().also { value(it, map, name) }.toString()

    private fun value(out: StringBuilder, value: Any?, place: String) {
        when (value) {
            null, is Boolean, is Byte, is Short, is Int, is Long, is BigInteger, is BigDecimal -> out.append(value)
            is Float, is Double -> number(out, value as Number, place)
            is CharSequence -> text(out, value)
            is Map<*, *> -> {
                out.append('{')
                value.entries.forEachIndexed { at, (key, item) ->
                    if (at > 0) out.append(',')
                    if (key !is CharSequence) throw refused(place, "every name must be a text")
                    text(out, key)
                    value(out.append(':'), item, "$place.$key")
                }
                out.append('}')
            }
            is Iterable<*> -> {
                out.append('[')
                value.forEachIndexed { at, item -> value(if (at > 0) out.append(',') else out, item, "$place[$at]") }
                out.append(']')
            }
            else -> throw refused(place, "must be a text, a number, true, false or null, not ${value.javaClass.name}")
        }
    }

    private fun number(out: StringBuilder, number: Number, place: String) {
        if (!number.toDouble().isFinite()) throw refused(place, "must be a finite number")
        out.append(number)
    }

    private fun text(out: StringBuilder, text: CharSequence) {
        out.append('"')
        for (char in text) {
            when {
                char == '"' || char == '\\' -> out.append('\\').append(char)
                char < ' ' -> out.append("\\u00").append(char.code.toString(16).padStart(2, '0'))
                else -> out.append(char)
            }
        }
        out.append('"')
    }

    private fun refused(place: String, remedy: String): KopoKopoException =
        KopoKopoException.InvalidRequest(KopoKopoException.Fields("$place: $remedy", field = place))

    /** It is the library's own writing that is read, so a mistake in it is a defect. */
    private class Reader(private val text: String) {
        private var at = 0

        fun map(): Map<String, Any?> {
            val map = LinkedHashMap<String, Any?>()
            items('{', '}') {
                val key = string()
                expect(':')
                map[key] = value()
            }
            return map
        }

        private fun list(): List<Any?> = ArrayList<Any?>().also { list -> items('[', ']') { list += value() } }

        private fun value(): Any? = when (peek()) {
            '{' -> map()
            '[' -> list()
            '"' -> string()
            't' -> true.also { word("true") }
            'f' -> false.also { word("false") }
            'n' -> null.also { word("null") }
            else -> number()
        }

        private inline fun items(opening: Char, closing: Char, item: () -> Unit) {
            expect(opening)
            if (peek() == closing) {
                at++
                return
            }
            while (true) {
                item()
                if (peek() == closing) {
                    at++
                    return
                }
                expect(',')
            }
        }

        private fun string(): String {
            expect('"')
            val out = StringBuilder()
            while (true) {
                when (val char = next()) {
                    '"' -> return out.toString()
                    '\\' -> out.append(escaped())
                    else -> out.append(char)
                }
            }
        }

        private fun escaped(): Char = when (val char = next()) {
            'n' -> '\n'
            't' -> '\t'
            'r' -> '\r'
            'b' -> '\b'
            'f' -> '\u000C'
            'u' -> text.substring(at, minOf(at + 4, text.length)).toIntOrNull(16)?.toChar()?.also { at += 4 } ?: broken()
            else -> char
        }

        private fun number(): Number {
            val start = at
            while (at < text.length && text[at] in "+-.eE0123456789") at++
            val digits = text.substring(start, at)
            val number = digits.toBigDecimalOrNull() ?: broken()
            if (digits.any { it in ".eE" }) return number
            val whole = number.toBigInteger()
            return if (whole in LONGS) whole.toLong() else whole
        }

        private fun word(word: String) {
            if (!text.startsWith(word, at)) broken()
            at += word.length
        }

        private fun peek(): Char {
            while (at < text.length && text[at].isWhitespace()) at++
            return if (at < text.length) text[at] else broken()
        }

        private fun next(): Char = if (at < text.length) text[at++] else broken()

        private fun expect(char: Char) {
            if (peek() != char) broken()
            at++
        }

        private fun broken(): Nothing = throw KopoKopoException.Internal(KopoKopoException.Fields("the library's JSON cannot be read at $at"))
    }
}
