package dev.kopokopo

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

/** What the package exports, with the names of the contract. */
internal object Surface {
    private val compiled: List<Class<*>> by lazy {
        val folder = File(KopoKopo::class.java.protectionDomain.codeSource.location.toURI()).resolve("dev/kopokopo")
        folder.list()!!.filter { it.endsWith(".class") && '$' !in it }.map { Class.forName("dev.kopokopo.${it.removeSuffix(".class")}") }
    }
    private val isType = { compiled: Class<*> -> compiled.getAnnotation(Metadata::class.java).kind == 1 }

    val functions: List<KFunction<*>> by lazy {
        compiled.filterNot(isType).flatMap { it.declaredMethods.toList() }.mapNotNull { it.kotlinFunction }.filter(::isPublic)
    }

    private fun isPublic(callable: KCallable<*>) = callable.visibility == KVisibility.PUBLIC

    private fun parameters(of: KCallable<*>) = of.parameters.filter { it.kind == KParameter.Kind.VALUE }.map { snakeCase(it.name!!) }

    /** The functions by their names, each with its longest list of parameters. The functions for Java have the names of the others. */
    private fun named(functions: List<KCallable<*>>) = functions.filter(::isPublic)
        .groupBy({ snakeCase(it.name.removeSuffix("Blocking").removeSuffix("Async")) }, ::parameters)
        .mapValues { (_, overloads) -> overloads.maxBy { it.size } }

    private fun methods(type: KClass<*>): Map<String, List<String>> {
        val members = type.declaredFunctions + type.declaredMemberProperties + type.companionObject?.declaredFunctions.orEmpty()
        return named(members) - setOf("equals", "hash_code", "to_string", "close")
    }

    private fun fields(type: KClass<*>) = type.primaryConstructor?.let(::parameters).orEmpty()

    private fun words(type: Class<*>): List<Any?> = type.enumConstants?.map { "$it".lowercase() }
        ?: type.kotlin.sealedSubclasses.mapNotNull { it.objectInstance }.map { it.javaClass.getMethod("getWord").invoke(it) }

    fun read(): Map<String, Any?> {
        val types = compiled.filter { isType(it) && it.kotlin.visibility == KVisibility.PUBLIC } - listOf(KopoKopoException::class.java)
        val (enums, others) = types.partition { type -> type.isEnum || type.methods.any { it.name == "getWord" } }
        val (unions, classes) = others.partition { it.kotlin.isSealed }
        val (objects, records) = classes.partition { fields(it.kotlin) == listOf("raw") || it.isInterface }
        return mapOf(
            "objects" to objects.associate { it.simpleName to methods(it.kotlin) },
            "records" to records.associate { it.simpleName to fields(it.kotlin) },
            "unions" to unions.associate { union -> union.simpleName to union.kotlin.sealedSubclasses.associate { snakeCase(it.simpleName!!) to fields(it) } },
            "enums" to enums.associate { it.simpleName to words(it) },
            "errors" to KopoKopoException::class.sealedSubclasses.map { snakeCase(it.simpleName!!) },
            "functions" to named(functions),
            "contract_hash" to contractHash(),
        )
    }
}
