package dev.kopokopo.sandbox

/** Starts a sandbox and waits until it is killed. */
fun main() {
    Sandbox.start()
    println("up")
    Thread.sleep(Long.MAX_VALUE)
}
