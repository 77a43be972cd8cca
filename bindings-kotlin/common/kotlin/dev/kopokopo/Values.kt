package dev.kopokopo

import java.math.BigDecimal
import java.time.Duration
import java.time.OffsetDateTime
import java.time.ZoneOffset
import java.time.format.DateTimeFormatter

private const val NANOS_PER_SECOND = 1e9

/** A number with more digits is not an amount. It is passed on with an exponent, and the core rejects it. */
private const val MAX_DIGITS = 100

/** Converts seconds, as in the contract, to a duration. */
internal fun seconds(seconds: Double): Duration = Duration.ofNanos((seconds * NANOS_PER_SECOND).toLong())

/** Converts a duration to seconds, as in the contract. */
internal fun Duration.inSeconds(): Double = this.seconds + this.nano / NANOS_PER_SECOND

/** Writes the number in digits, without an exponent. */
internal fun BigDecimal.plain(): String = if (scale() in -MAX_DIGITS..MAX_DIGITS) toPlainString() else toString()

/**
 * The most frequent format, as `2026-05-01T10:43:20+03:00`. It has a parser of its own: the general one is many times
 * slower.
 */
private const val COMMON_FORMAT = "0000-00-00T00:00:00+00:00"

private const val MINUTE = 60

/** Parses a timestamp, as in the contract. */
internal fun moment(text: String): OffsetDateTime {
    if (text.length != COMMON_FORMAT.length) return OffsetDateTime.parse(text)
    for (at in COMMON_FORMAT.indices) {
        val expected = COMMON_FORMAT[at]
        val matches = if (expected == '0') text[at] in '0'..'9' else text[at] == expected || (expected == '+' && text[at] == '-')
        if (!matches) return OffsetDateTime.parse(text)
    }
    val offset = (text.twoDigits(20) * MINUTE + text.twoDigits(23)) * MINUTE
    val year = text.twoDigits(0) * 100 + text.twoDigits(2)
    val zone = ZoneOffset.ofTotalSeconds(if (text[19] == '-') -offset else offset)
    return OffsetDateTime.of(year, text.twoDigits(5), text.twoDigits(8), text.twoDigits(11), text.twoDigits(14), text.twoDigits(17), 0, zone)
}

private fun String.twoDigits(at: Int): Int = (this[at] - '0') * 10 + (this[at + 1] - '0')

/** Writes a timestamp with its seconds, also if they are 0. */
internal fun OffsetDateTime.text(): String = format(DateTimeFormatter.ISO_OFFSET_DATE_TIME)

/** Returns [number], or throws an error if it is negative: Java has no unsigned numbers. */
internal fun natural(number: Long, name: String): Long {
    if (number < 0) {
        throw KopoKopoException.Configuration(KopoKopoException.Fields("$name: must be 0 or more", field = name))
    }
    return number
}

/** The error of a builder for a missing field that has no default. */
internal fun missing(name: String, kind: (KopoKopoException.Fields) -> KopoKopoException): KopoKopoException =
    kind(KopoKopoException.Fields("$name: must be given", field = name))

/** The text that replaces a value that must not appear in logs. */
internal fun hidden(value: Any?): String = if (value == null) "null" else "[redacted]"

/** The text that replaces a text with unknown content in logs. */
internal fun length(text: String): String = "[${text.length} characters]"

private val UNDERSCORE = Regex("_+([^_])")

/** A name with underscores that is no part of a path. */
private val WORD = Regex("""(?<![/\w])[a-z0-9]+(?:_[a-z0-9]+)+\b""")

/** Its keys are the program's own. */
private const val METADATA = "metadata"

/** Converts `destinations[0].phone_number` to `destinations[0].phoneNumber`. */
internal fun camelCase(path: String): String {
    var isOwn = false
    return path.split('.').joinToString(".") { part ->
        // An environment variable such as K2_CLIENT_ID keeps its name.
        val name = if (isOwn || part.none { it.isLowerCase() }) part else UNDERSCORE.replace(part) { it.groupValues[1].uppercase() }
        isOwn = isOwn || part == METADATA
        name
    }
}

/** Converts the names of the contract in [detail], which can begin with the path [field], to the names in Kotlin. */
internal fun spelled(detail: String, field: String?): String {
    val path = field?.takeIf { detail.startsWith(it) }.orEmpty()
    return camelCase(path) + WORD.replace(detail.substring(path.length)) { if (it.value in NAMES) camelCase(it.value) else it.value }
}
