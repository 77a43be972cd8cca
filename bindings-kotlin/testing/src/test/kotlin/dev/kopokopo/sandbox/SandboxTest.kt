package dev.kopokopo.sandbox

import dev.kopokopo.IncomingPaymentRequest
import dev.kopokopo.KopoKopo
import dev.kopokopo.PaymentLinkRequest
import dev.kopokopo.WaitOptions
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.extension.ExtendWith
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.math.BigDecimal
import java.net.InetAddress
import java.net.ServerSocket
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread

private const val CALLBACK = "http://127.0.0.1:9/results"
private const val LEFT_TO_TEST = "254700000006"
private const val WALLET = "55555555-5555-4555-8555-555555555555"
private val FAST = WaitOptions(interval = Duration.ofMillis(20))

/** Calls that [everyHelperWorks] makes: those of `Controls`, by their names in `controls.json`. */
private val DESCRIBED = Regex("\"name\": \"(\\w+)\",\\s+\"docs\": \"[^\"]*\",\\s+\"method\"")

@ExtendWith(SandboxExtension::class)
class SandboxTest {
    private val k2Program = System.getenv("K2_SANDBOX_BIN")

    private fun push(k2: KopoKopo): String = k2.incomingPayments.createBlocking(IncomingPaymentRequest("K000000", LEFT_TO_TEST, BigDecimal(100), CALLBACK)).id

