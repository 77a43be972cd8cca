package dev.kopokopo

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit

class LibraryTest {
    @TempDir
    lateinit var folder: Path

    /** Starts a program of this test in a separate JVM with this option. */
    private fun start(program: String, option: String): Process {
        val java = ProcessHandle.current().info().command().get()
        val command = listOf(java, "-cp", System.getProperty("java.class.path"), option, "dev.kopokopo.$program")
        return ProcessBuilder(command).redirectErrorStream(true).start()
    }

    /** Returns the output of [VersionTwice], which runs with this option. */
    private fun versionTwice(option: String): String {
        val process = start("VersionTwice", option)
        val output = process.inputReader().readText()
        assertTrue(process.waitFor(30, TimeUnit.SECONDS))
        return output
    }

    private fun versionTwice(library: Path): String = versionTwice("-D$LIBRARY_PROPERTY=$library")

    private fun library(): ByteArray = checkNotNull(Library::class.java.getResourceAsStream("native/linux-x86-64/libkopokopo_ffi.so")).use { it.readAllBytes() }

    @Test
    fun `library and package have the same contract`() {
        assertEquals(CONTRACT_HASH, contractHash())
        assertEquals(System.getProperty("kopokopo.version"), version())
    }

    @Test
    fun `library with another contract is a configuration error on every call`() {
        val bytes = library()
        val hash = CONTRACT_HASH.toByteArray()
        val other = "0123456789abcdef".toByteArray()
        var replaced = 0
        for (at in 0..bytes.size - hash.size) {
            if (bytes[at] == hash[0] && hash.indices.all { bytes[at + it] == hash[it] }) {
                other.copyInto(bytes, at)
                replaced++
            }
        }
        assertTrue(replaced > 0)
        val output = versionTwice(Files.write(folder.resolve("libother.so"), bytes)).trim().lines()
        val expected = "configuration: the native library has contract 0123456789abcdef, " +
            "but this package needs $CONTRACT_HASH: use the same version of both"
        assertEquals(listOf(expected, expected), output)
    }

    @Test
    fun `file that is not the library is a configuration error`() {
        val text = Files.write(folder.resolve("libtext.so"), "no library".toByteArray())
        assertTrue("configuration: could not load the native library: " in versionTwice(text))
        assertTrue("configuration: could not load the native library: " in versionTwice(folder.resolve("absent.so")))
        val foreign = Path.of(System.getProperty("java.home"), "lib", "libprefs.so")
        assertTrue("configuration: the loaded native library is not the one of kopokopo: " in versionTwice(foreign))
    }

    @Test
    fun `killed JVM leaves no copy of the library`() {
        val process = start("CreateAndStay", "-Djava.io.tmpdir=$folder")
        try {
            assertEquals("created: http://127.0.0.1:9", process.inputReader().readLine())
        } finally {
            process.destroyForcibly()
        }
        assertTrue(process.waitFor(30, TimeUnit.SECONDS))
        assertEquals(128 + 9, process.exitValue())
        assertEquals(emptyList<Path>(), Files.walk(folder).use { all -> all.filter { "kopokopo" in "${folder.relativize(it)}" }.toList() })
    }

    @Test
    fun `directory for the copy that cannot be written to is a configuration error`() {
        val output = versionTwice("-Djava.io.tmpdir=${folder.resolve("absent")}").trim().lines()
        assertEquals(2, output.size)
        for (line in output) assertTrue("configuration: could not copy the native library to the directory in java.io.tmpdir: " in line, line)
    }

    @Test
    fun `C library is known by the files in memory`() {
        assertTrue(Library.usesMusl("7f0000000000-7f0000001000 r-xp 00000000 08:01 42  /lib/ld-musl-x86_64.so.1\n"))
        assertTrue(Library.usesMusl("7f0000000000-7f0000001000 r-xp 00000000 08:01 42  /lib/libc.musl-aarch64.so.1\n"))
        assertFalse(Library.usesMusl("7f0000000000-7f0000001000 r-xp 00000000 08:01 42  /lib/x86_64-linux-gnu/libc.so.6\n"))
    }

    @Test
    fun `missing library is an error with the platforms that the package has`() {
        val message = Library.missing("linux-riscv64")
        assertTrue("no native library for linux-riscv64, only for: linux-x86-64" in message, message)
        assertTrue("set the system property kopokopo.library to its path" in message, message)
    }

    @Test
    fun `contract hash must be equal`() {
        Library.checkContract(CONTRACT_HASH)
        assertThrows<KopoKopoException.Configuration> { Library.checkContract("") }
    }
}

/** A program that prints the version, or the error, twice. */
object VersionTwice {
    @JvmStatic
    fun main(arguments: Array<String>) {
        repeat(2) {
            println(runCatching { version() }.fold({ it }, { (it as? KopoKopoException)?.message ?: "$it" }))
        }
    }
}

/** A program that makes a client with the library in the package, and then stays until it is killed. */
object CreateAndStay {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val k2 = KopoKopo(clientId = "id", clientSecret = "secret", apiKey = "key", baseUrl = "http://127.0.0.1:9")
        println("created: ${k2.baseUrl}")
        Thread.sleep(Long.MAX_VALUE)
    }
}
