package dev.kopokopo

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import java.io.ByteArrayOutputStream
import java.io.ObjectOutputStream
import java.io.PrintStream
import java.lang.reflect.InvocationTargetException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.util.Base64
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.Executors
import java.util.stream.Stream
import kotlin.reflect.full.callSuspendBy
import kotlin.reflect.full.instanceParameter
import kotlin.reflect.full.memberFunctions
import kotlin.system.exitProcess

/** The testee of tests/conformance.md. Each request has a thread, because the functions for Java block it. */
fun main() {
    val out = PrintStream(System.out, true, Charsets.UTF_8)
    PrintStream(console, true, Charsets.UTF_8).let {
        System.setOut(it)
        System.setErr(it)
    }
    val scope = CoroutineScope(Executors.newCachedThreadPool().asCoroutineDispatcher())
    for (line in System.`in`.bufferedReader().lineSequence()) {
        scope.launch { out.println(Json.write(Request(Json.read(line)).respond(), "response")) }
    }
    exitProcess(0)
}

/** The form of the records that a program passes, as a variable of the program has them. */
private const val PASSED = "locals"

/** What the package prints, which is nothing. */
private val console = ByteArrayOutputStream()

private val HTTP: HttpClient = HttpClient.newHttpClient()

private val clients = ConcurrentHashMap<Any?, Pair<KopoKopo, Tagged>>()

private class Request(private val request: Map<String, Any?>) {
    private val texts = LinkedHashMap<String, String?>()
    private val passed = ArrayList<Any?>()

    suspend fun respond(): Map<String, Any?> {
        val outcome = try {
            "value" to unwrapped { perform() }
        } catch (error: KopoKopoException) {
            show("message", error.message)
            show("toString", error)
            show("stackTrace", error.stackTraceToString())
            show("serialized", serialized(error))
            "error" to Tagged.error(error)
        } catch (unsupported: Unsupported) {
            "unsupported" to unsupported.message
        } catch (other: Throwable) {
            "exception" to other.stackTraceToString()
        }
        show("console", console)
        return mapOf("id" to request["id"], outcome) + if (request["texts"] == true) mapOf("texts" to texts) else emptyMap()
    }

    private suspend fun perform(): Any? = when (val what = request["do"]) {
        "hello" -> mapOf(
            "language" to "kotlin",
            "engines" to listOf("suspend", "blocking"),
            "timestamp_digits" to 9,
            "keeps_offsets" to true,
            "journal" to true,
        )
        "surface" -> Surface.read()
        "client" -> client()
        "close" -> clients.remove(request["client"])!!.first.close()
        "call" -> shown(call())
        "verify" -> shown(clients.getValue(request["client"]).first.webhooks.verify(body(), request["signature"] as String?))
        "verifier" -> shown(verify())
        "function" -> {
            val function = Surface.functions.single { it.name == camelCase(request["name"] as String) }
            shown(function.callBy(Tagged.NAMED.arguments(function, fields("with"))))
        }
        else -> error("unknown request $what")
    }.takeIf { it != Unit }

    private fun client() {
        val values = if (request["engine"] == "blocking") Tagged.BUILT else Tagged.NAMED
        val options = values.record(ClientOptions::class, fields("options")) as ClientOptions
        show(PASSED, options)
        val plain = KopoKopo(options)
        val journal = request["journal"] as Map<*, *>?

        @Suppress("UNCHECKED_CAST")
        val own = journal?.get("options") as Map<String, Any?>? ?: emptyMap()
        val client = if (journal == null) {
            plain
        } else {
            val store = JournalStore { text -> ask(journal["url"] as String, text) }
            plain.withJournal(store, values.record(JournalOptions::class, own) as JournalOptions)
        }
        clients[request["client"]] = client to values
        show("toString", client)
        for (section in KopoKopo::class.java.methods.filter { it.name.startsWith("get") && it.returnType.name.startsWith("dev.kopokopo.") }) {
            show(section.name, runCatching { section.invoke(client) }.getOrNull())
        }
    }

    /** Asks the journal's store, which is the runner's. */
    private fun ask(url: String, text: String): String {
        val asked = HttpRequest.newBuilder(URI(url)).POST(HttpRequest.BodyPublishers.ofString(text)).build()
        val response = HTTP.send(asked, HttpResponse.BodyHandlers.ofString())
        check(response.statusCode() == 200) { response.body() }
        return response.body()
    }

    private suspend fun call(): Any? {
        val (shared, values) = clients.getValue(request["client"])
        val client = request["options"]?.let { shared.withOptions(values.record(CallOptions::class, fields("options")) as CallOptions) } ?: shared
        val (sectionName, name) = (request["operation"] as String).split('.').map(::camelCase)
        val section = client.javaClass.getMethod("get${sectionName.replaceFirstChar(Char::uppercase)}").invoke(client)
        if (name == "wait" || name == "watch") return call(section, name, values, fields("with") + fields("wait"))
        val result = call(section, name, values, fields("with"))
        return if (request["wait"] == null) result else call(result!!, "wait", values, fields("wait"))
    }

    /** Calls the function with named arguments in Kotlin, or the function for Java. */
    private suspend fun call(target: Any, name: String, values: Tagged, arguments: Map<String, Any?>): Any? {
        val functions = target::class.memberFunctions.filter { it.name == if (values == Tagged.BUILT) "${name}Blocking" else name }
        val function = functions.maxBy { it.parameters.size }
        val all = values.arguments(function, arguments)
        passed.addAll(all.values.filter { it != null && isInput(it::class) })
        show(PASSED, passed)
        return when (val result = function.callSuspendBy(all + mapOf(function.instanceParameter!! to target))) {
            is Flow<*> -> result.toList()
            is Stream<*> -> result.use { it.toList() }
            else -> result
        }
    }

    private fun verify(): Any {
        val create = WebhookVerifier::class.constructors.maxBy { it.parameters.size }
        val verifier = create.callBy(Tagged.NAMED.arguments(create, fields("options")))
        show("verifier", verifier)
        return when (val method = request["method"]) {
            "verify" -> verifier.verify(body(), request["signature"] as String?)
            "verify_signature" -> verifier.verifySignature(body(), request["signature"] as String?)
            "parse_unverified" -> verifier.parseUnverified(body())
            else -> error("unknown method $method")
        }
    }

    private fun shown(value: Any?): Any? {
        show("toString", value)
        if (value is Event) show("payload", value.payload)
        return Tagged.tagged(value)
    }

    private fun show(form: String, value: Any?) {
        texts[form] = value?.toString()
    }

    @Suppress("UNCHECKED_CAST")
    private fun fields(key: String): Map<String, Any?> = request[key] as Map<String, Any?>? ?: emptyMap()

    private fun body(): ByteArray = Base64.getDecoder().decode(request["body"] as String)
}

private fun serialized(error: KopoKopoException): String {
    val bytes = ByteArrayOutputStream()
    ObjectOutputStream(bytes).use { it.writeObject(error) }
    return bytes.toString(Charsets.ISO_8859_1)
}

private inline fun <T> unwrapped(call: () -> T): T = try {
    call()
} catch (wrapper: InvocationTargetException) {
    throw wrapper.targetException
}
