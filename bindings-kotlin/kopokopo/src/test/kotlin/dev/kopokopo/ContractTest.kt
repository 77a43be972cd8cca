package dev.kopokopo

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import java.io.File
import kotlin.reflect.KCallable
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.KParameter
import kotlin.reflect.KVisibility
import kotlin.reflect.full.companionObject
import kotlin.reflect.full.declaredFunctions
import kotlin.reflect.full.declaredMemberProperties
import kotlin.reflect.full.primaryConstructor
import kotlin.reflect.jvm.kotlinFunction

private typealias Listed = Map<String, Map<*, *>>

/** The package exposes exactly the names in the contract (tests/contract.json). */
class ContractTest {
    private val contract = readJson(File(TESTS, "contract.json"))

    /** Watches are not public: flows contain them. */
    private val objects = listed("objects").filterKeys { !it.endsWith("Watch") }
    private val records = listed("records").filterValues { it["flattened"] == false }
    private val enums = listed("enums")

    @Suppress("UNCHECKED_CAST")
    private fun listed(name: String): Listed = (contract.getValue(name) as Listed).also { assertFalse(it.isEmpty(), name) }

    @Suppress("UNCHECKED_CAST")
    private fun parts(of: Map<*, *>, name: String): Listed = of[name] as Listed

    /** The names in a list, in camel case. */
    private fun names(of: Map<*, *>, name: String): List<String> = (of[name] as List<*>).map { camelCase("$it") }

    private fun type(name: String): KClass<*> = Class.forName("dev.kopokopo.$name").kotlin

    private fun isPublic(of: KCallable<*>) = of.visibility == KVisibility.PUBLIC

    private fun parameterNames(callable: KFunction<*>): List<String?> = callable.parameters.filter { it.kind == KParameter.Kind.VALUE }.map { it.name }

    /** The public members of a class, without those of `Any`. */
    private fun members(type: KClass<*>): List<KCallable<*>> =
        (type.declaredFunctions + type.declaredMemberProperties).filter { isPublic(it) && it.name !in ANY }

    private fun constructors(type: KClass<*>): List<KFunction<*>> = type.constructors.filter(::isPublic)

    /** The top-level classes of the package, including the classes that contain the functions of a file. */
    private fun compiled(): List<Class<*>> = File(KopoKopo::class.java.protectionDomain.codeSource.location.toURI()).resolve("dev/kopokopo").list()!!
        .filter { it.endsWith(".class") && '$' !in it }.map { Class.forName("dev.kopokopo.${it.removeSuffix(".class")}") }

    private fun isClass(compiled: Class<*>) = compiled.getAnnotation(Metadata::class.java).kind == 1

    @Test
    fun `package has exactly the names of the contract`() {
        val found = compiled().filter { isClass(it) && it.kotlin.visibility == KVisibility.PUBLIC }.map { it.simpleName }
        val others = setOf("KopoKopoException", "TokenSource", "TokenSources")
        assertEquals((objects.keys + records.keys + enums.keys + others).sorted(), found.sorted())
        val functions = compiled().filterNot(::isClass).flatMap { it.declaredMethods.toList() }
            .mapNotNull { it.kotlinFunction }.filter(::isPublic)
        // A method in Kotlin, not a function.
        val expected = listed("functions").mapKeys { camelCase(it.key) } - "isPaidAtLeast"
        assertEquals(expected.keys.sorted(), functions.map { it.name }.sorted())
        for (function in functions) assertEquals(names(expected.getValue(function.name), "parameters"), parameterNames(function), function.name)
    }

    @TestFactory
    fun `objects have the methods of the contract`(): List<DynamicTest> = objects.map { (name, listed) ->
        dynamicTest(name) {
            val type = type(name)
            val methods = parts(listed, "methods").mapKeys { camelCase(it.key) }
            val found = members(type).groupBy { it.name }
            val waits = methods.filterValues { it["async"] == true }.keys
            // Java blocks or uses a future. A watch is a flow in Kotlin and a stream in Java.
            val javaMethods = waits.flatMap { listOf("${it}Blocking", "${it}Async") } + if ("watch" in methods) listOf("watchBlocking") else emptyList()
            assertEquals((methods.keys + javaMethods).sorted(), (found.keys - "close").sorted())
            for ((method, listedMethod) in methods) for (overload in found.getValue(method)) checkMethod(listedMethod, overload)
            for (method in waits) {
                val functions = found.getValue("${method}Blocking") + found.getValue("${method}Async")
                assertTrue(functions.none { it.isSuspend }, method)
                assertEquals(2, functions.count { parameterNames(it as KFunction<*>) == names(methods.getValue(method), "arguments") }, method)
            }
        }
    }

    /** A function takes either a request or its fields. */
    private fun checkMethod(listed: Map<*, *>, found: KCallable<*>) {
        assertEquals(listed["async"], found.isSuspend, found.name)
        val parameterNames = if (found is KFunction<*>) parameterNames(found) else emptyList()
        assertTrue(parameterNames == names(listed, "parameters") || parameterNames == names(listed, "arguments"), "${found.name}$parameterNames")
    }

