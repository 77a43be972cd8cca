package dev.kopokopo

import java.io.IOException
import java.lang.reflect.Modifier
import java.math.BigDecimal
import java.time.Duration
import java.time.OffsetDateTime
import java.util.Base64
import java.util.concurrent.TimeoutException
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.KParameter
import kotlin.reflect.KType
import kotlin.reflect.KVisibility
import kotlin.reflect.full.declaredMemberProperties
import kotlin.reflect.full.primaryConstructor
import kotlin.reflect.jvm.isAccessible
import kotlin.reflect.jvm.jvmErasure

private val CAPITAL = Regex("(?<=[a-z0-9])(?=[A-Z])")

/** Texts that every language reads as the same number. [BigDecimal] also accepts others, such as `1e3` and `+5`. */
private val NUMBER = Regex("-?[0-9]+(\\.[0-9]+)?")

/** Converts `phoneNumber` to `phone_number`. */
internal fun snakeCase(name: String): String = CAPITAL.replace(name, "_").lowercase()

/** Whether programs make records of this type: only these have a builder for Java. */
internal fun isInput(type: KClass<*>): Boolean = type.java.declaredClasses.any { it.simpleName == "Builder" }

/** Whether the type is an open enumeration, which keeps unknown words. */
internal fun isWord(type: KClass<*>): Boolean = type.java.isInterface && type.java.methods.any { it.name == "getWord" }

/** A program in Kotlin cannot pass this value, because of the type of the argument. */
internal class Unsupported(message: String) : Exception(message)

/** Converts between the values of the package and the tagged values of tests/conformance.md. */
internal enum class Tagged {
    /** Records are made with named arguments. */
    NAMED,

    /** Records are made with the builders for Java. */
    BUILT,
    ;

    /** The arguments of [function], by their names in the contract. A record without a value takes its fields from [values]. */
    fun arguments(function: KFunction<*>, values: Map<String, Any?>): Map<KParameter, Any?> {
        val rest = LinkedHashMap(values.mapKeys { camelCase(it.key.removeSuffix("_ms")) })
        val arguments = LinkedHashMap<KParameter, Any?>()
        for (parameter in function.parameters.filter { it.kind == KParameter.Kind.VALUE }) {
            val isGiven = parameter.name in rest
            when {
                isGiven -> arguments[parameter] = value(parameter.type, rest.remove(parameter.name))
                isInput(parameter.type.jvmErasure) -> {
                    arguments[parameter] = record(parameter.type.jvmErasure, rest)
                    return arguments
                }
                !parameter.isOptional -> arguments[parameter] = if (parameter.type.isMarkedNullable) null else absent(parameter.type.jvmErasure)
            }
        }
        check(rest.isEmpty()) { "${function.name} has no ${rest.keys}" }
        return arguments
    }

    fun record(type: KClass<*>, values: Map<String, Any?>): Any {
        val constructor = type.primaryConstructor!!.also { it.isAccessible = true }
        val arguments = arguments(constructor, values)
        if (this == NAMED || !isInput(type)) return constructor.callBy(arguments)
        val builder = type.java.getMethod("builder").invoke(null)
        for ((parameter, value) in arguments) builder.javaClass.methods.single { it.name == parameter.name }.invoke(builder, value)
        return builder.javaClass.getMethod("build").invoke(builder)
    }

    /** The compiler does not allow a program to omit a required argument: this is the value that has the same effect. */
    private fun absent(type: KClass<*>): Any? = when {
        type == String::class -> ""
        type == List::class -> emptyList<Any?>()
        isWord(type) -> word(type, "")
        else -> throw Unsupported("${type.simpleName} is required")
    }

    private fun word(type: KClass<*>, word: Any?) = type.java.getMethod("of", String::class.java).invoke(null, word)

    private fun value(type: KType, value: Any?): Any? {
        val of = type.jvmErasure
        val fields = (value as? Map<*, *>)?.entries.orEmpty().associate { "${it.key}" to it.value }
        val tag = fields.keys.find { it.startsWith('$') }
        val content = if (tag == null) value else fields[tag]
        return when {
            value == null -> null
            tag == "\$record" -> record(of, fields - tag)
            tag == "\$union" -> record(of.sealedSubclasses.single { snakeCase(it.simpleName!!) == fields["kind"] }, fields - tag - "kind")
            of == BigDecimal::class -> "$content".takeIf(NUMBER::matches)?.toBigDecimal() ?: throw Unsupported("not a number")
            of == OffsetDateTime::class -> OffsetDateTime.parse(content as String)
            // The length of time of an argument is in seconds, and an option is in milliseconds.
            of == Duration::class -> if (content is BigDecimal) Duration.ofMillis(content.movePointRight(3).toLong()) else Duration.ofMillis(content as Long)
            of == Int::class -> Math.toIntExact(content as Long)
            of == ByteArray::class -> Base64.getDecoder().decode(content as String)
            of == List::class -> (content as List<*>).map { value(type.arguments.single().type!!, it) }
            of.java.isEnum -> of.java.enumConstants.find { "$it".lowercase() == content } ?: throw Unsupported("not a word of ${of.simpleName}")
            isWord(of) -> word(of, content)
            else -> content
        }
    }

    companion object {
        fun tagged(value: Any?): Any? = when (value) {
            null, is Unit -> null
            is BigDecimal -> mapOf("\$amount" to value.plain())
            is Boolean, is Number, is String -> value
            is OffsetDateTime -> mapOf("\$timestamp" to value.text())
            is Duration -> value.toMillis()
            is ByteArray -> mapOf("\$bytes" to Base64.getEncoder().encodeToString(value))
            is List<*> -> value.map(::tagged)
            is Map<*, *> -> mapOf("\$metadata" to value)
            else -> structure(value)
        }

        private fun structure(value: Any): Map<String, Any?> {
            val type = value.javaClass
            val methods = type.methods.associateBy { it.name }
            methods["getWord"]?.let { return mapOf("\$word" to it.invoke(value), "of" to (type.enclosingClass ?: type).simpleName) }
            if ("waitBlocking" in methods) {
                val (id, location) = listOf("getId", "getLocation").map { methods.getValue(it).invoke(value) }
                return mapOf("\$handle" to type.simpleName, "id" to id, "location" to location)
            }
            val fields = type.declaredFields.filterNot { Modifier.isStatic(it.modifiers) }.onEach { it.isAccessible = true }
            val union = type.enclosingClass
            val name = if (union == null) mapOf("\$record" to type.simpleName) else mapOf("\$union" to union.simpleName, "kind" to snakeCase(type.simpleName))
            return name + fields.associate { snakeCase(it.name) to if (it.name == "raw") mapOf("\$raw" to it.get(value)) else tagged(it.get(value)) }
        }

        fun error(error: Throwable): Map<String, Any?> {
            val properties = KopoKopoException::class.declaredMemberProperties.filter { it.visibility == KVisibility.PUBLIC }
            val fields = properties.associate {
                val unit = if (it.returnType.jvmErasure == Duration::class) "_ms" else ""
                snakeCase(it.name) + unit to tagged(it.get(error as KopoKopoException))
            }
            val isRetried = error is TimeoutException || error is IOException
            return fields + mapOf("class" to error.javaClass.simpleName, "retried" to isRetried, "camel" to true)
        }
    }
}
