package dev.kopokopo

import org.jetbrains.kotlin.cli.common.ExitCode
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import java.net.URLClassLoader

/** Compiles the README's Kotlin code for apps and runs it against a sandbox. */
class ReadmeTest {
    @TempDir
    lateinit var folder: File

    @Test
    fun `Kotlin code for apps in the README runs`() {
        val section = File("../README.md").readText().substringAfter("\n## Android\n").substringBefore("\n## ")
        val snippet = section.substringAfter("```kotlin\n").substringBefore("```")
        val (imports, statements) = snippet.lines().partition { it.startsWith("import ") }
        TestBackend().use { backend ->
            val body = statements.joinToString("\n    ")
                .replace("environment = Environment.SANDBOX", "baseUrl = \"${backend.baseUrl}\"")
                .replace(".watch(push.id)", ".watch(push.id, interval = java.time.Duration.ofMillis(20))")
            val program = File(folder, "Program.kt")
            program.writeText(
                """
                |package readme
                |
                |${imports.joinToString("\n|")}
                |
                |fun run(backend: TokenSource): List<String> = kotlinx.coroutines.runBlocking {
                |    val lines = ArrayList<String>()
                |    fun println(value: Any) { lines += "${'$'}value" }
                |    ${body.replace("\n", "\n|")}
                |    lines
                |}
                """.trimMargin(),
            )
            val output = ByteArrayOutputStream()
            val classpath = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
            val code = K2JVMCompiler().exec(
                PrintStream(output),
                "-no-stdlib", "-no-reflect", "-jvm-target", "17", "-classpath", classpath, "-d", "$folder", program.path,
            )
            assertEquals(ExitCode.OK, code, "$output")
            URLClassLoader(arrayOf(folder.toURI().toURL()), javaClass.classLoader).use { loader ->
                val run = loader.loadClass("readme.ProgramKt").getMethod("run", TokenSource::class.java)
                assertEquals("Success", (run.invoke(null, backend.source) as List<*>).last())
            }
        }
    }
}
