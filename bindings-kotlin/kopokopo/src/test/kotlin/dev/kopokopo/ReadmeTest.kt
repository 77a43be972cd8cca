package dev.kopokopo

import dev.kopokopo.journal.withJournal
import org.jetbrains.kotlin.cli.common.ExitCode
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler
import org.jetbrains.kotlin.config.KotlinCompilerVersion
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import javax.tools.ToolProvider

/** Snippets under these headings need another package, which tests them. */
private val OTHER_PACKAGES = setOf("Ktor", "Spring Boot", "Android")

/** What the READMEs print about the payment of `unknownWage`. */
private const val UNKNOWN_WAGE = "look for it in the dashboard: wages-2026-11-employee-8"

private val SNIPPET = Regex("^## (.*)\$|^```(kotlin|java)\\n([^`]*(?:`[^`]+)*?)^```", RegexOption.MULTILINE)
private val WAIT = Regex("\\.(wait|watch)\\(\\)")
private val WAIT_BY_ID = Regex("\\.(wait|watch)\\((push\\.id)\\)")
private val JAVA_WAIT = Regex("\\.(waitAsync|waitBlocking|watchBlocking)\\((push\\.getId\\(\\))\\)")
private val IMPORT = Regex("^import .*\\n", RegexOption.MULTILINE)

/** Compiles the Kotlin and Java snippets of the READMEs and runs them against a sandbox. */
class ReadmeTest {
    @TempDir
    lateinit var folder: Path

    private val root = File(System.getProperty("kopokopo.root"))
    private val classpath = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")

    private fun snippets(readme: File, language: String): String {
        var heading = ""
        val found = ArrayList<String>()
        for (match in SNIPPET.findAll(readme.readText())) {
            if (match.groupValues[1].isNotEmpty()) heading = match.groupValues[1]
            if (match.groupValues[2] == language && heading !in OTHER_PACKAGES) found += match.groupValues[3]
        }
        assertTrue(found.isNotEmpty(), "$readme has no $language")
        // The sandbox has results immediately, so shorter poll intervals make the test faster.
        val statements = found.joinToString("\n")
        if (language == "java") return statements.replace(JAVA_WAIT, ".$1($2, WaitOptions.builder().interval(java.time.Duration.ofMillis(20)).build())")
        return statements.replace(WAIT, ".$1(interval = java.time.Duration.ofMillis(20))")
            .replace(WAIT_BY_ID, ".$1($2, interval = java.time.Duration.ofMillis(20))")
    }

    /** Inserts the statements at `BODY`, and their imports at `IMPORTS`. */
    private fun program(template: String, statements: String): String {
        val imports = IMPORT.findAll(statements).map { it.value }.distinct().joinToString("")
        return template.replace("IMPORTS", imports).replace("BODY", IMPORT.replace(statements, ""))
    }

    private fun write(name: String, source: String): String = folder.resolve(name).toFile().apply { writeText(source) }.path

    private fun kotlin(vararg files: String) {
        val output = ByteArrayOutputStream()
        val options = arrayOf("-no-stdlib", "-no-reflect", "-jvm-target", "17", "-classpath", classpath, "-d", "$folder")
        assertEquals(ExitCode.OK, K2JVMCompiler().exec(PrintStream(output), *options, *files), "$output")
    }

    private fun java(file: String) {
        val output = ByteArrayOutputStream()
        val exitCode = ToolProvider.getSystemJavaCompiler().run(null, output, output, "-classpath", classpath, "-d", "$folder", file)
        assertEquals(0, exitCode, "$output")
    }

    /** Runs a program, which must succeed, and returns the lines that it prints. */
    private fun run(main: String): List<String> = Sandbox().use { sandbox ->
        val body = File(System.getProperty("kopokopo.root"), "tests/vectors/payloads/result-incoming-payment-success.json").readText()
        val process = ProcessBuilder(File(System.getProperty("java.home"), "bin/java").path, "-cp", "$folder${File.pathSeparator}$classpath", main)
        process.environment() += mapOf(
            "K2_BASE_URL" to sandbox.baseUrl,
            "K2_CLIENT_ID" to sandbox.clientId,
            "K2_CLIENT_SECRET" to sandbox.clientSecret,
            "K2_API_KEY" to sandbox.apiKey,
            "WEBHOOK" to body,
            "SIGNATURE" to signWebhook(sandbox.apiKey, body.toByteArray()),
        )
        unknownWage(sandbox)
        val output = folder.resolve("output").toFile()
        val running = process.directory(folder.toFile()).redirectErrorStream(true).redirectOutput(output).start()
        val ended = running.waitFor(60, TimeUnit.SECONDS)
        if (!ended) running.destroyForcibly()
        assertTrue(ended && running.exitValue() == 0, output.readText())
        output.readLines()
    }

    /** Leaves a payment with an unknown outcome in the journal of the READMEs, sent an hour ago. */
    private fun unknownWage(sandbox: Sandbox) {
        val database = TestDatabase.sqlite("$folder/payments.db")
        sandbox.fault("send_money.create", "reset_after_effect")
        assertThrows<KopoKopoException.OutcomeUnknown> { pay(sandbox.client().withJournal(database), "wages-2026-11-employee-8") }
        database.connection.use { connection ->
            connection.createStatement().use { it.execute("UPDATE kopokopo_journal SET created_at = created_at - 3600000") }
        }
    }

    @Test
    fun `compiler is the oldest Kotlin version that can read the package`() {
        assertTrue(KotlinCompilerVersion.VERSION.startsWith("2.2."), KotlinCompilerVersion.VERSION)
        val metadata = KopoKopo::class.java.getAnnotation(Metadata::class.java)
        assertEquals(listOf(2, 2), metadata.metadataVersion.take(2))
    }

    @Test
    fun `Kotlin of the package's README runs`() {
        val template = """
            IMPORTS
            suspend fun main() {
                val (body, signature) = System.getenv("WEBHOOK").toByteArray() to System.getenv("SIGNATURE")
                BODY
            }
        """.trimIndent()
        kotlin(write("Readme.kt", program(template, snippets(File(root, "bindings-kotlin/README.md"), "kotlin"))))
        val lines = run("ReadmeKt")
        val prefixes = listOf("push ", "paid: mpesa:received:", "Success", "true", "delivery ", "money mpesa:received:", "sent ", "sent ", UNKNOWN_WAGE)
        assertEquals(prefixes.size + 3, lines.size, "$lines")
        for ((prefix, line) in prefixes.zip(lines)) assertTrue(line.startsWith(prefix), "$lines")
        assertEquals(1, lines.filter { it.startsWith("sent ") }.toSet().size, "$lines")
        assertEquals(listOf("outcome_unknown", "true"), lines.takeLast(2), "$lines")
    }

    @Test
    fun `Java of the package's README runs`() {
        val template = """
            IMPORTS
            public class Readme {
                public static void main(String[] arguments) {
                    byte[] body = System.getenv("WEBHOOK").getBytes();
                    String signature = System.getenv("SIGNATURE");
                    BODY
                }
            }
        """.trimIndent()
        java(write("Readme.java", program(template, snippets(File(root, "bindings-kotlin/README.md"), "java"))))
        val lines = run("Readme")
        assertEquals(listOf("true", "Success", "true"), lines.drop(1).take(3), "$lines")
        assertTrue(lines[4].startsWith("sent ") && lines[5].startsWith(UNKNOWN_WAGE), "$lines")
    }
}
