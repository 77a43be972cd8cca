package dev.kopokopo

import java.math.BigDecimal
import java.time.Duration
import java.time.OffsetDateTime
import java.time.ZoneOffset
import java.time.format.DateTimeFormatter

private const val NANOS_PER_SECOND = 1e9

/** No number of so many digits is money: it is passed on in short, to be refused. */
private const val MOST_DIGITS = 100

/** A length of time, from the contract's seconds. */
internal fun seconds(seconds: Double): Duration = Duration.ofNanos((seconds * NANOS_PER_SECOND).toLong())

/** The contract's seconds. */
internal fun Duration.inSeconds(): Double = this.seconds + this.nano / NANOS_PER_SECOND

/** In digits, without an exponent. */
internal fun BigDecimal.plain(): String = if (scale() in -MOST_DIGITS..MOST_DIGITS) toPlainString() else toString()

/** `2026-05-01T10:43:20+03:00`, as nearly every moment is written. The general parser takes many times as long. */
private const val USUAL = "0000-00-00T00:00:00+00:00"

private const val MINUTE = 60

/** A moment, from the contract's text. */
internal fun moment(text: String): OffsetDateTime {
    if (text.length != USUAL.length) return OffsetDateTime.parse(text)
    for (at in USUAL.indices) {
        val fits = if (USUAL[at] == '0') text[at] in '0'..'9' else text[at] == USUAL[at] || (USUAL[at] == '+' && text[at] == '-')
        if (!fits) return OffsetDateTime.parse(text)
    }
    val offset = (text.two(20) * MINUTE + text.two(23)) * MINUTE
    val year = text.two(0) * 100 + text.two(2)
    val zone = ZoneOffset.ofTotalSeconds(if (text[19] == '-') -offset else offset)
    return OffsetDateTime.of(year, text.two(5), text.two(8), text.two(11), text.two(14), text.two(17), 0, zone)
}

private fun String.two(at: Int): Int = (this[at] - '0') * 10 + (this[at + 1] - '0')

/** With its seconds, also where they are 0. */
internal fun OffsetDateTime.text(): String = format(DateTimeFormatter.ISO_OFFSET_DATE_TIME)

/** Java has no numbers that cannot be negative. */
internal fun natural(number: Long, name: String): Long {
    if (number < 0) {
        throw KopoKopoException.Configuration(KopoKopoException.Fields("$name: must be 0 or more", field = name))
    }
    return number
}

/** A builder was not given what has no default. */
internal fun missing(name: String, kind: (KopoKopoException.Fields) -> KopoKopoException): KopoKopoException =
    kind(KopoKopoException.Fields("$name: must be given", field = name))

/** What stands in for what must not be in a log. */
internal fun hidden(value: Any?): String = if (value == null) "null" else "[redacted]"

/** What stands in for a text that may hold anything. */
internal fun length(text: String): String = "[${text.length} characters]"

private val UNDERSCORE = Regex("_([a-z0-9])")

/** `destinations[0].phone_number` to `destinations[0].phoneNumber`. */
internal fun camelCase(path: String): String = UNDERSCORE.replace(path) { it.groupValues[1].uppercase() }

/** A detail that begins with the field at fault names it as Kotlin does. */
internal fun spelled(detail: String, field: String?): String =
    if (field != null && detail.startsWith(field)) camelCase(field) + detail.substring(field.length) else detail
