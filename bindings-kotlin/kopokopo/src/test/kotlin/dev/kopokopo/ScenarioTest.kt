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

/** The directory of the tests that all languages share. */
internal val TESTS: File = File(System.getProperty("kopokopo.root"), "tests")

internal fun readJson(file: File): Map<String, Any?> = Json.read(file.readText())

private const val TIMEOUT_MS = 3000L
private const val PAUSE_MS = 20L

class ScenarioTest {
    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val files = File(TESTS, "scenarios").listFiles { file -> file.extension == "json" }!!.sorted()
        assertTrue(files.isNotEmpty(), "no scenarios found")
        return files.map { file ->
            DynamicTest.dynamicTest(file.nameWithoutExtension) { ScenarioRunner(readJson(file)).use(ScenarioRunner::run) }
        }
    }
}

/** Runs one scenario of tests/README.md with the suspend functions. */
private class ScenarioRunner(private val scenario: Map<String, Any?>) : AutoCloseable {
    private val sandbox = Sandbox()
    private val receiver = Receiver(numbers((scenario["receiver"] as Map<*, *>?)?.get("statuses")))
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
            checkKeys(scenario, "name", "about", "settings", "client", "receiver", "steps", "requests")
            scenario["settings"]?.let { control("PUT /_sandbox/settings", it) }
            client(scenario["client"] as Map<*, *>? ?: emptyMap<String, Any?>())
            (scenario["steps"] as List<*>).forEachIndexed { index, step ->
                at = "step ${index + 1}"
                step(step as Map<*, *>)
            }
            at = "requests"
            scenario["requests"]?.let { expected -> retryUntilTimeout { compareRequests(control("GET /_sandbox/requests") as List<*>, expected) } }
        } catch (error: Throwable) {
            // The cause and its stack trace are omitted, because they are not redacted.
            throw AssertionError(Matching.redact("${scenario["name"]}: $at: ${error.message ?: error.javaClass.name}"))
        }
    }

    private fun client(options: Map<*, *>) {
        val defaults = mapOf(
            "client_id" to sandbox.clientId,
            "client_secret" to sandbox.clientSecret,
            "api_key" to sandbox.apiKey,
            "base_url" to sandbox.baseUrl,
            "retry_base_ms" to 10,
        )
        clients += KopoKopo(build(ClientOptions::class.java, defaults + options.mapKeys { "${it.key}" }) as ClientOptions)
    }

    private fun step(step: Map<*, *>) {
        when {
            "call" in step -> call(step)
            "control" in step -> {
                checkKeys(step, "control", "body", "status", "as", "expect")
                val request = Matching.fillText(step["control"] as String, names)
                checkExpectation(step, "expect", control(request, Matching.fill(step["body"], names), long(step["status"], 200)))
            }
            "receive" in step -> receive(step)
            "state" in step -> {
                checkKeys(step, "state")
                retryUntilTimeout { differences(control("GET /_sandbox/state"), step["state"] as Map<*, *>) }
            }
            "client" in step -> client(checkKeys(step, "client")["client"] as Map<*, *>)
            else -> Thread.sleep(long(checkKeys(step, "sleep_ms")["sleep_ms"], 0))
        }
    }

    private fun call(step: Map<*, *>) {
        checkKeys(step, "call", "with", "wait", "options", "parallel", "retry_chain", "as", "expect", "expect_error")
        val name = step["call"] as String
        val arguments = Matching.fill(step["with"] ?: emptyMap<String, Any?>(), names) as Map<*, *>
        val client = (step["options"] as Map<*, *>?)
            ?.let { clients.last().withOptions(build(CallOptions::class.java, it) as CallOptions) } ?: clients.last()
        val isById = name.endsWith(".wait") || name.endsWith(".watch")
        val wait = (step["wait"] as Map<*, *>? ?: emptyMap<String, Any?>().takeIf { isById })?.let { options ->
            val all = mapOf<Any?, Any?>("timeout_ms" to 10_000, "interval_ms" to 20) + options
            val maxInterval = maxOf(500, long(all["interval_ms"], 20))
            build(WaitOptions::class.java, all + mapOf("max_interval_ms" to maxInterval)) as WaitOptions
        }
        val outcomes = runBlocking {
            List(long(step["parallel"], 1).toInt()) {
                async {
                    var outcome: Any?
                    var retries = long(step["retry_chain"], 0)
                    do {
                        outcome = valueOrError {
                            if (isById) return@valueOrError resultToJson(waitById(client, name, arguments["id"], wait!!)())
                            val result = operation(client, name, arguments)()
                            resultToJson(if (wait == null) result else waitByHandle(result, wait))
                        }
                    } while (isRetried(outcome) && retries-- > 0)
                    outcome
                }
            }.awaitAll()
        }
        for (outcome in outcomes) compare(name, outcome, step)
    }

    private fun receive(step: Map<*, *>) {
        checkKeys(step, "receive", "count", "within_ms", "as", "expect", "expect_error")
        val topic = step["receive"] as String
        val count = long(step["count"], 1)
        val webhooks = clients.last().webhooks
        for (nth in 1..maxOf(count, 1)) {
            val arrival = receiver.take(long(step["within_ms"], 5000)) {
                topic == "*" || (runCatching { webhooks.verify(it.body, it.signature) }.getOrNull()?.topic == topic)
            }
            if (count == 0L) {
                if (arrival != null) throw AssertionError("$topic: expected no webhook, found one")
                return
            }
            if (arrival == null) throw AssertionError("$topic: expected $count webhooks, found ${nth - 1}")
            val outcome = runBlocking { valueOrError { eventToJson(webhooks.verify(arrival.body, arrival.signature)) } }
            compare(topic, outcome, step)
        }
    }

    private suspend fun valueOrError(call: suspend () -> Any?): Any? = try {
        call()
    } catch (error: KopoKopoException) {
        error
    }

    private fun compare(name: String, outcome: Any?, step: Map<*, *>) {
        if ("expect_error" in step) {
            if (outcome !is KopoKopoException) throw AssertionError("$name: expected an error, found ${Matching.json(outcome)}")
            checkExpectation(step, "expect_error", errorToJson(outcome))
        } else {
            if (outcome is KopoKopoException) throw AssertionError("$name: ${outcome.message}")
            checkExpectation(step, "expect", outcome)
        }
    }

    /** Stores [found] under the name of the step, and compares it. */
    private fun checkExpectation(step: Map<*, *>, expectation: String, found: Any?) {
        step["as"]?.let { names["$it"] = found }
        differences(found, step[expectation] as Map<*, *>? ?: emptyMap<String, Any?>())
    }

    private fun differences(found: Any?, expected: Map<*, *>) {
        val wrong = Matching.differences(found, expected, names)
        if (wrong.isNotEmpty()) throw AssertionError(wrong.joinToString("; "))
    }

    private fun compareRequests(arrived: List<*>, expected: Any) {
        if (expected is Map<*, *>) {
            val found = arrived.groupingBy { (it as Map<*, *>)["operation"] }.eachCount()
            for (operation in found.keys + expected.keys) {
                val expectedCount = expected[operation] ?: 0
                val count = found[operation] ?: 0
                if (!Matching.matches(count, expectedCount)) {
                    throw AssertionError("$operation: expected ${Matching.json(expectedCount)} requests, found $count")
                }
            }
            return
        }
        val rest = ArrayDeque(arrived)
        for (template in expected as List<*>) {
            val entry = (template as Map<*, *>) - "\$repeat"
            if (rest.isEmpty()) throw AssertionError("expected another ${entry["operation"]}, found only ${arrived.size} requests")
            differences(rest.removeFirst(), entry)
            while (template["\$repeat"] == true && rest.isNotEmpty() && Matching.differences(rest.first(), entry, names).isEmpty()) {
                rest.removeFirst()
            }
        }
        if (rest.isNotEmpty()) throw AssertionError("unexpected request: ${(rest.first() as Map<*, *>)["operation"]}")
    }

    /** Calls the control API. Retries refused connections, because a fault can close the port for a while. */
    private fun control(requestLine: String, body: Any? = null, expected: Long = 200): Any? {
        val (method, path) = requestLine.split(' ', limit = 2)
        val content = if (body == null) BodyPublishers.noBody() else BodyPublishers.ofString(Matching.json(body))
        val request = HttpRequest.newBuilder(URI(sandbox.baseUrl + path)).method(method, content)
            .header("content-type", "application/json").build()
        val deadline = System.nanoTime() + TIMEOUT_MS * 1_000_000
        while (true) {
            try {
                val response = http.send(request, BodyHandlers.ofString())
                val text = response.body().ifEmpty { "null" }
                if (response.statusCode().toLong() != expected) {
                    throw AssertionError("$requestLine: expected $expected, found ${response.statusCode()}: $text")
                }
                return Json.read("{\"v\":$text}")["v"]
            } catch (refused: ConnectException) {
                if (System.nanoTime() > deadline) throw refused
                Thread.sleep(PAUSE_MS)
            }
        }
    }

    /** Repeats [assertion] until it succeeds or the timeout expires. */
    private fun retryUntilTimeout(assertion: () -> Unit) {
        val deadline = System.nanoTime() + TIMEOUT_MS * 1_000_000
        while (true) {
            try {
                return assertion()
            } catch (failure: AssertionError) {
                if (System.nanoTime() > deadline) throw failure
                Thread.sleep(PAUSE_MS)
            }
        }
    }

    private companion object {
        /** Whether a program that retries timeouts and connection errors retries this outcome. */
        fun isRetried(outcome: Any?): Boolean = outcome is KopoKopoException.Timeout || outcome is KopoKopoException.Connection ||
            outcome is java.util.concurrent.TimeoutException || outcome is java.io.IOException

        fun long(value: Any?, default: Long): Long = (value as Number?)?.toLong() ?: default

        fun numbers(value: Any?): List<Int> = (value as List<*>?).orEmpty().map { (it as Number).toInt() }

        fun checkKeys(map: Map<*, *>, vararg keys: String): Map<*, *> {
            val unknown = map.keys - keys.toSet()
            if (unknown.isNotEmpty()) throw AssertionError("unknown keys: $unknown")
            return map
        }
    }
}
