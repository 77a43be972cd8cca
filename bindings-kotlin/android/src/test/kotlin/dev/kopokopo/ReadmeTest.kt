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

/** The README's Kotlin for apps runs as it stands, against a sandbox. */
class ReadmeTest {
    @TempDir
    lateinit var folder: File

    @Test
    fun `an app takes a payment as the README says`() {
        val section = File("../README.md").readText().substringAfter("\n## Android\n").substringBefore("\n## ")
        val snippet = section.substringAfter("```kotlin\n").substringBefore("```")
        val (imports, statements) = snippet.lines().partition { it.startsWith("import ") }
        Backend().use { backend ->
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
                |    val said = ArrayList<String>()
                |    fun println(what: Any) { said += "${'$'}what" }
                |    ${body.replace("\n", "\n|")}
                |    said
                |}
                """.trimMargin(),
            )
            val said = ByteArrayOutputStream()
            val classpath = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
            val code = K2JVMCompiler().exec(
                PrintStream(
                    said,
                ),
                "-no-stdlib", "-no-reflect", "-jvm-target", "17", "-classpath", classpath, "-d", "$folder", program.path,
            )
            assertEquals(ExitCode.OK, code, "$said")
            URLClassLoader(arrayOf(folder.toURI().toURL()), javaClass.classLoader).use { loader ->
                val run = loader.loadClass("readme.ProgramKt").getMethod("run", TokenSource::class.java)
                assertEquals("Success", (run.invoke(null, backend.source) as List<*>).last())
            }
        }
    }
}
