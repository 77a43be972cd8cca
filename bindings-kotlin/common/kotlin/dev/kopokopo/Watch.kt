package dev.kopokopo

import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withTimeoutOrNull
import java.time.Duration
import kotlin.time.TimeSource
import kotlin.time.toKotlinDuration

/** What the last look may take beyond the time that is left. */
private val LAST_LOOK = Duration.ofSeconds(5).toKotlinDuration()

private const val SERVER_ERRORS = 500

/** Looks at once, and then as often as `wait` does, until the state is final. */
internal fun <T : Any> watching(
    options: WaitOptions,
    id: String,
    operation: String,
    text: (T) -> String,
    isFinal: (T) -> Boolean,
    look: suspend () -> T,
): Flow<T> = flow {
    val end = TimeSource.Monotonic.markNow() + positive(options.timeout, "timeout")
    val longest = positive(options.maxInterval, "maxInterval")
    var pause = positive(options.interval, "interval")
    var seen: String? = null
    while (true) {
        // A look that takes too long is as one that fails in passing.
        val found = passing { withTimeoutOrNull(maxOf(-end.elapsedNow(), LAST_LOOK)) { look() } }
        if (found != null && text(found) != seen) {
            seen = text(found)
            emit(found)
        }
        if (found != null && isFinal(found)) return@flow
        if (end.hasPassedNow()) {
            val detail = "not final after ${options.timeout}. Nothing is lost: read it later by its id $id"
            throw KopoKopoException.Timeout(KopoKopoException.Fields(detail, operation))
        }
        delay(minOf(pause, longest, -end.elapsedNow()))
        pause = pause * 3 / 2
    }
}

/** No connection, a timeout, 429 and 5xx pass: null. */
private inline fun <T> passing(look: () -> T?): T? = try {
    look()
} catch (error: KopoKopoException) {
    val passes = when (error) {
        is KopoKopoException.Connection, is KopoKopoException.Timeout, is KopoKopoException.RateLimited -> true
        is KopoKopoException.Api -> (error.status ?: 0) >= SERVER_ERRORS
        else -> false
    }
    if (passes) null else throw error
}

private fun positive(duration: Duration, name: String): kotlin.time.Duration {
    if (duration.isZero || duration.isNegative) {
        val detail = "$name: must be a number of seconds, more than 0"
        throw KopoKopoException.InvalidRequest(KopoKopoException.Fields(detail, field = name))
    }
    return duration.toKotlinDuration()
}