    @Test
    fun everyHelperWorks(sandbox: Sandbox, k2: KopoKopo) {
        val called = mutableSetOf<String>()
        fun <T> call(name: String, run: () -> T): T = run().also { called += name }

        for ((name, act, error) in listOf<Triple<String, (String) -> Unit, String?>>(
            Triple("customer_pays", sandbox::customerPays, null),
            Triple("customer_cancels", sandbox::customerCancels, "Request cancelled by user"),
            Triple("customer_has_no_money", sandbox::customerHasNoMoney, "Insufficient funds"),
            Triple("customer_ignores", sandbox::customerIgnores, "DS timeout user cannot be reached"),
            Triple("customer_enters_wrong_pin", sandbox::customerEntersWrongPin, "The initiator information is invalid."),
            Triple("customer_acts", { id -> sandbox.customerActs(id, CustomerAction.CANCEL) }, "Request cancelled by user"),
        )) {
            val id = push(k2)
            call(name) { act(id) }
            val payment = k2.incomingPayments.waitBlocking(id, FAST)
            assertEquals((error == null) to listOfNotNull(error), payment.isPaid to payment.errors)
        }
        val link = k2.paymentLinks.createBlocking(PaymentLinkRequest("K000000", BigDecimal.ONE, CALLBACK))
        call("customer_acts_on_link") { sandbox.customerActsOnLink(link.id, CustomerAction.ENTER_PIN) }
        assertTrue(k2.paymentLinks.getBlocking(link.id).isPaid)

        val other = k2.paymentLinks.createBlocking(PaymentLinkRequest("K000000", BigDecimal(2), CALLBACK))
        call("customer_pays_link") { sandbox.customerPaysLink(other.id, "0711222333") }
        val links = listOf(call("payment_link") { sandbox.paymentLink(other.id) }, call("payment_links") { sandbox.paymentLinks() }.first())
        assertEquals(listOf("Paid", "Paid"), links.map { it.status })
        val newest = call("transactions") { sandbox.transactions() }.first()
        assertEquals(listOf<Any?>(PaymentKind.BUYGOODS, BigDecimal(2), "254711222333"), listOf(newest.kind, newest.amount, newest.payer))
        assertTrue("paid to Online Payments" in call("customers") { sandbox.customers() }.messages.first().text)
        assertEquals(other.id, call("resources") { sandbox.resources("payment_links") }.first().id)

        fun balance(number: String) = call("state") { sandbox.state() }.tills.firstOrNull { it.number == number }?.balance
        assertEquals(BigDecimal("5000.5"), call("set_till") { sandbox.setTill("K654321", BigDecimal("5000.50"), name = "My shop") }.balance)
        val paid = call("pay") { sandbox.pay("K654321", BigDecimal(250), phoneNumber = "0712345678", firstName = "Jane") }
        val reversed = call("reverse_transaction") { sandbox.reverseTransaction(paid.resource["reference"] as String) }
        assertEquals("Reversed", reversed.resource["status"])
        val card = sandbox.pay("7600314301", BigDecimal("99.50"), PaymentKind.CARD)
        assertTrue(call("void_transaction") { sandbox.voidTransaction(card.resource["reference"] as String) }.type.isNotEmpty())
        assertEquals(BigDecimal("5000.5"), balance("K654321"))

        assertEquals(0, call("trigger") { sandbox.trigger("customer_created") }.sent)
        assertEquals(1, sandbox.trigger("customer_created", CALLBACK, mapOf("event.type" to "x")).sent)
        val delivery = call("deliveries") { sandbox.deliveries() }.last()
        assertEquals(listOf("customer_created", false, null), listOf(delivery.topic, delivery.delivered, delivery.withheldBecause))
        call("resend_delivery") { sandbox.resendDelivery(delivery.id) }
        val before = sandbox.state().now
        assertTrue(call("advance_clock") { sandbox.advanceClock(3600) }.now > before)

        call("fault") { sandbox.fault(FaultKind.STATUS, "payments.get", status = 503, times = null) }
        assertNull(call("faults") { sandbox.faults() }.single().times)
        call("set_faults") { sandbox.setFaults(listOf(Fault(FaultKind.DELAY, delayMs = 5), Fault(FaultKind.STATUS, body = mapOf("a" to listOf(1))))) }
        assertEquals(listOf<Any?>(5L, null, mapOf("a" to listOf(1L))), sandbox.faults().let { (one, two) -> listOf(one.delayMs, one.body, two.body) })
        call("clear_faults") { sandbox.clearFaults() }
        assertTrue(sandbox.faults().isEmpty())
        assertTrue("send_money.create" in call("operations") { sandbox.operations() }.operations)
        val request = call("requests") { sandbox.requests() }.last { it.operation == "payment_links.create" }
        assertEquals(listOf("POST", 201L, true), listOf(request.method, request.status, request.tookEffect))

        assertEquals(Pace.MANUAL, call("change_settings") { sandbox.changeSettings(pace = Pace.MANUAL) }.pace)
        assertEquals(Pace.MANUAL, call("settings") { sandbox.settings() }.pace)
        val id = push(k2)
        assertTrue(call("pending") { sandbox.pending() }.waiting.any { it.id == id })
        call("set_data") {
            sandbox.setData(
                tills = listOf(TillData("777777", balance = BigDecimal.TEN)),
                merchantWallets = listOf(mapOf("id" to WALLET, "first_name" to "Jane")),
                transactions = listOf(TransactionData("TKJ1234567", "777777", BigDecimal(250))),
            )
        }
        assertEquals(BigDecimal.TEN, balance("777777"))
        assertEquals("Jane", k2.merchantWallets.getBlocking(WALLET).firstName)
        val declared = call("set_customer") { sandbox.setCustomer("0712345678", BigDecimal("150.5"), CustomerAction.CANCEL, afterSeconds = 20) }
        assertEquals(listOf<Any?>(BigDecimal("150.5"), CustomerAction.CANCEL, 20L), listOf(declared.balance, declared.action, declared.afterSeconds))
        val exported = call("export_state") { sandbox.exportState() }
        call("reset") { sandbox.reset() }
        assertTrue(sandbox.customers().customers.isEmpty())
        call("import_state") { sandbox.importState(exported) }
        assertEquals(listOf(declared), sandbox.customers().customers)
        sandbox.reset()
        assertEquals("ok", call("health") { sandbox.health() }.status)
        assertEquals(10, call("rules") { sandbox.rules() }.magic.size)
        val described = DESCRIBED.findAll(File(System.getProperty("kopokopo.root"), "sandbox/controls.json").readText()).map { it.groupValues[1] }.toSet()
        assertEquals(described, called)
        assertEquals(described.size, Controls::class.java.declaredMethods.filter { "$" !in it.name }.map { it.name }.toSet().size)
    }

