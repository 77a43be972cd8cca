package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.signWebhook
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.context.annotation.Import
import org.springframework.core.io.buffer.DataBufferUtils
import org.springframework.web.bind.annotation.PostMapping
import org.springframework.web.bind.annotation.RequestBody
import org.springframework.web.bind.annotation.RestController
import org.springframework.web.server.WebFilter
import reactor.core.publisher.Mono
import java.util.concurrent.atomic.AtomicInteger

private val BODY = """{"topic":"customer_created","id":"1","event":{"resource":{"phone_number":"+254712345678"}}}""".toByteArray()
private val SIGNED = signWebhook(KEY, BODY)
private val FORGED = signWebhook("another", BODY)

@RestController
class ReactiveController {
    @PostMapping("/k2")
    fun webhook(event: Event): Mono<String> = Mono.just(event.topic)

    @PostMapping("/mono")
    fun mono(event: Mono<Event>): Mono<String> = event.map { it.topic }

    @PostMapping("/unused")
    fun unused(@Suppress("unused") event: Mono<Event>): Mono<String> = Mono.just("ran ${calls.incrementAndGet()}")

    @PostMapping("/body-first")
    fun bodyFirst(@RequestBody body: String, event: Event): Mono<String> = Mono.just(body + event.topic)

    @PostMapping("/unverified")
    fun unverified(@RequestBody event: Event): Mono<String> = Mono.just(event.topic)

    @PostMapping("/unverified-mono")
    fun unverifiedMono(@RequestBody event: Mono<Event>): Mono<String> = event.map { it.topic }

    companion object {
        val calls = AtomicInteger()
    }
}

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import(ReactiveController::class)
open class ReactiveUnverified {
    @Bean
    open fun bodyReadingFilter(): WebFilter = WebFilter { exchange, chain ->
        when (exchange.request.headers.getFirst("X-Read-Before")) {
            "stream" -> DataBufferUtils.join(exchange.request.body).doOnNext(DataBufferUtils::release).then(chain.filter(exchange))
            "form" -> exchange.formData.then(chain.filter(exchange))
            else -> chain.filter(exchange)
        }
    }
}

@Configuration(proxyBeanMethods = false)
open class ReactiveVerified : ReactiveUnverified() {
    @Bean
    open fun verifier(): WebhookVerifier = WebhookVerifier(listOf(KEY), maxBody = BODY.size.toLong())
}

/** Spring WebFlux on Reactor Netty, which Spring Boot uses for an application with only WebFlux. */
internal fun reactiveShop(configuration: Class<*>) = Shop(
    configuration,
    "spring.main.web-application-type=reactive",
    "spring.autoconfigure.exclude=org.springframework.boot.tomcat.autoconfigure.reactive.TomcatReactiveWebServerAutoConfiguration",
)

class ReactiveWebhooksTest : ReactiveWebhooksCases(reactiveShop(ReactiveVerified::class.java))

/** Spring WebFlux on Tomcat, which Spring Boot 4 uses if both servers are present. */
class TomcatReactiveWebhooksTest : ReactiveWebhooksCases(Shop(ReactiveVerified::class.java, "spring.main.web-application-type=reactive"))

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ReactiveWebhooksCases(private val shop: Shop) {

    @AfterAll
    fun close() = shop.close()

    @Test
    fun `verified webhook reaches the controller`() {
        for (path in listOf("/k2", "/mono")) {
            for (chunked in listOf(false, true)) {
                val response = shop.post(path, BODY, SIGNED, chunked = chunked)
                assertEquals(200 to "customer_created", response.statusCode() to response.body())
            }
        }
        assertEquals(200, shop.post("/k2", BODY, SIGNED, SIGNED).statusCode(), "the same signature twice")
    }

    @Test
    fun `invalid signature is rejected before the controller runs`() {
        for (path in listOf("/k2", "/mono", "/unused")) {
            for (response in listOf(
                shop.post(path, BODY),
                shop.post(path, BODY, "zz"),
                shop.post(path, BODY, FORGED),
                shop.post("$path?topic=customer_created&raw=x", ByteArray(0), FORGED),
                shop.post(path, BODY, SIGNED, FORGED),
                shop.post(path, BODY, "$SIGNED, $FORGED"),
                shop.post(path, BODY, FORGED, headers = mapOf("Content-Type" to "multipart/form-data; boundary=a")),
            )) {
                assertEquals(401, response.statusCode(), response.body())
                assertFalse("ignature" in response.body() || "kopokopo" in response.body(), response.body())
            }
        }
        assertEquals(0, ReactiveController.calls.get())
        assertTrue("webhook refused: multiple X-KopoKopo-Signature headers received" in shop.logged, shop.logged)
        assertFalse(listOf(FORGED, SIGNED, "712345678", KEY).any { it in shop.logged }, shop.logged)
    }

    @Test
    fun `unreadable body is 400 and large body is 413`() {
        val body = "[1, 2".toByteArray()
        assertEquals(400, shop.post("/k2", body, signWebhook(KEY, body)).statusCode())
        assertEquals(401, shop.post("/k2", ByteArray(0), signWebhook(KEY, ByteArray(0))).statusCode())
        for (chunked in listOf(false, true)) {
            assertEquals(413, shop.post("/k2", BODY + ' '.code.toByte(), SIGNED, chunked = chunked).statusCode())
        }
    }

    @Test
    fun `body that was read before is an error that names the remedy`() {
        val ways = listOf(
            "/body-first" to emptyMap(),
            "/k2" to mapOf("X-Read-Before" to "stream"),
            "/k2" to mapOf("X-Read-Before" to "form", "Content-Type" to "application/x-www-form-urlencoded"),
        )
        for ((path, headers) in ways) {
            val before = shop.logged.length
            assertEquals(500, shop.post(path, BODY, SIGNED, headers = headers).statusCode(), "$path $headers")
            val logged = shop.logged.drop(before)
            assertTrue("Spring: the body was read before" in logged && "without a @RequestBody" in logged, "$path $headers $logged")
        }
    }

    @Test
    fun `chunked body that a filter has read is rejected with the reason in the log`() {
        val before = shop.logged.length
        val response = shop.post("/k2", BODY, SIGNED, chunked = true, headers = mapOf("X-Read-Before" to "stream"))
        assertEquals(401, response.statusCode())
        assertTrue("a filter has read it before" in shop.logged.drop(before), shop.logged.drop(before))
    }

    @Test
    fun `Event from a RequestBody is rejected`() {
        for (path in listOf("/unverified", "/unverified-mono")) {
            val before = shop.logged.length
            assertEquals(500, shop.post(path, BODY, SIGNED).statusCode())
            assertTrue("a @RequestBody of type Event is not verified" in shop.logged.drop(before), path)
        }
    }
}

/**
 * A separate class, because closing one application stops Reactor Netty's threads for all applications of the process.
 */
class ReactiveWithoutVerifierTest {
    @Test
    fun `webhook is rejected without a verifier`() = reactiveShop(ReactiveUnverified::class.java).use {
        for (path in listOf("/k2", "/mono", "/unused")) {
            assertEquals(500, it.post("$path?topic=customer_created&raw=x", BODY, SIGNED).statusCode(), path)
        }
        assertEquals(0, ReactiveController.calls.get())
    }
}
