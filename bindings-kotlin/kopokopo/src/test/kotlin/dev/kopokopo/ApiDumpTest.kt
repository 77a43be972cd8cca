package dev.kopokopo

import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test
import java.io.File
import kotlin.reflect.KCallable
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.KParameter
import kotlin.reflect.KProperty
import kotlin.reflect.KVisibility
import kotlin.reflect.full.companionObject
import kotlin.reflect.full.declaredFunctions
import kotlin.reflect.full.declaredMemberProperties
import kotlin.reflect.full.extensionReceiverParameter

/** The public API is the one in api.txt. A change of it shows in the diff of that file. */
class ApiDumpTest {
    private val isVisible = { found: KVisibility? -> found == KVisibility.PUBLIC || found == KVisibility.PROTECTED }

    private fun signature(callable: KCallable<*>): String {
        val parameters = callable.parameters.filter { it.kind == KParameter.Kind.VALUE }
            .joinToString { "${it.name}: ${it.type}${if (it.isOptional) " = ..." else ""}" }
        val receiver = callable.extensionReceiverParameter?.let { "${it.type}." }.orEmpty()
        return when (callable) {
            is KFunction<*> -> "${if (callable.isSuspend) "suspend " else ""}fun $receiver${callable.name}($parameters): ${callable.returnType}"
            is KProperty<*> -> "val ${callable.name}: ${callable.returnType}"
            else -> error("$callable")
        }
    }

    private fun describe(type: KClass<*>): List<String> {
        val name = type.qualifiedName
        val kind = listOfNotNull("sealed".takeIf { type.isSealed }, "open".takeIf { type.isOpen }, "data".takeIf { type.isData }).joinToString(" ")
        val parents = type.supertypes.filter { it.classifier != Any::class }.joinToString()
        val members = type.constructors + type.declaredFunctions + type.declaredMemberProperties
        val shown = members.filter { isVisible(it.visibility) }.map { "$name ${signature(it)}" }.sorted()
        val nested = (type.nestedClasses + listOfNotNull(type.companionObject)).distinct().filter { isVisible(it.visibility) }.sortedBy { it.qualifiedName }
        return listOf("$kind class $name : $parents".trim()) + shown + nested.flatMap(::describe)
    }

    private fun dump(): String {
        val types = listOf("dev.kopokopo", "dev.kopokopo.journal", "dev.kopokopo.testing").flatMap(Surface::classes).filter(Surface::isType).map { it.kotlin }
        val functions = Surface.functions + Surface.functions("dev.kopokopo.journal")
        val lines = types.filter { isVisible(it.visibility) }.flatMap(::describe) + functions.map(::signature).sorted()
        return lines.joinToString("\n", postfix = "\n")
    }

    @Test
    fun `public API is the one in the file`() {
        val file = File(System.getProperty("kopokopo.root"), "bindings-kotlin/kopokopo/api.txt")
        val found = dump()
        val committed = if (file.exists()) file.readText() else ""
        if (found != committed) {
            val proposed = File("target/api.txt").apply { writeText(found) }
            val lines = found.lines().toSet() to committed.lines().toSet()
            val difference = (lines.second - lines.first).map { "- $it" } + (lines.first - lines.second).map { "+ $it" }
            fail<Unit>("the public API changed. Read the difference, and copy ${proposed.absolutePath} to $file\n${difference.joinToString("\n")}")
        }
    }
}
