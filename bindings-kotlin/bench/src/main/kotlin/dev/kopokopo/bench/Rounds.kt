package dev.kopokopo.bench

internal const val WARM_UP = 8
internal const val ROUNDS = 15

/**
 * Measures all [candidates] in every round, so that a busy machine slows all of them down equally. The result is the
 * median of microseconds for one call, after a warm-up for the compiler. Prints lines for `cargo xtask bench`.
 */
internal inline fun <T> measureInRounds(name: String, count: Int, candidates: Map<String, T>, run: (work: T, count: Int) -> Unit) {
    val times = candidates.mapValues { ArrayList<Double>() }
    repeat(WARM_UP + ROUNDS) { round ->
        for ((label, work) in candidates) {
            val started = System.nanoTime()
            run(work, count)
            val each = (System.nanoTime() - started) / 1e3 / count
            if (round >= WARM_UP) times.getValue(label) += each
        }
    }
    report(name, times.mapValues { (_, rounds) -> rounds.sorted()[rounds.size / 2] })
}

internal fun report(name: String, medians: Map<String, Double>) {
    for ((label, baseline) in medians - "ours") {
        println("""measured {"id":"kotlin/$name/$label","ours":${medians["ours"]},"baseline":$baseline,"unit":"us"}""")
    }
}
