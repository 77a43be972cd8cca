package dev.kopokopo

import com.sun.jna.CallbackThreadInitializer
import dev.kopokopo.ffi.uniffiRustFutureContinuationCallbackImpl
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.Paths
import java.nio.file.StandardCopyOption

/** The system property that names the library's file, where it is not the one inside of this package. */
internal const val LIBRARY_PROPERTY: String = "kopokopo.library"

/** The native library: it is loaded once, and it must be of the same contract as this code. */
internal object Library {
    private const val NAME = "kopokopo_ffi"

    /** Where UniFFI's code looks for a path to load. */
    private const val RAW_PROPERTY = "uniffi.component.kopokopo.libraryOverride"

    private val isAndroid = System.getProperty("java.vm.name") == "Dalvik"

    /** A failure is kept, because nothing would make it better: whoever calls later sees the same sentence. */
    private val loaded: Result<Unit> by lazy { runCatching { load() } }

    /** Loads it where it is not loaded already. */
    fun ready(): Unit = loaded.getOrThrow()

    private fun load() {
        try {
            if (isAndroid) {
                System.loadLibrary(NAME)
            } else {
                val file = (System.getProperty(LIBRARY_PROPERTY)?.let { Paths.get(it) } ?: unpacked()).toAbsolutePath().toString()
                System.load(file)
                System.setProperty(RAW_PROPERTY, file)
            }
        } catch (error: LinkageError) {
            throw refused("the native library cannot be loaded: ${error.message}", error)
        }
        val found = try {
            Native.contractHash()
        } catch (error: LinkageError) {
            throw refused("the native library is not one of this package: ${error.message}", error)
        }
        compare(found)
        // To make a thread of the library's known to the JVM costs more than a call does: it is done once, not every time.
        com.sun.jna.Native.setCallbackThreadInitializer(uniffiRustFutureContinuationCallbackImpl, CallbackThreadInitializer(true, false, "kopokopo"))
    }

    /** The handshake. */
    internal fun compare(found: String) {
        if (found != CONTRACT_HASH) {
            throw refused("the native library was built from another contract ($found) than this package ($CONTRACT_HASH): use both of one version")
        }
    }

    /** JNA and the JVM load files, so what is inside of the package becomes one, which only this user can write to. */
    private fun unpacked(): Path {
        val platform = platform()
        val name = System.mapLibraryName(NAME)
        val resource = "native/$platform/$name"
        val stream = Library::class.java.getResourceAsStream(resource)
            ?: throw refused("this package has no library for $platform: build it, and name its file in the system property $LIBRARY_PROPERTY")
        try {
            val folder = Files.createTempDirectory("kopokopo").also { it.toFile().deleteOnExit() }
            val file = folder.resolve(name)
            stream.use { Files.copy(it, file, StandardCopyOption.REPLACE_EXISTING) }
            file.toFile().deleteOnExit()
            return file
        } catch (error: IOException) {
            throw refused("the native library cannot be unpacked into the folder that java.io.tmpdir names: ${error.message}", error)
        }
    }

    /** Such as `linux-x86-64`, in the words that JNA has for it. */
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
        return "$os-$arch"
    }

    private fun refused(detail: String, cause: Throwable? = null): KopoKopoException =
        KopoKopoException.Configuration(KopoKopoException.Fields(detail)).apply { cause?.let { initCause(it) } }
}
