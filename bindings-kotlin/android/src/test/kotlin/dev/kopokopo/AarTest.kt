package dev.kopokopo

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.w3c.dom.Document
import org.w3c.dom.Element
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.DataInputStream
import java.io.File
import java.lang.reflect.Executable
import java.lang.reflect.Modifier
import java.net.URLClassLoader
import java.util.zip.ZipInputStream
import javax.xml.parsers.DocumentBuilderFactory

/** Tests the contents of the built AAR. */
class AarTest {
    private val aar = File(System.getProperty("kopokopo.aar"))
    private val entries = unzip(aar.readBytes())
    private val classes = unzip(entries.getValue("classes.jar")).filterKeys { it.endsWith(".class") }

    @TempDir
    lateinit var folder: File

    private fun unzip(bytes: ByteArray): Map<String, ByteArray> = buildMap {
        ZipInputStream(ByteArrayInputStream(bytes)).use { zip ->
            generateSequence { zip.nextEntry }.filterNot { it.isDirectory }.forEach { put(it.name, zip.readBytes()) }
        }
    }

    private fun xml(bytes: ByteArray): Document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(ByteArrayInputStream(bytes))

    private fun Document.all(name: String): List<Element> = getElementsByTagName(name).let { found -> List(found.length) { found.item(it) as Element } }

    /** Every string in the constant pool of a class file: declared and referenced names, descriptors and literals. */
    private fun texts(file: ByteArray): Set<String> {
        val input = DataInputStream(ByteArrayInputStream(file))
        check(input.readInt() == 0xCAFEBABE.toInt()) { "not a class file" }
        input.skipNBytes(4)
        val count = input.readUnsignedShort()
        val texts = mutableSetOf<String>()
        var at = 1
        while (at < count) {
            when (val tag = input.readUnsignedByte()) {
                1 -> texts += input.readUTF()
                7, 8, 16, 19, 20 -> input.skipNBytes(2)
                15 -> input.skipNBytes(3)
                3, 4, 9, 10, 11, 12, 17, 18 -> input.skipNBytes(4)
                5, 6 -> input.skipNBytes(8).also { at++ }
                else -> error("unknown constant tag: $tag")
            }
            at++
        }
        return texts
    }

    private fun forbidden(file: ByteArray): List<String> = texts(file).filter { FORBIDDEN.containsMatchIn(it) }

    @Test
    fun `no class contains the name of a secret or of an operation that apps may not use`() {
        val found = classes.mapValues { forbidden(it.value) }.filterValues { it.isNotEmpty() }
        assertEquals(emptyMap<String, List<String>>(), found)
        assertTrue(classes.size > 100, "${classes.size}")
    }

    @Test
    fun `search finds forbidden names`() {
        fun bytes(type: Class<*>) = checkNotNull(type.getResourceAsStream("/${type.name.replace('.', '/')}.class")).use { it.readBytes() }
        assertEquals(setOf("clientSecret", "getClientSecret", "api_key"), forbidden(bytes(WithSecrets::class.java)).toSet())
        assertTrue("withTokenSource" in texts(classes.getValue("dev/kopokopo/KopoKopo\$Companion.class")))
    }

