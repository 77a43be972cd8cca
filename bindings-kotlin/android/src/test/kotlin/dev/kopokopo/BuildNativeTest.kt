package dev.kopokopo

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.util.concurrent.TimeUnit

/** `build-native.sh` reports what is missing before it builds anything. */
class BuildNativeTest {
    @TempDir
    lateinit var folder: File

    private fun output(ndk: File?, vararg abis: String): String {
        val builder = ProcessBuilder(listOf("bash", "build-native.sh") + abis).redirectErrorStream(true)
        builder.environment().remove("ANDROID_NDK_HOME")
        builder.environment()["PATH"] = listOf(File(folder, "path").path, System.getenv("PATH")).joinToString(File.pathSeparator)
        if (ndk != null) builder.environment()["ANDROID_NDK_HOME"] = ndk.path
        val process = builder.start()
        val output = process.inputReader().readText().trim()
        assertTrue(process.waitFor(30, TimeUnit.SECONDS))
        assertEquals(1, process.exitValue(), output)
        return output
    }

    /** Creates an NDK directory with programs of these names. */
    private fun ndk(vararg programs: String): File {
        val host = if (System.getProperty("os.name").startsWith("Mac")) "darwin-x86_64" else "linux-x86_64"
        val bin = File(folder, "toolchains/llvm/prebuilt/$host/bin").apply { mkdirs() }
        for (program in programs) File(bin, program).apply { writeText("#!/bin/sh\nexit 1\n") }.setExecutable(true)
        return folder
    }

    @Test
    fun `missing NDK is an error with the remedy`() {
        assertTrue(output(null).startsWith("build-native.sh: ANDROID_NDK_HOME is not set: install the Android NDK"))
        assertTrue("is not a directory" in output(File(folder, "absent")))
        assertTrue("is not an NDK for this machine" in output(folder))
    }

    @Test
    fun `error of an old NDK names the missing compiler`() {
        assertEquals("build-native.sh: the NDK has no aarch64-linux-android26-clang: use r26 or newer", output(ndk("llvm-ar")))
    }

    @Test
    fun `error of a missing Rust target names the command that installs it`() {
        val rustc = File(folder, "path/rustc").apply { parentFile.mkdirs() }
        rustc.writeText("#!/bin/sh\necho \"$folder/no-libraries\"\n")
        rustc.setExecutable(true)
        val expected = "build-native.sh: the Rust target x86_64-linux-android is not installed: run rustup target add x86_64-linux-android"
        assertEquals(expected, output(ndk("llvm-ar", "x86_64-linux-android26-clang"), "x86_64"))
    }

    @Test
    fun `unknown ABI is rejected`() {
        assertEquals("build-native.sh: unknown ABI mips: expected arm64-v8a, armeabi-v7a, x86_64 or x86", output(ndk("llvm-ar"), "mips"))
    }
}