    @Test
    fun refusedCallSaysWhy(sandbox: Sandbox) {
        fun failure(call: () -> Unit) = assertThrows<SandboxException> { call() }.message.orEmpty()
        assertTrue("404: Incoming payment" in failure { sandbox.customerPays("a/../b ?") })
        assertTrue("known tills are" in failure { sandbox.pay("nothing", BigDecimal.ONE) })
        assertTrue("status: must be between" in failure { sandbox.fault(FaultKind.STATUS, status = 99) })
        assertTrue("there is no \"send_money.creates\"; expected one of" in failure { sandbox.waitForRequest("send_money.creates") })
        assertTrue("topic: there is no \"incoming_payments\"; expected one of" in failure { sandbox.waitForDelivery("incoming_payments") })
        assertTrue("id: must not be empty" in assertThrows<IllegalArgumentException> { sandbox.customerPays("") }.message.orEmpty())
        assertTrue("no request of send_money.create arrived" in failure { sandbox.waitForRequest("send_money.create", Duration.ZERO) })
    }

    @Test
    fun waitsForRequestAndDeliveryAndWhileThePortIsClosed(sandbox: Sandbox, k2: KopoKopo) {
        k2.incomingPayments.createBlocking(IncomingPaymentRequest("K000000", "254700000001", BigDecimal(100), "https://shop.example/results"))
        assertEquals("K000000", (sandbox.waitForRequest("incoming_payments.create").body as Map<*, *>)["till_number"])
        assertTrue(sandbox.waitForDelivery("incoming_payment").withheld)
        sandbox.fault(FaultKind.REFUSE_CONNECTIONS, delayMs = 200)
        sandbox.clearFaults()
    }

    @Test
    fun sandboxesAreIndependentAndSecretsAreNotInTexts() {
        Sandbox.start(Pace.MANUAL, mapOf("K1" to BigDecimal("5.50")), seed = 7).use { one ->
            Sandbox.start().use { other ->
                assertNotEquals(one.apiKey, other.apiKey)
                assertEquals(Pace.MANUAL to Pace.INSTANT, one.settings().pace to other.settings().pace)
                assertEquals(BigDecimal("5.5"), one.state().tills.single { it.number == "K1" }.balance)
                assertFalse(one.clientSecret in "$one" || one.apiKey in "$one")
                assertEquals(setOf("K2_BASE_URL", "K2_CLIENT_ID", "K2_CLIENT_SECRET", "K2_API_KEY"), one.env.keys)
                other.close()
                assertTrue("does not listen any more" in assertThrows<SandboxException> { other.reset() }.message.orEmpty())
            }
        }
    }

    @Test
    fun callWithoutAResponseIsNotSentAgainAndSaysWhy(@TempDir folder: Path) {
        ServerSocket(0, 50, InetAddress.getLoopbackAddress()).use { server ->
            val count = AtomicInteger()
            thread(isDaemon = true) {
                while (!server.isClosed) {
                    runCatching {
                        server.accept().use { connection ->
                            count.incrementAndGet()
                            connection.getInputStream().read(ByteArray(4096))
                        }
                    }
                }
            }
            val startup = """{"base_url": "http://127.0.0.1:${server.localPort}", "client_id": "a", "client_secret": "b", "api_key": "c"}"""
            Sandbox.start(binary = program(folder, "echo '$startup'; read line").toPath()).use { sandbox ->
                // With a body, and without one.
                val reset = assertThrows<SandboxException> { sandbox.reset() }.message
                assertEquals("POST /_sandbox/reset: the connection ended before the response" to 1, reset to count.getAndSet(0))
                val void = assertThrows<SandboxException> { sandbox.voidTransaction("x") }.message
                assertEquals("POST /_sandbox/transactions/x/void: the connection ended before the response" to 1, void to count.get())
            }
        }
    }

    @Test
    fun sandboxEndsIfItsProcessIsKilled(@TempDir folder: Path) {
        val wrapper = program(folder, "echo $$ > \"$folder/pid\"\nexec \"$k2Program\" \"$@\"")
        val classpath = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
        val program = ProcessBuilder(File(System.getProperty("java.home"), "bin/java").path, "-cp", classpath, "dev.kopokopo.sandbox.KilledKt")
        program.environment()["K2_SANDBOX_BIN"] = wrapper.path
        val process = program.redirectError(ProcessBuilder.Redirect.INHERIT).start()
        assertEquals("up", process.inputStream.bufferedReader().readLine())
        val sandbox = ProcessHandle.of(folder.resolve("pid").toFile().readText().trim().toLong()).get()
        process.destroyForcibly().waitFor()
        sandbox.onExit().get(60, java.util.concurrent.TimeUnit.SECONDS)
    }
}