    @TestFactory
    fun `objects have the constructors of the contract`(): List<DynamicTest> = objects.map { (name, listed) ->
        dynamicTest(name) {
            val type = type(name)
            val named = parts(listed, "constructors").mapKeys { camelCase(it.key) }
            val factories = type.companionObject?.takeIf { it.visibility == KVisibility.PUBLIC }?.let(::members).orEmpty()
            val forms = (named - "new").mapValues { setOf(names(it.value, "arguments"), names(it.value, "parameters")) }
            assertEquals(forms, factories.groupBy({ it.name }, { parameterNames(it as KFunction<*>) }).mapValues { it.value.toSet() })
            val found = constructors(type).map(::parameterNames).toSet()
            val expected = named["new"]?.let { setOf(names(it, "parameters"), names(it, "arguments")) }.orEmpty()
            assertEquals(expected, found)
        }
    }

    @TestFactory
    fun `records have the fields of the contract`(): List<DynamicTest> = records.map { (name, listed) ->
        dynamicTest(name) {
            record(
                type(name),
                names(listed, "fields"),
                listed["out"] == false,
                isMadeByCallers =
                listed["out"] == false,
            )
        }
    }

    private fun record(type: KClass<*>, fields: List<String>, isBuilt: Boolean, isMadeByCallers: Boolean) {
        // A data class has `copy` and `componentN`, which change when a record gets a field.
        assertFalse(type.isData, "$type")
        val constructor = type.primaryConstructor!!
        assertEquals(fields, parameterNames(constructor))
        assertEquals(isMadeByCallers, isPublic(constructor), "$type")
        val methods = if ("paymentKey" in fields && "raw" in fields) listOf("isPaidAtLeast") else emptyList()
        assertEquals((fields + methods).sorted(), members(type).map { it.name }.sorted())
        val builder = type.nestedClasses.find { it.simpleName == "Builder" }
        assertEquals(isBuilt, builder != null, "only input records have a builder")
        if (builder != null) assertEquals((fields + "build").sorted(), members(builder).map { it.name }.sorted())
    }

    @TestFactory
    fun `enumerations have the words of the contract`(): List<DynamicTest> = enums.filterValues { it["shape"] != "union" }.map { (name, listed) ->
        dynamicTest(name) {
            val type = type(name)
            val words = (listed["variants"] as Map<*, *>).keys
            if (listed["shape"] == "closed") {
                assertEquals(words, type.java.enumConstants.map { "$it".lowercase() }.toSet())
            } else {
                val (known, other) = type.sealedSubclasses.partition { it.objectInstance != null }
                val word = type.java.getMethod("getWord")
                assertEquals(words, known.map { word.invoke(it.objectInstance) }.toSet())
                assertEquals(listOf("Other"), other.map { it.simpleName })
                val of = type.java.getMethod("of", String::class.java)
                for (variant in known) assertEquals(variant.objectInstance, of.invoke(null, word.invoke(variant.objectInstance)))
            }
        }
    }

    @TestFactory
    fun `unions have the variants of the contract`(): List<DynamicTest> = enums.filterValues { it["shape"] == "union" }.flatMap { (name, listed) ->
        val found = type(name).sealedSubclasses.associateBy { snakeCase(it.simpleName!!) }
        val variants = listed["variants"] as Map<*, *>
        val all = dynamicTest(name) { assertEquals(variants.keys, found.keys) }
        listOf(all) + variants.map { (word, content) ->
            dynamicTest("$name $word") {
                val variant = found.getValue("$word")
                if (content !is Map<*, *>) {
                    assertTrue(variant.objectInstance != null)
                } else if (listed["in"] == true) {
                    record(variant, names(content, "fields"), isBuilt = true, isMadeByCallers = true)
                } else {
                    record(variant, listOf(camelCase("${content["field"]}")), isBuilt = false, isMadeByCallers = true)
                }
            }
        }
    }

    @Test
    fun `every kind of error has one class with the fields of the contract`() {
        val error = contract.getValue("error") as Map<*, *>
        val classes = KopoKopoException::class.sealedSubclasses
        assertEquals((error["kinds"] as List<*>).toSet(), classes.map { snakeCase(it.simpleName!!) }.toSet())
        assertEquals((names(error, "fields") + "kind").toSet(), members(KopoKopoException::class).map { it.name }.toSet())
        for (type in classes) {
            val error = type.java.getConstructor(KopoKopoException.Fields::class.java).newInstance(KopoKopoException.Fields("d"))
            assertEquals(snakeCase(type.simpleName!!), (error as KopoKopoException).kind)
            assertEquals(emptyList<Any>(), members(type) + constructors(type), "$type")
        }
    }

    @Test
    fun `contract hash matches the contract`() = assertEquals(contract["hash"], contractHash())

    private companion object {
        val ANY = setOf("equals", "hashCode", "toString")
    }
}
