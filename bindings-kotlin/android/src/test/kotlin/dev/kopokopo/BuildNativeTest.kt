package dev.kopokopo

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.util.concurrent.TimeUnit

/** `build-native.sh` says what is missing before it builds anything. */
class BuildNativeTest {
    @TempDir
    lateinit var folder: File

    private fun said(ndk: File?, vararg abis: String): String {
        val builder = ProcessBuilder(listOf("bash", "build-native.sh") + abis).redirectErrorStream(true)
        builder.environment().remove("ANDROID_NDK_HOME")
        builder.environment()["PATH"] = listOf(File(folder, "path").path, System.getenv("PATH")).joinToString(File.pathSeparator)
        if (ndk != null) builder.environment()["ANDROID_NDK_HOME"] = ndk.path
        val process = builder.start()
        val said = process.inputReader().readText().trim()
        assertTrue(process.waitFor(30, TimeUnit.SECONDS))
        assertEquals(1, process.exitValue(), said)
        return said
    }

    /** The names of an NDK's programs. */
    private fun ndk(vararg programs: String): File {
        val host = if (System.getProperty("os.name").startsWith("Mac")) "darwin-x86_64" else "linux-x86_64"
        val bin = File(folder, "toolchains/llvm/prebuilt/$host/bin").apply { mkdirs() }
        for (program in programs) File(bin, program).apply { writeText("#!/bin/sh\nexit 1\n") }.setExecutable(true)
        return folder
    }

    @Test
    fun `an NDK that is missing is one clear error`() {
        assertTrue(said(null).startsWith("build-native.sh: ANDROID_NDK_HOME is not set: install the Android NDK"))
        assertTrue("there is no such folder" in said(File(folder, "absent")))
        assertTrue("is no NDK for this machine" in said(folder))
    }

    @Test
    fun `an NDK that is too old is named with what it lacks`() {
        assertEquals("build-native.sh: the NDK has no aarch64-linux-android26-clang: use r26 or newer", said(ndk("llvm-ar")))
    }

    @Test
    fun `a Rust target that is missing is named with the command that adds it`() {
        val rustc = File(folder, "path/rustc").apply { parentFile.mkdirs() }
        rustc.writeText("#!/bin/sh\necho \"$folder/no-libraries\"\n")
        rustc.setExecutable(true)
        val expected = "build-native.sh: Rust has no library for x86_64-linux-android: rustup target add x86_64-linux-android"
        assertEquals(expected, said(ndk("llvm-ar", "x86_64-linux-android26-clang"), "x86_64"))
    }

    @Test
    fun `an ABI that does not exist is refused`() {
        assertEquals("build-native.sh: there is no ABI mips: they are arm64-v8a, armeabi-v7a, x86_64 and x86", said(ndk("llvm-ar"), "mips"))
    }
}
