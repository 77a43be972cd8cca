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
import kotlin.reflect.jvm.jvmErasure
import kotlin.reflect.jvm.kotlinFunction

/** What the package exports. */
internal object Surface {
    /** Types that the contract does not list as records or objects. */
    private val OTHERS = setOf(KopoKopoException::class, TokenSource::class, TokenSources::class, JournalStore::class)

    private val compiled: List<Class<*>> by lazy { classes("dev.kopokopo") }

    /** The classes of a package, without those that are inside of others. */
    fun classes(name: String): List<Class<*>> {
        val root = File(KopoKopo::class.java.protectionDomain.codeSource.location.toURI())
        val files = root.resolve(name.replace('.', '/')).list()!!.filter { it.endsWith(".class") && '$' !in it }
        return files.sorted().map { Class.forName("$name.${it.removeSuffix(".class")}") }
    }

    /** Whether a class is one of the source, and not made of the functions of a file. */
    fun isType(compiled: Class<*>): Boolean = compiled.getAnnotation(Metadata::class.java).kind == 1

    val functions: List<KFunction<*>> by lazy { functions("dev.kopokopo") }

    /** The public functions of a package that are not in a class. */
    fun functions(name: String): List<KFunction<*>> =
        classes(name).filterNot(::isType).flatMap { it.declaredMethods.toList() }.mapNotNull { it.kotlinFunction }.filter(::isPublic)

    private val types: List<KClass<*>> by lazy { compiled.filter(::isType).map { it.kotlin }.filter { it.visibility == KVisibility.PUBLIC } - OTHERS }
    val enums: List<KClass<*>> by lazy { types.filter { it.java.isEnum || isWord(it) } }
    val unions: List<KClass<*>> by lazy { types.filter { it.isSealed } - enums.toSet() }

    /** The records that programs make and those that the library returns. `isPaidAtLeast` is their only function. */
    val records: List<KClass<*>> by lazy {
        (types - enums.toSet() - unions.toSet()).filter { type -> members(type).all { it.name in fields(type) + "isPaidAtLeast" } }
    }
    val objects: List<KClass<*>> by lazy { types - enums.toSet() - unions.toSet() - records.toSet() }

    fun isPublic(callable: KCallable<*>): Boolean = callable.visibility == KVisibility.PUBLIC

    /** The public members of a class, without those of `Any`. */
    fun members(type: KClass<*>): List<KCallable<*>> =
        (type.declaredFunctions + type.declaredMemberProperties).filter { isPublic(it) && it.name !in setOf("equals", "hashCode", "toString") }

    /** The names of the parameters of the constructor, which are the fields of a record. */
    fun fields(type: KClass<*>): List<String> = type.primaryConstructor?.let(::parameters).orEmpty().map { it.name!! }

    private fun parameters(of: KCallable<*>) = of.parameters.filter { it.kind == KParameter.Kind.VALUE }

    /** The names of the parameters, with the fields of a request or of options in place of it. */
    private fun arguments(of: KCallable<*>): List<String> = parameters(of).flatMap {
        val type = it.type.jvmErasure
        if (isInput(type)) fields(type) else listOf(it.name!!)
    }.map(::snakeCase)

    /** The arguments by the name of the function. All overloads, and the functions for Java, take the same. */
    private fun named(functions: List<KCallable<*>>, nameOf: (KCallable<*>) -> String = { it.name.removeSuffix("Blocking").removeSuffix("Async") }) =
        functions.filter(::isPublic).groupBy({ snakeCase(nameOf(it)) }, ::arguments).mapValues { (name, overloads) ->
            overloads.distinct().singleOrNull() ?: error("the overloads of $name differ: $overloads")
        }

    private fun methods(type: KClass<*>): Map<String, List<String>> {
        val factories = type.companionObject?.takeIf { it.visibility == KVisibility.PUBLIC }?.let(::members).orEmpty()
        return named(type.constructors.toList()) { "new" } + named(members(type) + factories) - "close"
    }

    fun words(type: KClass<*>): List<Any?> = type.java.enumConstants?.map { "$it".lowercase() }
        ?: type.sealedSubclasses.mapNotNull { it.objectInstance }.map { it.javaClass.getMethod("getWord").invoke(it) }

    private fun byName(types: List<KClass<*>>, content: (KClass<*>) -> Any?) = types.associate { it.simpleName!! to content(it) }

    /** Everything with the names of the contract. */
    fun read(): Map<String, Any?> {
        val (inputs, outputs) = records.partition(::isInput)
        val names = { type: KClass<*> -> fields(type).map(::snakeCase) }
        return mapOf(
            "objects" to byName(objects, ::methods),
            "records" to byName(outputs, names),
            "inputs" to byName(inputs, names),
            "unions" to byName(unions) { union -> union.sealedSubclasses.associate { snakeCase(it.simpleName!!) to names(it) } },
            "enums" to byName(enums, ::words),
            "errors" to KopoKopoException::class.sealedSubclasses.map { snakeCase(it.simpleName!!) },
            "error_fields" to members(KopoKopoException::class).map { snakeCase(it.name) } - "kind",
            "functions" to named(functions),
            "contract_hash" to contractHash(),
        )
    }
}
