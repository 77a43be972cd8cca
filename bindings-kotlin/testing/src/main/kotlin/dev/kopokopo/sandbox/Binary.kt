package dev.kopokopo.sandbox

import com.sun.jna.Platform
import java.io.File
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit

private const val VARIABLE = "K2_SANDBOX_BIN"

/** It prints its version at once, but a machine can be loaded. */
private const val PROBE_SECONDS = 30L

private val NAME = if (Platform.isWindows()) "k2.exe" else "k2"

/** Finds the program: [binary], `K2_SANDBOX_BIN`, a resource of a jar, or `k2` of the PATH. */
internal fun findBinary(binary: Path?, environment: Map<String, String> = System.getenv(), fromJar: () -> Path? = { JAR }): Path {
    for ((source, path) in listOf("binary" to binary?.toString(), VARIABLE to environment[VARIABLE])) {
        if (path.isNullOrEmpty()) continue
        if (!File(path).canExecute() || File(path).isDirectory) throw SandboxException("$source: $path is not a program: expected the path of k2")
        return Path.of(path)
    }
    fromJar()?.let { return it }
    val remedy = "set $VARIABLE to the path of k2"
    val found = environment["PATH"].orEmpty().split(File.pathSeparator).filter { it.isNotEmpty() }.map { File(it, NAME) }
        .firstOrNull { it.isFile && it.canExecute() } ?: throw SandboxException("the sandbox is not installed: $remedy")
    if (!isOurs(found)) throw SandboxException("$found is another program with the same name, not the sandbox: $remedy")
    return found.toPath()
}

private fun isOurs(file: File): Boolean = try {
    val output = Files.createTempFile("kopokopo", ".txt").toFile()
    val process = ProcessBuilder(file.path, "--version").redirectErrorStream(true).redirectOutput(output).start()
    process.outputStream.close()
    val hasEnded = process.waitFor(PROBE_SECONDS, TimeUnit.SECONDS)
    if (!hasEnded) process.destroyForcibly()
    val text = output.readText()
    output.delete()
    hasEnded && "(kopokopo)" in text
} catch (_: IOException) {
    false
}

/** The program of the jar, in a folder that only this user can write to. */
private val JAR: Path? by lazy {
    val resource = Sandbox::class.java.getResourceAsStream("native/${Platform.RESOURCE_PREFIX}/$NAME") ?: return@lazy null
    val folder = Files.createTempDirectory("kopokopo-sandbox")
    val file = folder.resolve(NAME)
    resource.use { Files.copy(it, file) }
    file.toFile().setExecutable(true)
    // In the reverse order when the program ends.
    folder.toFile().deleteOnExit()
    file.toFile().deleteOnExit()
    file
}
