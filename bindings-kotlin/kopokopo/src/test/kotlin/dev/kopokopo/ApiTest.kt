package dev.kopokopo

import kotlinx.coroutines.flow.Flow
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.full.primaryConstructor
import kotlin.reflect.full.valueParameters
import kotlin.reflect.jvm.jvmErasure

/** What the types of the package have for Kotlin and Java. The conformance tests compare their names with the contract. */
class ApiTest {
    private fun record(type: KClass<*>, isMadeByCallers: Boolean) {
        // A data class has `copy` and `componentN`, which change when a record gets a field.
        assertFalse(type.isData, "$type")
        val fields = Surface.fields(type)
        assertEquals(isMadeByCallers, Surface.isPublic(type.primaryConstructor!!), "$type")
        val methods = if ("paymentKey" in fields && "raw" in fields) listOf("isPaidAtLeast") else emptyList()
        assertEquals((fields + methods).sorted(), Surface.members(type).map { it.name }.sorted(), "$type")
        val builder = type.nestedClasses.find { it.simpleName == "Builder" } ?: return
        assertEquals((fields + "build").sorted(), Surface.members(builder).map { it.name }.sorted(), "$type")
    }

    @Test
    fun `records have their fields, and those that programs make have a constructor and a builder`() {
        assertTrue(Surface.records.any(::isInput) && !Surface.records.all(::isInput))
        for (type in Surface.records) record(type, isMadeByCallers = isInput(type))
        for (type in Destination::class.sealedSubclasses) {
            record(type, isMadeByCallers = true)
            assertTrue(isInput(type), "$type")
        }
        for (type in EventPayload::class.sealedSubclasses.filter { it.objectInstance == null }) {
            record(type, isMadeByCallers = true)
            assertFalse(isInput(type), "$type")
        }
    }

    private fun parameters(function: KFunction<*>) = function.valueParameters.map { it.name to it.type }

    @Test
    fun `every suspend function has two functions for Java, and every flow has a stream`() {
        var count = 0
        for (type in Surface.objects) {
            val functions = Surface.members(type).filterIsInstance<KFunction<*>>()
            val isFlow = { function: KFunction<*> -> function.returnType.jvmErasure == Flow::class }
            val (kotlin, others) = functions.partition { it.isSuspend || isFlow(it) }
            val java = others.filter { it.name.endsWith("Blocking") || it.name.endsWith("Async") }
            val expected = kotlin.groupBy { it.name }.flatMap { (name, overloads) ->
                val suffixes = if (isFlow(overloads.first())) listOf("Blocking") else listOf("Blocking", "Async")
                // Java passes a request, where Kotlin passes it or its fields.
                val passed = overloads.find(::takesRequest) ?: overloads.single()
                suffixes.map { "$name$it" to parameters(passed) }
            }
            assertEquals(expected.toMap(), java.associate { it.name to parameters(it) }, "$type")
            assertEquals(expected.size, java.size, "$type")
            count += java.size
        }
        assertTrue(count > 100, "$count")
    }

    private fun takesRequest(function: KFunction<*>) = function.valueParameters.any { isInput(it.type.jvmErasure) }

    @Test
    fun `open enumerations keep unknown words`() {
        val open = Surface.enums.filter(::isWord)
        assertTrue(open.isNotEmpty())
        for (type in open) {
            val (known, other) = type.sealedSubclasses.partition { it.objectInstance != null }
            assertEquals(listOf("Other"), other.map { it.simpleName })
            val of = type.java.getMethod("of", String::class.java)
            assertEquals(known.map { it.objectInstance }, Surface.words(type).map { of.invoke(null, it) })
            assertEquals(other.single(), of.invoke(null, "unknown")::class)
        }
    }

    @Test
    fun `class of an error has the name of its kind and no member of its own`() {
        for (type in KopoKopoException::class.sealedSubclasses) {
            val error = type.java.getConstructor(KopoKopoException.Fields::class.java).newInstance(KopoKopoException.Fields("d"))
            assertEquals(snakeCase(type.simpleName!!), (error as KopoKopoException).kind)
            assertEquals(emptyList<Any>(), Surface.members(type) + type.constructors.filter(Surface::isPublic), "$type")
        }
    }
}
