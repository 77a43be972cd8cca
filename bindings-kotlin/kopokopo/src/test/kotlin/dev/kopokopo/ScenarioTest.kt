package dev.kopokopo

import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory
import java.io.File
import java.net.ConnectException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers

/** The folder of the tests that every language shares. */
internal val TESTS: File = File(System.getProperty("kopokopo.root"), "tests")

internal fun readJson(file: File): Map<String, Any?> = Json.read(file.readText())

private const val PATIENCE_MS = 3000L
private const val PAUSE_MS = 20L

class ScenarioTest {
    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val files = File(TESTS, "scenarios").listFiles { file -> file.extension == "json" }!!.sorted()
        assertTrue(files.isNotEmpty(), "there are no scenarios")
        return files.map { file ->
            DynamicTest.dynamicTest(file.nameWithoutExtension) { Play(readJson(file)).use(Play::run) }
        }
    }
}

/** One scenario of tests/README.md, through the suspend functions. */
private class Play(private val scenario: Map<String, Any?>) : AutoCloseable {
    private val sandbox = Sandbox()
    private val receiver = Receiver(numbers((scenario["receiver"] as Map<*, *>?)?.get("answers")))
    private val http = HttpClient.newHttpClient()
    private val clients = ArrayList<KopoKopo>()
    private val names = HashMap<String, Any?>(
        mapOf("callback" to receiver.url, "base_url" to sandbox.baseUrl, "client_id" to sandbox.clientId),
    )

    override fun close() {
        clients.forEach(KopoKopo::close)
        receiver.close()
        sandbox.close()
    }

    fun run() {
        var at = "the file"
        try {
            known(scenario, "name", "about", "settings", "client", "receiver", "steps", "requests")
            scenario["settings"]?.let { control("PUT /_sandbox/settings", it) }
            client(scenario["client"] as Map<*, *>? ?: emptyMap<String, Any?>())
            (scenario["steps"] as List<*>).forEachIndexed { index, step ->
                at = "step ${index + 1}"
                step(step as Map<*, *>)
            }
            at = "requests"
            scenario["requests"]?.let { expected -> settle { requests(control("GET /_sandbox/requests") as List<*>, expected) } }
        } catch (why: Throwable) {
            // Neither the cause nor its trace goes along: they are not redacted.
            throw AssertionError(Matching.redacted("${scenario["name"]}: $at: ${why.message ?: why.javaClass.name}"))
        }
    }

    private fun client(options: Map<*, *>) {
        val usual = mapOf(
            "client_id" to sandbox.clientId,
            "client_secret" to sandbox.clientSecret,
            "api_key" to sandbox.apiKey,
            "base_url" to sandbox.baseUrl,
            "retry_base_ms" to 10,
        )
        clients += KopoKopo(build(ClientOptions::class.java, usual + options.mapKeys { "${it.key}" }) as ClientOptions)
    }

    private fun step(step: Map<*, *>) {
        when {
            "call" in step -> call(step)
            "control" in step -> {
                known(step, "control", "body", "status", "as", "expect")
                val asked = Matching.fillText(step["control"] as String, names)
                takeIn(step, "expect", control(asked, Matching.fill(step["body"], names), whole(step["status"], 200)))
            }
            "receive" in step -> receive(step)
            "state" in step -> {
                known(step, "state")
                settle { differences(control("GET /_sandbox/state"), step["state"] as Map<*, *>) }
            }
            "client" in step -> client(known(step, "client")["client"] as Map<*, *>)
            else -> Thread.sleep(whole(known(step, "sleep_ms")["sleep_ms"], 0))
        }
    }

    private fun call(step: Map<*, *>) {
        known(step, "call", "with", "wait", "options", "parallel", "retry_chain", "as", "expect", "expect_error")
        val name = step["call"] as String
        val given = Matching.fill(step["with"] ?: emptyMap<String, Any?>(), names) as Map<*, *>
        val client = (step["options"] as Map<*, *>?)
            ?.let { clients.last().withOptions(build(CallOptions::class.java, it) as CallOptions) } ?: clients.last()
        val isById = name.endsWith(".wait") || name.endsWith(".watch")
        val wait = (step["wait"] as Map<*, *>? ?: emptyMap<String, Any?>().takeIf { isById })?.let { given ->
            val all = mapOf<Any?, Any?>("timeout_ms" to 10_000, "interval_ms" to 20) + given
            val longest = maxOf(500, whole(all["interval_ms"], 20))
            build(WaitOptions::class.java, all + mapOf("max_interval_ms" to longest)) as WaitOptions
        }
        val outcomes = runBlocking {
            List(whole(step["parallel"], 1).toInt()) {
                async {
                    var outcome: Any?
                    var retries = whole(step["retry_chain"], 0)
                    do {
                        outcome = caught {
                            if (isById) return@caught answer(awaitedById(client, name, given["id"], wait!!)())
                            val answered = operation(client, name, given)()
                            answer(if (wait == null) answered else awaited(answered, wait))
                        }
                    } while (isRetried(outcome) && retries-- > 0)
                    outcome
                }
            }.awaitAll()
        }
        for (outcome in outcomes) compare(name, outcome, step)
    }

