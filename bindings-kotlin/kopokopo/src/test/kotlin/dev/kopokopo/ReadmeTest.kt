package dev.kopokopo

import org.jetbrains.kotlin.cli.common.ExitCode
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler
import org.jetbrains.kotlin.config.KotlinCompilerVersion
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import javax.tools.ToolProvider

/** The snippets under these headings need another package, which tries them. */
private val ELSEWHERE = setOf("Ktor", "Spring Boot", "Android")

private val SNIPPET = Regex("^## (.*)\$|^```(kotlin|java)\\n([^`]*(?:`[^`]+)*?)^```", RegexOption.MULTILINE)
private val WAIT = Regex("\\.(wait|watch)\\(\\)")
private val WAIT_BY_ID = Regex("\\.(wait|watch)\\((push\\.id)\\)")
private val JAVA_WAIT = Regex("\\.(waitAsync|waitBlocking|watchBlocking)\\((push\\.getId\\(\\))\\)")
private val IMPORT = Regex("^import .*\\n", RegexOption.MULTILINE)

/** The READMEs' Kotlin and Java run as they stand, against a sandbox. */
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
            if (match.groupValues[2] == language && heading !in ELSEWHERE) found += match.groupValues[3]
        }
        assertTrue(found.isNotEmpty(), "$readme has no $language")
        // Nobody waits seconds for what is there at once.
        val statements = found.joinToString("\n")
        if (language == "java") return statements.replace(JAVA_WAIT, ".$1($2, WaitOptions.builder().interval(java.time.Duration.ofMillis(20)).build())")
        return statements.replace(WAIT, ".$1(interval = java.time.Duration.ofMillis(20))")
            .replace(WAIT_BY_ID, ".$1($2, interval = java.time.Duration.ofMillis(20))")
    }

    /** Statements in place of `BODY`, their imports above. */
    private fun program(template: String, statements: String): String {
        val imports = IMPORT.findAll(statements).map { it.value }.distinct().joinToString("")
        return template.replace("IMPORTS", imports).replace("BODY", IMPORT.replace(statements, ""))
    }

    private fun write(name: String, source: String): String = folder.resolve(name).toFile().apply { writeText(source) }.path

    private fun kotlin(vararg files: String) {
        val said = ByteArrayOutputStream()
        val options = arrayOf("-no-stdlib", "-no-reflect", "-jvm-target", "17", "-classpath", classpath, "-d", "$folder")
        assertEquals(ExitCode.OK, K2JVMCompiler().exec(PrintStream(said), *options, *files), "$said")
    }

    private fun java(file: String) {
        val said = ByteArrayOutputStream()
        val failed = ToolProvider.getSystemJavaCompiler().run(null, said, said, "-classpath", classpath, "-d", "$folder", file)
        assertEquals(0, failed, "$said")
    }

    /** What the program says, which ends well. */
    private fun run(main: String): List<String> = Sandbox().use { sandbox ->
        val body = File(TESTS, "vectors/payloads/result-incoming-payment-success.json").readText()
        val process = ProcessBuilder(File(System.getProperty("java.home"), "bin/java").path, "-cp", "$folder${File.pathSeparator}$classpath", main)
        process.environment() += mapOf(
            "K2_BASE_URL" to sandbox.baseUrl,
            "K2_CLIENT_ID" to sandbox.clientId,
            "K2_CLIENT_SECRET" to sandbox.clientSecret,
            "K2_API_KEY" to sandbox.apiKey,
            "WEBHOOK" to body,
            "SIGNATURE" to signWebhook(sandbox.apiKey, body.toByteArray()),
        )
        val output = folder.resolve("output").toFile()
        val running = process.redirectErrorStream(true).redirectOutput(output).start()
        val ended = running.waitFor(60, TimeUnit.SECONDS)
        if (!ended) running.destroyForcibly()
        assertTrue(ended && running.exitValue() == 0, output.readText())
        output.readLines()
    }

    @Test
    fun `the repository's Kotlin runs, and its webhook answers`() {
        val shop = write("Shop.kt", "package shop\n" + snippets(File(root, "README.md"), "kotlin"))
        val knock = """
            package knock
            import shop.main as program
            suspend fun main() {
                program()
                val (body, key) = System.getenv("WEBHOOK").toByteArray() to System.getenv("K2_API_KEY")
                val answers = listOf(System.getenv("SIGNATURE"), null).map { shop.receive(dev.kopokopo.WebhookVerifier(listOf(key)), body, it) }
                println("statuses ${'$'}answers")
            }
        """
        kotlin(shop, write("Knock.kt", knock))
        val said = run("knock.KnockKt")
        assertTrue("true []" in said, "$said")
        assertTrue(said.any { it.startsWith("paid: ") }, "$said")
        assertEquals("statuses [200, 401]", said.last())
    }

    @Test
    fun `the compiler is of the oldest Kotlin that can read the package`() {
        assertTrue(KotlinCompilerVersion.VERSION.startsWith("2.2."), KotlinCompilerVersion.VERSION)
        val metadata = KopoKopo::class.java.getAnnotation(Metadata::class.java)
        assertEquals(listOf(2, 2), metadata.metadataVersion.take(2))
    }

    @Test
    fun `the package's Kotlin runs`() {
        val template = """
            IMPORTS
            suspend fun main() {
                val (body, signature) = System.getenv("WEBHOOK").toByteArray() to System.getenv("SIGNATURE")
                BODY
            }
        """.trimIndent()
        kotlin(write("Readme.kt", program(template, snippets(File(root, "bindings-kotlin/README.md"), "kotlin"))))
        val said = run("ReadmeKt")
        val kinds = listOf("push ", "paid: mpesa:received:", "Success", "true", "delivery ", "money mpesa:received:")
        assertEquals(kinds.size + 3, said.size, "$said")
        for ((kind, line) in kinds.zip(said)) assertTrue(line.startsWith(kind), "$said")
        assertEquals(listOf("outcome_unknown", "true"), said.takeLast(2), "$said")
    }

    @Test
    fun `the package's Java runs`() {
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
        assertEquals(listOf("true", "Success", "true"), run("Readme").drop(1))
    }
}
