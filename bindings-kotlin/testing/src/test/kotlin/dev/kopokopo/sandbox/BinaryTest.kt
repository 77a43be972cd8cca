package dev.kopokopo.sandbox

import com.sun.jna.Platform
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import java.util.concurrent.CompletableFuture

/** Writes a program to a folder. */
internal fun program(folder: Path, script: String): File =
    folder.resolve("k2").toFile().apply { writeText("#!/bin/sh\n$script\n") }.also { it.setExecutable(true) }

/** Where the program comes from. */
class BinaryTest {
    private val k2Program = System.getenv("K2_SANDBOX_BIN")

    private fun failure(environment: Map<String, String>, binary: String? = null): String =
        assertThrows<SandboxException> { findBinary(binary?.let(Path::of), environment) { null } }.message.orEmpty()

    @Test
    fun missingForeignAndBrokenProgramsAreOneClearErrorEach(@TempDir folder: Path) {
        val path = mapOf("PATH" to "$folder")
        val missing = "kopokopo-sandbox has no program for ${Platform.RESOURCE_PREFIX}, and PATH has no k2: set K2_SANDBOX_BIN to the path of k2"
        assertEquals("the sandbox is not installed: $missing", failure(path))
        assertTrue("K2_SANDBOX_BIN: /nowhere/k2 is not a program" in failure(mapOf("K2_SANDBOX_BIN" to "/nowhere/k2")))
        assertTrue("binary: /nowhere/k2 is not a program" in failure(path, "/nowhere/k2"))
        val own = program(folder, "echo k2 1.24, speech recognition")
        assertTrue("is another program with the same name, not the sandbox" in failure(path))
        fun start() = assertThrows<SandboxException> { Sandbox.start(binary = own.toPath()) }.message.orEmpty()
        program(folder, "echo no such luck >&2; exit 3")
        assertTrue("did not start: no such luck" in start())
        program(folder, "sleep 60 & echo no such luck >&2; exec >&-; exit 3")
        assertTrue("did not start: no such luck" in start())
        program(folder, "echo [1]; read line")
        assertTrue("is not the sandbox: its first line is not as expected" in start())
        program(folder, "exec \"$k2Program\" \"$@\"")
        assertEquals(own.toPath(), findBinary(null, path) { null })
        Sandbox.start().use { sandbox ->
            val port = sandbox.baseUrl.substringAfterLast(':').toInt()
            assertTrue("port is in use" in assertThrows<SandboxException> { Sandbox.start(port = port) }.message.orEmpty())
        }
    }

    @Test
    fun variableHasPriorityOverTheJarAndTheJarOverThePath(@TempDir folder: Path) {
        val own = program(folder, "exec \"$k2Program\" \"$@\"").toPath()
        val jar = folder.resolve("jar/k2")
        val both = mapOf("K2_SANDBOX_BIN" to k2Program, "PATH" to "$folder")
        assertEquals(own, findBinary(own, both) { jar })
        assertEquals(Path.of(k2Program), findBinary(null, both) { jar })
        assertEquals(jar, findBinary(null, both - "K2_SANDBOX_BIN") { jar })
        assertEquals(jar, findBinary(null, both + ("K2_SANDBOX_BIN" to "")) { jar })
        assertEquals(own, findBinary(null, both - "K2_SANDBOX_BIN") { null })
    }

    /** A resource of the tests is in the place of the program: a script that starts it. */
    @Test
    fun programOfTheJarIsUnpackedOnceForOnlyThisUser() {
        val found = findBinary(null, emptyMap())
        Sandbox.start(binary = found).use { assertEquals("ok", it.health().status) }
        val others = List(4) { CompletableFuture.supplyAsync { findBinary(null, emptyMap()) } }
        assertEquals(setOf(found), others.map { it.get() }.toSet())
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(found.parent)))
    }

    @Test
    fun eachCopyHasItsOwnFolder() {
        val (one, other) = List(2) { unpacked("#!/bin/sh\necho $it\n".byteInputStream()) }
        assertNotEquals(one.parent, other.parent)
        assertEquals("1", ProcessBuilder("$other").start().inputReader().readText().trim())
    }

    /** The message of the error if programs are unpacked to this folder. */
    private fun failureIn(folder: Path, canExecute: (File) -> Boolean = File::canExecute): String {
        val usual = System.setProperty("java.io.tmpdir", "$folder")
        try {
            return assertThrows<SandboxException> { unpacked("x".byteInputStream(), canExecute) }.message.orEmpty()
        } finally {
            System.setProperty("java.io.tmpdir", usual)
        }
    }

    @Test
    fun folderThatIsNotSafeOrNotUsableIsNamedWithTheRemedy(@TempDir folder: Path) {
        val remedy = "choose another folder with the system property java.io.tmpdir, or set K2_SANDBOX_BIN to the path of k2"
        assertEquals("programs in $folder cannot be started: $remedy", failureIn(folder) { false })
        val missing = folder.resolve("missing")
        val error = failureIn(missing)
        assertTrue(error.startsWith("could not unpack the program of the sandbox to $missing: ") && error.endsWith(": $remedy"), error)
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"))
        assertEquals("other users of this machine can replace folders in $folder: $remedy", failureIn(folder))
    }
}
