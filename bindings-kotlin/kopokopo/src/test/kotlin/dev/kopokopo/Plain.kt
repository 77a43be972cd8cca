package dev.kopokopo

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.toList
import java.lang.reflect.InvocationTargetException
import java.lang.reflect.Method
import java.lang.reflect.Modifier
import java.math.BigDecimal
import java.time.Duration
import java.time.OffsetDateTime
import kotlin.coroutines.intrinsics.suspendCoroutineUninterceptedOrReturn

private val HELPERS =
    setOf("is_received", "is_paid", "failed_disbursements", "is_reversed", "is_failed", "is_cancelled", "has_failed_attempt")
private val CAPITAL = Regex("(?<=[a-z0-9])(?=[A-Z])")

/** `phoneNumber` to `phone_number`. */
internal fun snakeCase(name: String): String = CAPITAL.replace(name, "_").lowercase()

/** The fields of a record, in their order. */
internal fun fields(record: Class<*>): List<java.lang.reflect.Field> =
    record.declaredFields.filter { !Modifier.isStatic(it.modifiers) }.onEach { it.isAccessible = true }

/** A value as tests compare it: as in JSON, with the contract's names, amounts and times as texts. */
internal fun plain(value: Any?): Any? = when (value) {
    null, is Boolean, is Int, is Long, is String -> value
    is BigDecimal -> value.plain()
    is OffsetDateTime -> value.text()
    is Duration -> value.inSeconds()
    is List<*> -> value.map(::plain)
    is Map<*, *> -> value // Metadata: JSON already, its numbers are numbers.
    is Unit -> emptyMap<String, Any?>()
    is Enum<*> -> value.name.lowercase()
    else -> {
        val word = value.javaClass.methods.find { it.name == "getWord" }
        if (word != null) word.invoke(value) else fields(value.javaClass).associate { snakeCase(it.name) to plain(it.get(value)) }
    }
}

/** What a call answered: a handle is what it says of itself. */
internal fun answer(value: Any?): Any? {
    val location = value?.javaClass?.methods?.find { it.name == "getLocation" && value.javaClass.simpleName.startsWith("Created") }
    if (location == null) return plain(value)
    return mapOf("id" to value.javaClass.getMethod("getId").invoke(value), "location" to location.invoke(value))
}

internal fun plainError(error: KopoKopoException): Map<String, Any?> {
    val field = error.field?.let(::snakeCase)
    val begins = field != null && error.detail.startsWith(error.field!!)
    return mapOf(
        "kind" to error.kind,
        "detail" to if (begins) field + error.detail.removePrefix(error.field!!) else error.detail,
        "operation" to error.operation,
        "field" to field,
        "status" to error.status,
        "server_code" to error.serverCode,
        "messages" to error.messages,
        "retry_after" to error.retryAfter?.seconds,
        "attempts" to error.attempts,
        "body" to error.body,
        "id" to error.id,
        "location" to error.location,
        "state" to error.state,
    )
}

internal fun plainEvent(event: Event): Map<String, Any?> {
    val payload = event.payload
    val data = fields(payload.javaClass).singleOrNull()?.let { plain(it.get(payload)) }
    val answers = (data as? Map<*, *>).orEmpty().filterKeys { it in HELPERS }
    val found = (plain(event) as Map<*, *>).mapKeys { "${it.key}" } - "payload"
    return found + mapOf("kind" to kind(payload), "data" to data, "answers" to answers)
}

internal fun kind(payload: EventPayload): String = snakeCase(payload.javaClass.simpleName)

/** Makes a record of values by their contract's names, as callers in Java do. Lengths of time are named `_ms`. */
internal fun build(record: Class<*>, given: Map<*, *>): Any = unwrapped {
    val builder = record.getMethod("builder").invoke(null)
    for ((name, value) in given) {
        val own = camelCase("$name".removeSuffix("_ms"))
        val setter = builder.javaClass.methods.find { it.name == own && it.parameterCount == 1 }
            ?: throw AssertionError("${record.simpleName} has no $name")
        setter.invoke(builder, typed(setter.parameterTypes[0], value))
    }
    builder.javaClass.getMethod("build").invoke(builder)
}

private fun typed(type: Class<*>, value: Any?): Any? = when {
    value == null -> null
    type == BigDecimal::class.java -> BigDecimal(value as String)
    type == OffsetDateTime::class.java -> OffsetDateTime.parse(value as String)
    type == Duration::class.java -> Duration.ofMillis((value as Number).toLong())
    type == Int::class.java || type == Int::class.javaObjectType -> (value as Number).toInt()
    type == List::class.java -> (value as List<*>).map { if (it is Map<*, *>) destination(it) else it }
    type.isInterface && type != Map::class.java -> type.getMethod("of", String::class.java).invoke(null, value)
    else -> value
}

private fun destination(given: Map<*, *>): Any {
    val name = camelCase("_${given["type"]}")
    val variant = Destination::class.java.declaredClasses.find { it.simpleName == name } ?: throw AssertionError("no destination $name")
    return emptyWhereMissing(variant, given - "type")
}

/** The compiler lets nobody leave out what has no default: the nearest that callers have is an empty text. */
private fun emptyWhereMissing(record: Class<*>, given: Map<*, *>): Any = try {
    build(record, given)
} catch (missing: KopoKopoException.InvalidRequest) {
    emptyWhereMissing(record, given + (snakeCase(missing.field!!) to ""))
}

/** Finds `incoming_payments.create` and binds its arguments. */
internal fun operation(client: KopoKopo, operation: String, given: Map<*, *>): suspend () -> Any? {
    val (sectionName, name) = operation.split('.').map(::camelCase)
    val section = client.javaClass.getMethod("get${sectionName.replaceFirstChar(Char::uppercase)}").invoke(client)
    val method = section.javaClass.methods.single {
        it.name == name && (it.parameterCount == 1 || it.parameterCount == 2) && it.returnType == Any::class.java
    }
    if (method.parameterCount == 1) return { method.suspended(section) }
    val type = method.parameterTypes[0]
    val argument = if (type == String::class.java) given.values.single() else build(type, given)
    return { method.suspended(section, argument) }
}

/** Waits for a resource by its id, or watches it. */
internal fun awaitedById(client: KopoKopo, operation: String, id: Any?, options: WaitOptions): suspend () -> Any? {
    val (sectionName, name) = operation.split('.').map(::camelCase)
    val section = client.javaClass.getMethod("get${sectionName.replaceFirstChar(Char::uppercase)}").invoke(client)
    val method = section.javaClass.methods.single { it.name == name && it.parameterTypes.take(2) == listOf(String::class.java, WaitOptions::class.java) }
    if (name == "wait") return { method.suspended(section, id, options) }
    return { (unwrapped { method.invoke(section, id, options) } as Flow<*>).toList() }
}

/** Waits for what a handle stands for. */
internal suspend fun awaited(handle: Any?, options: WaitOptions): Any? =
    handle!!.javaClass.methods.single { it.name == "wait" && it.parameterTypes.firstOrNull() == WaitOptions::class.java }
        .suspended(handle, options)

private suspend fun Method.suspended(target: Any, vararg arguments: Any?): Any? =
    suspendCoroutineUninterceptedOrReturn { unwrapped { invoke(target, *arguments, it) } }

private inline fun <T> unwrapped(call: () -> T): T = try {
    call()
} catch (wrapper: InvocationTargetException) {
    throw wrapper.targetException
}
