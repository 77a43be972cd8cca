package dev.kopokopo

import java.io.ByteArrayOutputStream
import java.io.File
import java.util.Base64
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

/** The files of tests/vectors, in the format of tests/vectors/README.md. */
internal object Vectors {
    private val folder = File(TESTS, "vectors")

    fun file(name: String): Map<String, Any?> = readJson(File(folder, "$name.json"))

    fun payloads(vararg prefixes: String): List<File> = File(folder, "payloads").listFiles { file -> prefixes.any(file.name::startsWith) }!!.sorted()
        .also { check(it.isNotEmpty()) { "no payloads found: ${prefixes.toList()}" } }

    /** Decodes the body of a webhook. */
    fun body(written: Any?): ByteArray = when (written) {
        is String -> written.toByteArray()
        is List<*> -> ByteArrayOutputStream().also { out -> written.forEach { out.writeBytes(body(it)) } }.toByteArray()
        is Map<*, *> ->
            written["base64"]?.let { Base64.getDecoder().decode(it as String) }
                ?: (written["repeat"] as String).repeat((written["times"] as Number).toInt()).toByteArray()
        else -> error("not a body: $written")
    }

    /** Returns the signature header of a hostile webhook, or null. */
    fun header(written: Any?, body: ByteArray): String? {
        if (written !is Map<*, *>) return written as String?
        val signature = hmac(written["sign_with"] as String, body)
        return when (val change = written["then"]) {
            null -> signature
            "upper_case" -> signature.uppercase()
            "drop_last" -> signature.dropLast(1)
            "append_0" -> signature + "0"
            "change_last" -> signature.dropLast(1) + if (signature.endsWith("0")) "1" else "0"
            "surround_with_space" -> " $signature\t"
            else -> error("unknown change: $change")
        }
    }

    /** Computes a signature without this library. */
    fun hmac(key: String, body: ByteArray): String {
        // Java does not accept an empty key. A zero byte is the same key, because HMAC pads short keys with zeros.
        val bytes = key.ifEmpty { "\u0000" }.toByteArray()
        val mac = Mac.getInstance("HmacSHA256").apply { init(SecretKeySpec(bytes, "HmacSHA256")) }
        return mac.doFinal(body).joinToString("") { "%02x".format(it) }
    }
}
