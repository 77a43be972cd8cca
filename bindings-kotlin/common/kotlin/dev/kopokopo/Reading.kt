package dev.kopokopo

import java.nio.Buffer
import java.nio.ByteBuffer

// The native library's results: numbers in network order, texts in UTF-8 after their length. The generated functions of
// Readers.kt read public records from them. They use arrays, so the buffers must have one.

private const val ABSENT: Byte = 0

private const val MAX_UNSIGNED_SHORT = 0xFFFF

internal fun ByteBuffer.flag(): Boolean = get() != ABSENT

internal fun ByteBuffer.unsignedShort(): Int = getShort().toInt() and MAX_UNSIGNED_SHORT

internal fun ByteBuffer.text(): String {
    val length = getInt()
    val begin = position()
    moveTo(begin + length)
    return String(array(), arrayOffset() + begin, length, Charsets.UTF_8)
}

/** `ByteBuffer.position` has another result since Java 9, which old versions of Android do not have. */
private fun Buffer.moveTo(place: Int) {
    position(place)
}

internal fun ByteBuffer.bytes(): ByteArray = ByteArray(getInt()).also { get(it) }

internal inline fun <T> ByteBuffer.optional(read: (ByteBuffer) -> T): T? = if (get() == ABSENT) null else read(this)

internal inline fun <T> ByteBuffer.list(read: (ByteBuffer) -> T): List<T> = List(getInt()) { read(this) }

/** What follows is in none of the formats that this code knows. */
internal fun unreadable(variant: Int): Nothing = throw KopoKopoException.Internal(
    KopoKopoException.Fields("internal error in kopokopo, please report it: the native library's result has the unknown variant $variant"),
)
