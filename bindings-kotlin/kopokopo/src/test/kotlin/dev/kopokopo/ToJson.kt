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

/** Converts `phoneNumber` to `phone_number`. */
internal fun snakeCase(name: String): String = CAPITAL.replace(name, "_").lowercase()

/** The fields of a record, in the order of declaration. */
internal fun fields(record: Class<*>): List<java.lang.reflect.Field> =
    record.declaredFields.filter { !Modifier.isStatic(it.modifiers) }.onEach { it.isAccessible = true }

/** Converts a value to JSON for comparison, with the contract's names. Amounts and times become strings. */
internal fun toJson(value: Any?): Any? = when (value) {
    null, is Boolean, is Int, is Long, is String -> value
    is BigDecimal -> value.plain()
    is OffsetDateTime -> value.text()
    is Duration -> value.inSeconds()
    is List<*> -> value.map(::toJson)
    is Map<*, *> -> value // Metadata is already JSON.
    is Unit -> emptyMap<String, Any?>()
    is Enum<*> -> value.name.lowercase()
    else -> {
        val word = value.javaClass.methods.find { it.name == "getWord" }
        if (word != null) word.invoke(value) else fields(value.javaClass).associate { snakeCase(it.name) to toJson(it.get(value)) }
    }
}

/** Converts the result of a call to JSON. A handle becomes its id and location. */
internal fun resultToJson(value: Any?): Any? {
    val location = value?.javaClass?.methods?.find { it.name == "getLocation" && value.javaClass.simpleName.startsWith("Created") }
    if (location == null) return toJson(value)
    return mapOf("id" to value.javaClass.getMethod("getId").invoke(value), "location" to location.invoke(value))
}

internal fun errorToJson(error: KopoKopoException): Map<String, Any?> {
    val field = error.field?.let(::snakeCase)
    val startsWithField = field != null && error.detail.startsWith(error.field!!)
    return mapOf(
        "kind" to error.kind,
        "detail" to if (startsWithField) field + error.detail.removePrefix(error.field!!) else error.detail,
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

internal fun eventToJson(event: Event): Map<String, Any?> {
    val payload = event.payload
    val data = fields(payload.javaClass).singleOrNull()?.let { toJson(it.get(payload)) }
    val helpers = (data as? Map<*, *>).orEmpty().filterKeys { it in HELPERS }
    val found = (toJson(event) as Map<*, *>).mapKeys { "${it.key}" } - "payload"
    return found + mapOf("kind" to kind(payload), "data" to data, "helpers" to helpers)
}

internal fun kind(payload: EventPayload): String = snakeCase(payload.javaClass.simpleName)

/**
 * Builds a record from values by their names in the contract, with its Java builder. Names of durations end in `_ms`.
 */
internal fun build(record: Class<*>, arguments: Map<*, *>): Any = unwrapException {
    val builder = record.getMethod("builder").invoke(null)
    for ((name, value) in arguments) {
        val setterName = camelCase("$name".removeSuffix("_ms"))
        val setter = builder.javaClass.methods.find { it.name == setterName && it.parameterCount == 1 }
            ?: throw AssertionError("${record.simpleName} has no $name")
        setter.invoke(builder, convert(setter.parameterTypes[0], value))
    }
    builder.javaClass.getMethod("build").invoke(builder)
}

private fun convert(type: Class<*>, value: Any?): Any? = when {
    value == null -> null
    type == BigDecimal::class.java -> BigDecimal(value as String)
    type == OffsetDateTime::class.java -> OffsetDateTime.parse(value as String)
    type == Duration::class.java -> Duration.ofMillis((value as Number).toLong())
    type == Int::class.java || type == Int::class.javaObjectType -> (value as Number).toInt()
    type == List::class.java -> (value as List<*>).map { if (it is Map<*, *>) destination(it) else it }
    type.isInterface && type != Map::class.java -> type.getMethod("of", String::class.java).invoke(null, value)
    else -> value
}

private fun destination(arguments: Map<*, *>): Any {
    val name = camelCase("_${arguments["type"]}")
    val variant = Destination::class.java.declaredClasses.find { it.simpleName == name } ?: throw AssertionError("no destination $name")
    return buildWithEmptyFields(variant, arguments - "type")
}

/** Sets missing required fields to an empty string, because the compiler does not allow callers to omit them. */
private fun buildWithEmptyFields(record: Class<*>, arguments: Map<*, *>): Any = try {
    build(record, arguments)
} catch (missing: KopoKopoException.InvalidRequest) {
    buildWithEmptyFields(record, arguments + (snakeCase(missing.field!!) to ""))
}

/** Finds the method of an operation such as `incoming_payments.create`, and binds its arguments. */
internal fun operation(client: KopoKopo, operation: String, arguments: Map<*, *>): suspend () -> Any? {
    val (sectionName, name) = operation.split('.').map(::camelCase)
    val section = client.javaClass.getMethod("get${sectionName.replaceFirstChar(Char::uppercase)}").invoke(client)
    val method = section.javaClass.methods.single {
        it.name == name && (it.parameterCount == 1 || it.parameterCount == 2) && it.returnType == Any::class.java
    }
    if (method.parameterCount == 1) return { method.invokeSuspend(section) }
    val type = method.parameterTypes[0]
    val argument = if (type == String::class.java) arguments.values.single() else build(type, arguments)
    return { method.invokeSuspend(section, argument) }
}

/** Waits for a resource by its id, or watches it. */
internal fun waitById(client: KopoKopo, operation: String, id: Any?, options: WaitOptions): suspend () -> Any? {
    val (sectionName, name) = operation.split('.').map(::camelCase)
    val section = client.javaClass.getMethod("get${sectionName.replaceFirstChar(Char::uppercase)}").invoke(client)
    val method = section.javaClass.methods.single { it.name == name && it.parameterTypes.take(2) == listOf(String::class.java, WaitOptions::class.java) }
    if (name == "wait") return { method.invokeSuspend(section, id, options) }
    return { (unwrapException { method.invoke(section, id, options) } as Flow<*>).toList() }
}

/** Waits for the resource of a handle. */
internal suspend fun waitByHandle(handle: Any?, options: WaitOptions): Any? =
    handle!!.javaClass.methods.single { it.name == "wait" && it.parameterTypes.firstOrNull() == WaitOptions::class.java }
        .invokeSuspend(handle, options)

private suspend fun Method.invokeSuspend(target: Any, vararg arguments: Any?): Any? =
    suspendCoroutineUninterceptedOrReturn { unwrapException { invoke(target, *arguments, it) } }

private inline fun <T> unwrapException(call: () -> T): T = try {
    call()
} catch (wrapper: InvocationTargetException) {
    throw wrapper.targetException
}
