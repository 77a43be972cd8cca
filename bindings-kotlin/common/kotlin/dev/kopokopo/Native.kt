package dev.kopokopo

/** The function of the native library that is called before any function of UniFFI (`udl/src/uniffi/jni/mod.rs`). */
internal object Native {
    @JvmStatic
    external fun contractHash(): String
}
