package dev.kopokopo.sandbox

import com.sun.jna.Platform
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit

private const val VARIABLE = "K2_SANDBOX_BIN"

/** It prints its version at once, but a machine can be loaded. */
private const val PROBE_SECONDS = 30L

private const val WRITABLE_BY_ALL = 0x2
private const val STICKY = 0x200

private const val REMEDY = "set $VARIABLE to the path of k2"

private val NAME = if (Platform.isWindows()) "k2.exe" else "k2"

/** Finds the program: [binary], `K2_SANDBOX_BIN`, the jar `kopokopo-sandbox`, or `k2` of the PATH. */
internal fun findBinary(binary: Path?, environment: Map<String, String> = System.getenv(), fromJar: () -> Path? = { JAR }): Path {
    for ((source, path) in listOf("binary" to binary?.toString(), VARIABLE to environment[VARIABLE])) {
        if (path.isNullOrEmpty()) continue
        if (!File(path).canExecute() || File(path).isDirectory) throw SandboxException("$source: $path is not a program: expected the path of k2")
        return Path.of(path)
    }
    fromJar()?.let { return it }
    val missing = "the sandbox is not installed: kopokopo-sandbox has no program for ${Platform.RESOURCE_PREFIX}, and PATH has no k2: $REMEDY"
    val found = environment["PATH"].orEmpty().split(File.pathSeparator).filter { it.isNotEmpty() }.map { File(it, NAME) }
        .firstOrNull { it.isFile && it.canExecute() } ?: throw SandboxException(missing)
    if (!isOurs(found)) throw SandboxException("$found is another program with the same name, not the sandbox: $REMEDY")
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

/** The program of the jar `kopokopo-sandbox`, unpacked once for this process, so that it is never that of another version. */
private val JAR: Path? by lazy {
    // `native` cannot be a part of a package's name, so a jar that is a module opens it to others.
    val loader = Sandbox::class.java.classLoader
    loader.getResourceAsStream("dev/kopokopo/sandbox/native/${Platform.RESOURCE_PREFIX}/$NAME")?.use { unpacked(it) }
}

/** A copy of the program in a new folder of java.io.tmpdir. Only this user can read it, write to it, and start it. */
internal fun unpacked(program: InputStream, canExecute: (File) -> Boolean = File::canExecute): Path {
    val parent = Path.of(System.getProperty("java.io.tmpdir"))
    val remedy = "choose another folder with the system property java.io.tmpdir, or $REMEDY"
    if (isReplaceable(parent)) throw SandboxException("other users of this machine can replace folders in $parent: $remedy")
    val file = try {
        // Its permissions are those of a private folder.
        val folder = Files.createTempDirectory(parent, "kopokopo-sandbox")
        val file = folder.resolve(NAME)
        // In the reverse order when this process ends.
        folder.toFile().deleteOnExit()
        file.toFile().deleteOnExit()
        Files.copy(program, file)
        file.toFile().also { it.setExecutable(true) }
    } catch (error: IOException) {
        throw SandboxException("could not unpack the program of the sandbox to $parent: $error: $remedy", error)
    }
    // Its file system can be mounted without that right.
    if (!canExecute(file)) throw SandboxException("programs in $parent cannot be started: $remedy")
    return file.toPath()
}

/** Whether every user can rename what is in a folder. In a usual folder for temporary files, only its owner can: the bit `sticky` is set. */
private fun isReplaceable(folder: Path): Boolean {
    if ("unix" !in folder.fileSystem.supportedFileAttributeViews() || !Files.exists(folder)) return false
    val mode = Files.getAttribute(folder, "unix:mode") as Int
    return mode and WRITABLE_BY_ALL != 0 && mode and STICKY == 0
}
