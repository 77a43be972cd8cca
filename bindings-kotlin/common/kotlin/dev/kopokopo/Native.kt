package dev.kopokopo

/** The function of the library that is called before anything of UniFFI's is (`udl/src/jni.rs`). */
internal object Native {
    @JvmStatic
    external fun contractHash(): String
}
