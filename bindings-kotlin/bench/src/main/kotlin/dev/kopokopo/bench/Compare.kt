package dev.kopokopo.bench

import com.fasterxml.jackson.databind.ObjectMapper
import dev.kopokopo.EventPayload
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.signWebhook
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import java.io.File
import java.math.BigDecimal
import java.security.MessageDigest
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

private const val KEY = "an-api-key-of-the-usual-length-0123456789"
private const val VERIFICATIONS = 20_000

/** Measures the cost of the package relative to other libraries of the JVM, in one run. */
fun main() {
    webhooks()
    runBlocking(Dispatchers.Default) { creates() }
    // OkHttp's threads would keep the process alive for a minute.
    System.exit(0)
}

/** Verifies a signature without this package, in constant time. */
private fun isValidSignature(body: ByteArray, signature: String): Boolean {
    val mac = Mac.getInstance("HmacSHA256")
    mac.init(SecretKeySpec(KEY.toByteArray(), "HmacSHA256"))
    return MessageDigest.isEqual(mac.doFinal(body), bytes(signature))
}

private fun bytes(hex: String): ByteArray =
    ByteArray(hex.length / 2) { at -> (Character.digit(hex[2 * at], 16) * 16 + Character.digit(hex[2 * at + 1], 16)).toByte() }

private fun webhooks() {
    val body = File(System.getProperty("kopokopo.root"), "tests/benches/webhook.json").readBytes()
    val signature = signWebhook(KEY, body)
    val verifier = WebhookVerifier(listOf(KEY))
    val json = ObjectMapper()

    val verifications = mapOf<String, () -> Boolean>(
        "ours" to {
            verifier.verifySignature(body, signature)
            true
        },
        "mac" to { isValidSignature(body, signature) },
    )
    val verified = measureInRounds(VERIFICATIONS, verifications) { work, count -> repeat(count) { check(work()) } }
    report("verify/mac", verified["ours"], verified["mac"])

    val expected = BigDecimal("1500")
    val candidates = mapOf<String, () -> BigDecimal>(
        "ours" to { (verifier.verify(body, signature).payload as EventPayload.BuygoodsTransactionReceived).transaction.amount!! },
        "own" to {
            check(isValidSignature(body, signature))
            BigDecimal(json.readTree(body)["event"]["resource"]["amount"].textValue())
        },
    )
    val parsed = measureInRounds(VERIFICATIONS, candidates) { work, count -> repeat(count) { check(work().compareTo(expected) == 0) } }
    report("verify_parse/own", parsed["ours"], parsed["own"])
}