    private fun receive(step: Map<*, *>) {
        known(step, "receive", "count", "within_ms", "as", "expect", "expect_error")
        val topic = step["receive"] as String
        val count = whole(step["count"], 1)
        val webhooks = clients.last().webhooks
        for (nth in 1..maxOf(count, 1)) {
            val arrival = receiver.take(whole(step["within_ms"], 5000)) {
                topic == "*" || (runCatching { webhooks.verify(it.body, it.signature) }.getOrNull()?.topic == topic)
            }
            if (count == 0L) {
                if (arrival != null) throw AssertionError("$topic: expected none, and one arrived")
                return
            }
            if (arrival == null) throw AssertionError("$topic: ${nth - 1} of $count arrived")
            val outcome = runBlocking { caught { plainEvent(webhooks.verify(arrival.body, arrival.signature)) } }
            compare(topic, outcome, step)
        }
    }

    private suspend fun caught(call: suspend () -> Any?): Any? = try {
        call()
    } catch (error: KopoKopoException) {
        error
    }

    private fun compare(what: String, outcome: Any?, step: Map<*, *>) {
        if ("expect_error" in step) {
            if (outcome !is KopoKopoException) throw AssertionError("$what: expected an error, found ${Matching.json(outcome)}")
            takeIn(step, "expect_error", plainError(outcome))
        } else {
            if (outcome is KopoKopoException) throw AssertionError("$what: ${outcome.message}")
            takeIn(step, "expect", outcome)
        }
    }

    private fun takeIn(step: Map<*, *>, expectation: String, found: Any?) {
        step["as"]?.let { names["$it"] = found }
        differences(found, step[expectation] as Map<*, *>? ?: emptyMap<String, Any?>())
    }

    private fun differences(found: Any?, expected: Map<*, *>) {
        val wrong = Matching.differences(found, expected, names)
        if (wrong.isNotEmpty()) throw AssertionError(wrong.joinToString("; "))
    }

    private fun requests(seen: List<*>, expected: Any) {
        if (expected is Map<*, *>) {
            val found = seen.groupingBy { (it as Map<*, *>)["operation"] }.eachCount()
            for (operation in found.keys + expected.keys) {
                val wanted = expected[operation] ?: 0
                val own = found[operation] ?: 0
                if (!Matching.fits(own, wanted)) throw AssertionError("$operation: expected ${Matching.json(wanted)}, found $own")
            }
            return
        }
        val rest = ArrayDeque(seen)
        for (template in expected as List<*>) {
            val entry = (template as Map<*, *>) - "\$repeat"
            if (rest.isEmpty()) throw AssertionError("${seen.size} arrived, expected ${entry["operation"]} more")
            differences(rest.removeFirst(), entry)
            while (template["\$repeat"] == true && rest.isNotEmpty() && Matching.differences(rest.first(), entry, names).isEmpty()) {
                rest.removeFirst()
            }
        }
        if (rest.isNotEmpty()) throw AssertionError("not expected: ${(rest.first() as Map<*, *>)["operation"]}")
    }

    /** Asks the sandbox. A fault may have closed its port for a while. */
    private fun control(asked: String, body: Any? = null, expected: Long = 200): Any? {
        val (method, path) = asked.split(' ', limit = 2)
        val content = if (body == null) BodyPublishers.noBody() else BodyPublishers.ofString(Matching.json(body))
        val request = HttpRequest.newBuilder(URI(sandbox.baseUrl + path)).method(method, content)
            .header("content-type", "application/json").build()
        val deadline = System.nanoTime() + PATIENCE_MS * 1_000_000
        while (true) {
            try {
                val answer = http.send(request, BodyHandlers.ofString())
                val text = answer.body().ifEmpty { "null" }
                if (answer.statusCode().toLong() != expected) {
                    throw AssertionError("$asked: expected $expected, found ${answer.statusCode()}: $text")
                }
                return Json.read("{\"v\":$text}")["v"]
            } catch (refused: ConnectException) {
                if (System.nanoTime() > deadline) throw refused
                Thread.sleep(PAUSE_MS)
            }
        }
    }

    /** Looks again until it fits. */
    private fun settle(look: () -> Unit) {
        val deadline = System.nanoTime() + PATIENCE_MS * 1_000_000
        while (true) {
            try {
                return look()
            } catch (wrong: AssertionError) {
                if (System.nanoTime() > deadline) throw wrong
                Thread.sleep(PAUSE_MS)
            }
        }
    }

    private companion object {
        /** What a program retries that retries timeouts and connection errors. */
        fun isRetried(outcome: Any?): Boolean = outcome is KopoKopoException.Timeout || outcome is KopoKopoException.Connection ||
            outcome is java.util.concurrent.TimeoutException || outcome is java.io.IOException

        fun whole(value: Any?, default: Long): Long = (value as Number?)?.toLong() ?: default

        fun numbers(value: Any?): List<Int> = (value as List<*>?).orEmpty().map { (it as Number).toInt() }

        fun known(given: Map<*, *>, vararg keys: String): Map<*, *> {
            val unknown = given.keys - keys.toSet()
            if (unknown.isNotEmpty()) throw AssertionError("unknown: $unknown")
            return given
        }
    }
}
