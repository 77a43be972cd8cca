package dev.kopokopo.sandbox

import dev.kopokopo.KopoKopo
import java.io.BufferedReader
import java.io.IOException
import java.math.BigDecimal
import java.net.ConnectException
import java.net.HttpURLConnection
import java.net.Proxy
import java.net.SocketTimeoutException
import java.net.URI
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import kotlin.concurrent.thread

/** It starts within milliseconds, but a machine can be loaded. */
private const val START_SECONDS = 60L
private const val STOP_SECONDS = 10L
private const val CALL_MILLIS = 30_000
private const val POLL_MILLIS = 20L
private const val MAX_ERROR = 10_000

/** A fault can close the port for a while. */
private val REFUSED_TIMEOUT: Duration = Duration.ofSeconds(10)
private val WAIT_TIMEOUT: Duration = Duration.ofSeconds(20)

/**
 * `k2 sandbox` in a process of its own: the Kopo Kopo API on this machine, for tests. It stops with [close], and if this process
 * ends or is killed.
 */
public class Sandbox private constructor(private val process: Process, startup: Map<String, String>) :
    Controls(),
    AutoCloseable {
    /** The address, such as `http://127.0.0.1:41234`. */
    public val baseUrl: String = startup.getValue("base_url")

    /** The client id that it accepts. */
    public val clientId: String = startup.getValue("client_id")

    /** The client secret that it accepts. */
    public val clientSecret: String = startup.getValue("client_secret")

    /** The key that it signs webhooks with. */
    public val apiKey: String = startup.getValue("api_key")

    /** The environment variables that [KopoKopo.fromEnv] reads. */
    public val env: Map<String, String> = startup.mapKeys { (name, _) -> "K2_${name.uppercase()}" }

    /** Returns a new client of the sandbox. */
    public fun client(): KopoKopo = KopoKopo(clientId = clientId, clientSecret = clientSecret, apiKey = apiKey, baseUrl = baseUrl, privateToken = true)

    /**
     * Waits until a request of an operation has arrived, such as `incoming_payments.create`. Returns the first one.
     * @throws SandboxException if none has arrived after [timeout], or there is no such operation.
     */
    @JvmOverloads
    public fun waitForRequest(operation: String, timeout: Duration = WAIT_TIMEOUT): RecordedRequest {
        checkKnown("operation", operation, operations().operations)
        return waitFor(timeout, "no request of $operation arrived") { requests().firstOrNull { it.operation == operation } }
    }

    /**
     * Waits until a callback or webhook of a topic was received with 2xx, or is withheld. Returns the first one.
     * @throws SandboxException if none was received after [timeout], or there is no such topic.
     */
    @JvmOverloads
    public fun waitForDelivery(topic: String, timeout: Duration = WAIT_TIMEOUT): Delivery {
        checkKnown("topic", topic, operations().callbacks)
        return waitFor(timeout, "no delivery of $topic was received with 2xx") {
            deliveries().firstOrNull { it.topic == topic && (it.delivered || it.withheld) }
        }
    }

    private fun checkKnown(parameter: String, value: String, known: List<String>) {
        if (value !in known) throw SandboxException("$parameter: there is no \"$value\"; expected one of ${known.joinToString()}")
    }

    private fun <T : Any> waitFor(timeout: Duration, failure: String, find: () -> T?): T {
        val deadline = System.nanoTime() + timeout.toNanos()
        while (true) {
            find()?.let { return it }
            if (System.nanoTime() >= deadline) throw SandboxException("$failure within $timeout")
            Thread.sleep(POLL_MILLIS)
        }
    }

    override fun control(method: String, path: String, body: Any?, accepts: List<Int>): Any? {
        val deadline = System.nanoTime() + REFUSED_TIMEOUT.toNanos()
        while (true) {
            try {
                return controlOnce(method, "/_sandbox$path", body, accepts)
            } catch (error: SocketTimeoutException) {
                throw SandboxException("$method /_sandbox$path: there was no response within ${CALL_MILLIS / 1000} s", error)
            } catch (error: IOException) {
                // A connection that is cut while the port closes may have had an effect.
                if (method == "POST" && error !is ConnectException) {
                    throw SandboxException("$method /_sandbox$path: the connection ended before the response", error)
                }
                if (!process.isAlive || System.nanoTime() >= deadline) {
                    throw SandboxException("$method /_sandbox$path: the sandbox does not listen any more")
                }
                Thread.sleep(POLL_MILLIS)
            }
        }
    }

    private fun controlOnce(method: String, path: String, body: Any?, accepts: List<Int>): Any? {
        val connection = URI("$baseUrl$path").toURL().openConnection(Proxy.NO_PROXY) as HttpURLConnection
        connection.requestMethod = method
        connection.connectTimeout = CALL_MILLIS
        connection.readTimeout = CALL_MILLIS
        connection.setRequestProperty("content-type", "application/json")
        // A fault can cut connections, and one that was kept would fail then.
        connection.setRequestProperty("connection", "close")
        if (body != null || method == "POST") {
            val content = body?.let(::writeJson).orEmpty().toByteArray()
            connection.doOutput = true
            // Without it, a request whose connection ends is sent again.
            connection.setFixedLengthStreamingMode(content.size)
            connection.outputStream.use { it.write(content) }
        }
        val status = connection.responseCode
        val stream = if (status >= 400) connection.errorStream else connection.inputStream
        val content = stream?.use { readJson(it.readBytes().decodeToString()) }
        if (status == 200 || status in accepts) return content
        throw SandboxException("$method $path: $status: ${(content as? Map<*, *>)?.get("error") ?: content}")
    }

    /** Stops it. */
    override fun close() {
        try {
            process.outputStream.close()
        } catch (_: IOException) {
            // It has ended already.
        }
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly().waitFor()
    }

    /** Omits the secrets. */
    override fun toString(): String = "Sandbox(baseUrl=$baseUrl)"

    public companion object {
        /**
         * Starts a sandbox with new credentials.
         *
         * @param pace How fast the simulation runs without control calls.
         * @param tills Tills in addition to the documented ones, and their balances.
         * @param port The port. 0 is any free port.
         * @param seed Makes ids and references repeatable.
         * @param allowRemoteCallbacks Whether callbacks go to other machines too.
         * @param binary The path of `k2`. The default is `K2_SANDBOX_BIN`, the jar `kopokopo-sandbox`, or `k2` of the PATH.
         * @throws SandboxException if the program is not installed, or does not start.
         */
        @JvmStatic
        @JvmOverloads
        public fun start(
            pace: Pace = Pace.INSTANT,
            tills: Map<String, BigDecimal> = emptyMap(),
            port: Int = 0,
            seed: Long? = null,
            allowRemoteCallbacks: Boolean = false,
            binary: Path? = null,
        ): Sandbox {
            val program = findBinary(binary).toString()
            val command = mutableListOf(program, "sandbox", "--json", "--exit-with-stdin", "--pace=${pace.word}", "--port=$port")
            tills.mapTo(command) { (number, balance) -> "--till=$number=${balance.toPlainString()}" }
            if (seed != null) command += "--seed=$seed"
            if (allowRemoteCallbacks) command += "--allow-remote-callbacks"
            val process = try {
                ProcessBuilder(command).start()
            } catch (error: IOException) {
                throw SandboxException("could not start $program: ${error.message}", error)
            }
            try {
                return Sandbox(process, startup(program, process))
            } catch (error: Throwable) {
                process.destroyForcibly()
                throw error
            }
        }

        private fun startup(program: String, process: Process): Map<String, String> {
            val errors = StringBuffer()
            // Read to its end, because the sandbox would wait if the pipe were full.
            val reader = thread(isDaemon = true, name = "kopokopo-sandbox") {
                process.errorStream.bufferedReader().forEachLine { if (errors.length < MAX_ERROR) errors.appendLine(it) }
            }
            val line = CompletableFuture.supplyAsync { firstLine(process.inputStream.bufferedReader()) }
            val text = try {
                line.get(START_SECONDS, TimeUnit.SECONDS)
            } catch (_: TimeoutException) {
                throw SandboxException("$program sandbox did not start within $START_SECONDS s")
            } catch (error: ExecutionException) {
                throw SandboxException("$program sandbox did not start: ${error.cause?.message}", error)
            }
            if (text == null) {
                // A process that the program started can keep the pipe open after the program has ended.
                reader.join(STOP_SECONDS * 1000)
                val hasEnded = process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)
                val end = if (hasEnded) "it ended with status ${process.exitValue()} and no message" else "it closed its output"
                val reason = errors.trim().ifEmpty { end }
                throw SandboxException("$program sandbox did not start: $reason")
            }
            try {
                val startup = fieldsOf(readJson(text))
                return listOf("base_url", "client_id", "client_secret", "api_key").associateWith { startup.getValue(it) as String }
            } catch (error: RuntimeException) {
                throw SandboxException("$program is not the sandbox: its first line is not as expected", error)
            }
        }

        private fun firstLine(reader: BufferedReader): String? = reader.readLine()
    }
}
