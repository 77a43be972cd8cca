package dev.kopokopo

import kotlinx.coroutines.CancellationException

/**
 * Runs a journal's store and converts its errors to those of the raw layer. Unlike the errors of a token source, they
 * have the text of any exception: a person must see why the database fails. The core redacts it.
 */
internal inline fun <T> storing(work: () -> T): T = try {
    work()
} catch (cancelled: CancellationException) {
    throw cancelled
} catch (error: KopoKopoException) {
    throw foreignError(error.detail)
} catch (error: Exception) {
    throw foreignError(error.asText())
}

/** The class and the message of an exception, without its stack trace. */
internal fun Throwable.asText(): String = listOfNotNull(javaClass.simpleName.ifEmpty { javaClass.name }, message).joinToString(": ")
