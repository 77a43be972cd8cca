package dev.kopokopo

import java.math.BigDecimal
import java.math.BigInteger

/**
 * JSON for metadata only, so that the package needs no JSON library. Objects become maps that keep their order, arrays
 * become lists, integers [Long] or [BigInteger], and other numbers [BigDecimal].
 */
internal object Json {
    private val LONGS = BigInteger.valueOf(Long.MIN_VALUE)..BigInteger.valueOf(Long.MAX_VALUE)

    /** Reads an object that the native library wrote. */
    fun read(text: String): Map<String, Any?> = Reader(text).map()

    /** Writes [map]. [name] is the name of the field, for error messages. The core checks which values are allowed. */
    fun write(map: Map<String, Any?>, name: String): String = StringBuilder().also { writeValue(it, map, name) }.toString()

    private fun writeValue(out: StringBuilder, value: Any?, path: String) {
        when (value) {
            null, is Boolean, is Byte, is Short, is Int, is Long, is BigInteger, is BigDecimal -> out.append(value)
            is Float, is Double -> writeNumber(out, value as Number, path)
            is CharSequence -> writeString(out, value)
            is Map<*, *> -> {
                out.append('{')
                value.entries.forEachIndexed { index, (key, item) ->
                    if (index > 0) out.append(',')
                    if (key !is CharSequence) throw invalid(path, "every key must be text")
                    writeString(out, key)
                    writeValue(out.append(':'), item, "$path.$key")
                }
                out.append('}')
            }
            is Iterable<*> -> {
                out.append('[')
                value.forEachIndexed { index, item -> writeValue(if (index > 0) out.append(',') else out, item, "$path[$index]") }
                out.append(']')
            }
            else -> throw invalid(path, "must be text, a number, true, false or null, not ${value.javaClass.name}")
        }
    }

    private fun writeNumber(out: StringBuilder, number: Number, path: String) {
        if (!number.toDouble().isFinite()) throw invalid(path, "must be a finite number")
        out.append(number)
    }

    private fun writeString(out: StringBuilder, text: CharSequence) {
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

    private fun invalid(path: String, remedy: String): KopoKopoException =
        KopoKopoException.InvalidRequest(KopoKopoException.Fields("$path: $remedy", field = path))

    /** The native library wrote the text, so a syntax error in it is an internal error. */
    private class Reader(private val text: String) {
        private var position = 0

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
            't' -> true.also { literal("true") }
            'f' -> false.also { literal("false") }
            'n' -> null.also { literal("null") }
            else -> number()
        }

        private inline fun items(opening: Char, closing: Char, item: () -> Unit) {
            expect(opening)
            if (peek() == closing) {
                position++
                return
            }
            while (true) {
                item()
                if (peek() == closing) {
                    position++
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
                    '\\' -> out.append(escape())
                    else -> out.append(char)
                }
            }
        }

        private fun escape(): Char = when (val char = next()) {
            'n' -> '\n'
            't' -> '\t'
            'r' -> '\r'
            'b' -> '\b'
            'f' -> '\u000C'
            'u' -> text.substring(position, minOf(position + 4, text.length)).toIntOrNull(16)?.toChar()?.also { position += 4 } ?: malformed()
            else -> char
        }

        private fun number(): Number {
            val start = position
            while (position < text.length && text[position] in "+-.eE0123456789") position++
            val digits = text.substring(start, position)
            val number = digits.toBigDecimalOrNull() ?: malformed()
            if (digits.any { it in ".eE" }) return number
            val integer = number.toBigInteger()
            return if (integer in LONGS) integer.toLong() else integer
        }

        private fun literal(literal: String) {
            if (!text.startsWith(literal, position)) malformed()
            position += literal.length
        }

        private fun peek(): Char {
            while (position < text.length && text[position].isWhitespace()) position++
            return if (position < text.length) text[position] else malformed()
        }

        private fun next(): Char = if (position < text.length) text[position++] else malformed()

        private fun expect(char: Char) {
            if (peek() != char) malformed()
            position++
        }

        private fun malformed(): Nothing = throw KopoKopoException.Internal(
            KopoKopoException.Fields("internal error in kopokopo, please report it: malformed JSON at position $position"),
        )
    }
}
