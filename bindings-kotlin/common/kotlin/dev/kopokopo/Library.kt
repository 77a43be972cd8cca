package dev.kopokopo

import com.sun.jna.CallbackThreadInitializer
import dev.kopokopo.ffi.uniffiEnsureInitialized
import dev.kopokopo.ffi.uniffiRustFutureContinuationCallbackImpl
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.Paths
import java.nio.file.StandardCopyOption

/** The system property with the path of the native library, if it is not the one in this package. */
internal const val LIBRARY_PROPERTY: String = "kopokopo.library"

/** The native library. It is loaded once, and it must be built from the same contract as this code. */
internal object Library {
    private const val NAME = "kopokopo_ffi"

    /** The system property from which UniFFI's code reads the path of the library. */
    private const val RAW_PROPERTY = "uniffi.component.kopokopo.libraryOverride"

    /** The libraries that a release can have, by platform. */
    private val LIBRARIES = listOf("linux-x86-64", "linux-aarch64", "linux-x86-64-musl", "linux-aarch64-musl").map { "$it/lib$NAME.so" } +
        listOf("darwin-x86-64/lib$NAME.dylib", "darwin-aarch64/lib$NAME.dylib", "win32-x86-64/$NAME.dll")

    /** musl's loader, which is also its C library. */
    private val MUSL = Regex("""/(ld-musl-|libc\.musl-)""")

    private val isAndroid = System.getProperty("java.vm.name") == "Dalvik"

    /** A failure is stored, because a second attempt would fail too. Every later call throws the same error. */
    private val loaded: Result<Unit> by lazy { runCatching { load() } }

    /** Loads the library if it is not loaded yet. */
    fun ready(): Unit = loaded.getOrThrow()

    private fun load() {
        if (isAndroid) return load(null)
        System.getProperty(LIBRARY_PROPERTY)?.let { return load(Paths.get(it)) }
        val copy = unpacked()
        try {
            load(copy)
            // JNA opens the file too, so it must do that before the copy is deleted.
            uniffiEnsureInitialized()
        } catch (error: LinkageError) {
            throw configurationError("could not load the native library: ${error.message}", error)
        } finally {
            // A JVM that is killed deletes nothing, so the copy is deleted while it is in use. Windows refuses that.
            if (copy.toFile().delete()) copy.parent.toFile().delete()
        }
    }

    /** Loads this file, or the library of the app. */
    private fun load(file: Path?) {
        try {
            if (file == null) {
                System.loadLibrary(NAME)
            } else {
                val path = file.toAbsolutePath().toString()
                System.load(path)
                System.setProperty(RAW_PROPERTY, path)
            }
        } catch (error: LinkageError) {
            throw configurationError("could not load the native library: ${error.message}", error)
        }
        val contractHash = try {
            Native.contractHash()
        } catch (error: LinkageError) {
            throw configurationError("the loaded native library is not the one of kopokopo: ${error.message}", error)
        }
        checkContract(contractHash)
        // Attaching a thread of the library to the JVM costs more than a call, so the thread stays attached.
        com.sun.jna.Native.setCallbackThreadInitializer(uniffiRustFutureContinuationCallbackImpl, CallbackThreadInitializer(true, false, "kopokopo"))
    }

    /** Checks that the library was built from the contract of this package. */
    internal fun checkContract(found: String) {
        if (found != CONTRACT_HASH) {
            throw configurationError(
                "the native library has contract $found, but this package needs $CONTRACT_HASH: use the same version of both",
            )
        }
    }

    /**
     * JNA and the JVM load files, so the library in the package is copied to a file that only this user can write to.
     */
    private fun unpacked(): Path {
        val platform = platform()
        val name = System.mapLibraryName(NAME)
        val stream = Library::class.java.getResourceAsStream("native/$platform/$name") ?: throw configurationError(missing(platform))
        try {
            // Deletion at exit is for Windows, and for a program that exits while the library is loaded.
            val folder = Files.createTempDirectory("kopokopo").also { it.toFile().deleteOnExit() }
            val file = folder.resolve(name)
            file.toFile().deleteOnExit()
            stream.use { Files.copy(it, file, StandardCopyOption.REPLACE_EXISTING) }
            return file
        } catch (error: IOException) {
            throw configurationError("could not copy the native library to the directory in java.io.tmpdir: ${error.message}", error)
        }
    }

    /** What the package has instead of a library for this platform, and what to do. */
    internal fun missing(platform: String): String {
        val found = LIBRARIES.filter { Library::class.java.getResource("native/$it") != null }.map { it.substringBefore('/') }
        return "this package has no native library for $platform, only for: ${found.joinToString()}. " +
            "Build it, and set the system property $LIBRARY_PROPERTY to its path"
    }

    /** The platform as JNA names it, such as `linux-x86-64`, with `-musl` if musl is the C library, as on Alpine. */
    private fun platform(): String {
        val system = System.getProperty("os.name").lowercase()
        val os = when {
            system.startsWith("mac") -> "darwin"
            system.startsWith("windows") -> "win32"
            else -> system
        }
        val arch = when (val arch = System.getProperty("os.arch")) {
            "amd64", "x86_64" -> "x86-64"
            else -> arch
        }
        return if (os == "linux" && usesMusl(mappedFiles())) "$os-$arch-musl" else "$os-$arch"
    }

    /** The files that this process has in its memory, if the system shows them. */
    private fun mappedFiles(): String = runCatching { String(Files.readAllBytes(Paths.get("/proc/self/maps"))) }.getOrDefault("")

    /** Whether the C library of a process with these files in its memory is musl. Other libraries work with one C library only. */
    internal fun usesMusl(mappedFiles: String): Boolean =
        if (mappedFiles.isEmpty()) Files.exists(Paths.get("/etc/alpine-release")) else MUSL.containsMatchIn(mappedFiles)

    private fun configurationError(detail: String, cause: Throwable? = null): KopoKopoException =
        KopoKopoException.Configuration(KopoKopoException.Fields(detail)).apply { cause?.let { initCause(it) } }
}
