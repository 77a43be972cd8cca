package dev.kopokopo

import org.junit.jupiter.api.Assertions.assertEquals
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

    /** What a program in a JVM of its own prints that asks for the version twice. */
    private fun versionTwice(library: Path): String {
        val java = ProcessHandle.current().info().command().get()
        val command = listOf(java, "-cp", System.getProperty("java.class.path"), "-D$LIBRARY_PROPERTY=$library", "dev.kopokopo.VersionTwice")
        val process = ProcessBuilder(command).redirectErrorStream(true).start()
        val said = process.inputReader().readText()
        assertTrue(process.waitFor(30, TimeUnit.SECONDS))
        return said
    }

    private fun library(): ByteArray = checkNotNull(Library::class.java.getResourceAsStream("native/linux-x86-64/libkopokopo_ffi.so")).use { it.readAllBytes() }

    @Test
    fun `library and package are of the same contract`() {
        assertEquals(CONTRACT_HASH, contractHash())
        assertEquals("0.1.0", version())
    }

    @Test
    fun `a library of another contract is one clear error, each time`() {
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
        val said = versionTwice(Files.write(folder.resolve("libother.so"), bytes)).trim().lines()
        val expected = "configuration: the native library was built from another contract (0123456789abcdef) " +
            "than this package ($CONTRACT_HASH): use both of one version"
        assertEquals(listOf(expected, expected), said)
    }

    @Test
    fun `a library that is none of ours is one clear error`() {
        val text = Files.write(folder.resolve("libtext.so"), "no library".toByteArray())
        assertTrue("configuration: the native library cannot be loaded: " in versionTwice(text))
        assertTrue("configuration: the native library cannot be loaded: " in versionTwice(folder.resolve("absent.so")))
        val foreign = Path.of(System.getProperty("java.home"), "lib", "libprefs.so")
        assertTrue("configuration: the native library is not one of this package: " in versionTwice(foreign))
    }

    @Test
    fun `the comparison is exact`() {
        Library.compare(CONTRACT_HASH)
        assertThrows<KopoKopoException.Configuration> { Library.compare("") }
    }
}

/** A program. */
object VersionTwice {
    @JvmStatic
    fun main(arguments: Array<String>) {
        repeat(2) {
            println(runCatching { version() }.fold({ it }, { (it as? KopoKopoException)?.message ?: "$it" }))
        }
    }
}
