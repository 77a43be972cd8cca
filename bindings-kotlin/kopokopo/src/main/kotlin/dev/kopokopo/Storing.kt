package dev.kopokopo

import kotlinx.coroutines.CancellationException

/**
 * Runs a journal's store and converts its errors to those of the raw layer. Unlike the errors of a token source, they
 * have the text of any exception: a person must see why the database fails. The core redacts it.
 *
 * A warning of the core is no request: it goes to the log, because the call that it is about has its result.
 */
internal inline fun storing(request: String, work: () -> String): String {
    if (isWarning(request)) return warn(request)
    return try {
        work()
    } catch (cancelled: CancellationException) {
        throw cancelled
    } catch (error: KopoKopoException) {
        throw foreignError(error.detail)
    } catch (error: Exception) {
        throw foreignError(error.asText())
    }
}

/** As the core writes it. No request begins like this. */
internal fun isWarning(request: String): Boolean = request.startsWith("{\"warning\":")

internal fun warn(request: String): String {
    System.getLogger("dev.kopokopo").log(System.Logger.Level.WARNING, "kopokopo: {0}", Json.read(request)["warning"])
    return "null"
}

/** The class and the message of an exception, without its stack trace. */
internal fun Throwable.asText(): String = listOfNotNull(javaClass.simpleName.ifEmpty { javaClass.name }, message).joinToString(": ")