    @Test
    fun `no constructor or factory takes a secret`() {
        val jar = File(folder, "classes.jar").apply { writeBytes(entries.getValue("classes.jar")) }
        val platform = System.getProperty("java.class.path").split(File.pathSeparator).filter { it.endsWith(".jar") }
        val urls = (platform.map { File(it).toURI().toURL() } + jar.toURI().toURL()).toTypedArray()
        URLClassLoader(urls, ClassLoader.getPlatformClassLoader()).use { loader ->
            val loaded = classes.keys.map { Class.forName(it.removeSuffix(".class").replace('/', '.'), false, loader) }
            val client = loaded.single { it.name == "dev.kopokopo.KopoKopo" }
            assertEquals(0, client.constructors.count { !it.isSynthetic })
            val factories = client.declaredMethods.filter { Modifier.isStatic(it.modifiers) && !it.isSynthetic && it.returnType == client }
            assertEquals(setOf("withTokenSource"), factories.map { it.name }.toSet())
            val types = loaded.flatMap { type ->
                val executables: List<Executable> = type.declaredConstructors.toList() + type.declaredMethods
                executables.flatMap { it.parameterTypes.toList() } + type.declaredFields.map { it.type }
            }
            assertTrue(types.none { FORBIDDEN.containsMatchIn(it.name) })

            // The R8 rules keep all classes that JNA and the JVM find by name.
            val jna = loader.loadClass("com.sun.jna.Callback") to loader.loadClass("com.sun.jna.Structure")
            val named = loaded.filter { type ->
                jna.first.isAssignableFrom(type) || jna.second.isAssignableFrom(type) || type.declaredMethods.any { Modifier.isNative(it.modifiers) }
            }
            assertTrue(named.any { it.name == "dev.kopokopo.Native" } && named.size > 3)
            assertEquals(emptyList<String>(), named.map { it.name }.filterNot { it in NATIVE_CLASSES || it.startsWith("dev.kopokopo.ffi.") })
            val rules = entries.getValue("proguard.txt").decodeToString()
            val kept = listOf("com.sun.jna.** { *; }", "dev.kopokopo.ffi.** { *; }") + NATIVE_CLASSES.map { "$it { native <methods>;" }
            for (rule in kept.map { "-keep class $it" }) assertTrue(rule in rules, rule)
            assertTrue("void complete(long, byte[]);" in rules, "the native library calls it")
        }
    }

    @Test
    fun `archive has the files that the Android tools require`() {
        val others = entries.keys.filterNot { it.startsWith("jni/") }
        assertEquals(setOf("AndroidManifest.xml", "R.txt", "classes.jar", "proguard.txt"), others.toSet())
        val manifest = xml(entries.getValue("AndroidManifest.xml"))
        assertEquals("dev.kopokopo", manifest.documentElement.getAttribute("package"))
        assertEquals(System.getProperty("kopokopo.minSdk"), manifest.all("uses-sdk").single().getAttribute("android:minSdkVersion"))
        assertEquals("android.permission.INTERNET", manifest.all("uses-permission").single().getAttribute("android:name"))
        assertTrue(manifest.all("application").isEmpty(), "the manifest must not change the settings of the app")

        val libraries = entries.keys.filter { it.startsWith("jni/") }.toSet()
        val abis = if (aar.name.endsWith("-host.aar")) listOf("x86_64") else listOf("arm64-v8a", "armeabi-v7a", "x86_64", "x86")
        assertEquals(abis.map { "jni/$it/libkopokopo_ffi.so" }.toSet(), libraries)
    }

    @Test
    fun `POM depends on the AAR of JNA, which contains its native library`() {
        val pom = xml(File(aar.path.removeSuffix(".aar") + ".pom").readBytes())
        assertEquals("aar", pom.all("packaging").single().textContent)
        val dependencies = pom.all("dependency").associate { dependency ->
            fun text(name: String) = dependency.getElementsByTagName(name).item(0)?.textContent
            text("artifactId") to text("type")
        }
        assertEquals(mapOf("kotlin-stdlib" to null, "kotlinx-coroutines-core-jvm" to null, "jna" to "aar"), dependencies)
        assertTrue("\${" !in pom.documentElement.textContent, "all properties are replaced")
    }

    private companion object {
        /** The classes with native methods. */
        val NATIVE_CLASSES = setOf("dev.kopokopo.Native", "dev.kopokopo.NativeCalls")

        val FORBIDDEN = Regex(
            "client_?secret|api_?key|client_?options|client_?id|oauth|webhook|send_?money|disbursement|recipient|reversal|subscription|private_?token|from_?env|K2_[A-Z]",
            RegexOption.IGNORE_CASE,
        )
    }
}

/** A class that must not be in the AAR. */
@Suppress("unused")
private class WithSecrets(val clientSecret: String) {
    val option: String get() = "api_key"
}
