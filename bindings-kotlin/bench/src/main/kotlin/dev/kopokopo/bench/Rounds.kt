package dev.kopokopo.bench

internal const val WARM_UP = 8
internal const val ROUNDS = 15

/**
 * Measures all [candidates] in every round, so that a busy machine slows all of them down equally. The result is the
 * median of microseconds for one call of each, after a warm-up for the compiler.
 */
internal inline fun <T> measureInRounds(count: Int, candidates: Map<String, T>, run: (work: T, count: Int) -> Unit): Map<String, Double> {
    val times = candidates.mapValues { ArrayList<Double>() }
    repeat(WARM_UP + ROUNDS) { round ->
        for ((label, work) in candidates) {
            val started = System.nanoTime()
            run(work, count)
            val each = (System.nanoTime() - started) / 1e3 / count
            if (round >= WARM_UP) times.getValue(label) += each
        }
    }
    return times.mapValues { (_, rounds) -> rounds.sorted()[rounds.size / 2] }
}

/** Prints a line for `cargo xtask bench`. */
internal fun report(id: String, ours: Double?, baseline: Double?) {
    println("""measured {"id":"kotlin/$id","ours":$ours,"baseline":$baseline,"unit":"us"}""")
}
