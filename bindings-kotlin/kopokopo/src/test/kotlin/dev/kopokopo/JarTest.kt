package dev.kopokopo

import com.sun.jna.Callback
import com.sun.jna.Structure
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.w3c.dom.Element
import java.io.File
import java.lang.reflect.Modifier
import javax.xml.parsers.DocumentBuilderFactory

/** Files in the jar for tools: the metadata for native images, and the POM data for Maven Central. */
class JarTest {
    private val classes = File(KopoKopo::class.java.protectionDomain.codeSource.location.toURI())
    private val bindings = File(System.getProperty("kopokopo.root"), "bindings-kotlin")

    /** The classes that JNA and the JVM find by name, with the access that each needs. */
    private fun foundByName(): Map<String, String> {
        val types = classes.resolve("dev/kopokopo").walk().filter { it.extension == "class" }
            .map { it.relativeTo(classes).path.removeSuffix(".class").replace(File.separatorChar, '.') }
            .map { Class.forName(it, false, javaClass.classLoader) }
        return types.mapNotNull { type ->
            when {
                Structure::class.java.isAssignableFrom(type) -> type.name to """"allDeclaredFields": true, "allDeclaredConstructors": true"""
                Callback::class.java.isAssignableFrom(type) -> type.name to """"allDeclaredMethods": true, "allPublicMethods": true"""
                type.declaredMethods.any { Modifier.isNative(it.modifiers) } -> type.name to """"jniAccessible": true, "allDeclaredMethods": true"""
                else -> null
            }
        }.toMap().toSortedMap()
    }

    @Test
    fun `reachability metadata lists the classes that JNA and the JVM find by name`() {
        val entries = foundByName().map { (name, needs) -> """    {"type": "$name", $needs}""" }
        assertTrue(entries.size > 20, "${entries.size}")
        val expected = buildString {
            appendLine("{")
            appendLine("  \"reflection\": [")
            appendLine(entries.joinToString(",\n"))
            appendLine("  ],")
            appendLine("  \"resources\": [")
            appendLine("    {\"glob\": \"dev/kopokopo/native/**\"}")
            appendLine("  ]")
            appendLine("}")
        }
        val file = bindings.resolve("kopokopo/src/main/resources/$METADATA")
        val found = if (file.exists()) file.readText() else ""
        if (found != expected) {
            val proposed = File(classes.parentFile, "reachability-metadata.json").apply { writeText(expected) }
            assertEquals(expected, found, "copy $proposed to $file")
        }
        assertTrue(classes.resolve(METADATA).exists(), "the metadata is in the jar")
    }

    @Test
    fun `POMs have the data that Maven Central requires`() {
        for (pom in listOf("pom.xml", "android/src/main/aar/pom.xml")) {
            val project = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(bindings.resolve(pom)).documentElement
            fun path(vararg names: String): String = names.fold(project as Element?) { element, name ->
                element?.childNodes?.let { nodes -> List(nodes.length) { nodes.item(it) }.filterIsInstance<Element>().find { it.tagName == name } }
            }?.textContent.orEmpty().trim()
            for (needed in listOf("name", "description", "url")) assertTrue(path(needed).isNotEmpty(), "$pom: $needed")
            for (needed in listOf("name", "url")) assertTrue(path("licenses", "license", needed).isNotEmpty(), "$pom: a license's $needed")
            for (needed in listOf("name", "url")) assertTrue(path("developers", "developer", needed).isNotEmpty(), "$pom: a developer's $needed")
            for (needed in listOf("url", "connection", "developerConnection")) assertTrue(path("scm", needed).isNotEmpty(), "$pom: scm's $needed")
        }
    }

    private companion object {
        const val METADATA = "META-INF/native-image/dev.kopokopo/kopokopo/reachability-metadata.json"
    }
}
