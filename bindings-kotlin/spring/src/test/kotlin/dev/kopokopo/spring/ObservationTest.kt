package dev.kopokopo.spring

import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.signWebhook
import io.micrometer.observation.Observation
import io.micrometer.observation.ObservationHandler
import io.micrometer.observation.ObservationRegistry
import io.micrometer.observation.tck.TestObservationRegistry
import io.micrometer.observation.tck.TestObservationRegistryAssert
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.springframework.boot.WebApplicationType
import org.springframework.boot.builder.SpringApplicationBuilder
import org.springframework.boot.test.context.FilteredClassLoader
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.core.io.DefaultResourceLoader
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionException
import java.util.concurrent.TimeUnit

private val registry: TestObservationRegistry = TestObservationRegistry.create()

@Configuration(proxyBeanMethods = false)
open class Observed : Verified() {
    @Bean
    open fun observations(): ObservationRegistry = registry
}

@Configuration(proxyBeanMethods = false)
open class ReactiveObserved : ReactiveVerified() {
    @Bean
    open fun observations(): ObservationRegistry = registry
}

/** Waits for an observation, which stops just after the caller receives the future's result or the response. */
private fun assertObserved(name: String, vararg keys: Pair<String, String>) {
    val deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30)
    while (System.nanoTime() < deadline && runCatching { assertObservedNow(name, *keys) }.isFailure) Thread.sleep(5)
    assertObservedNow(name, *keys)
}

private fun assertObservedNow(name: String, vararg keys: Pair<String, String>) {
    val assertion = TestObservationRegistryAssert.assertThat(registry).hasObservationWithNameEqualTo(name).that().hasBeenStarted().hasBeenStopped()
    for ((key, value) in keys) assertion.hasLowCardinalityKeyValue(key, value)
}

private fun assertWebhooksObserved(shop: Shop) {
    val known = """{"topic":"customer_created","id":"1","event":{"resource":{"phone_number":"+254712345678"}}}""".toByteArray()
    val unknown = """{"topic":"canary","id":"1"}""".toByteArray()
    val unreadable = "[1, 2".toByteArray()
    for ((body, signature, topic, outcome) in listOf(
        listOf(known, signWebhook(KEY, known), "customer_created", "accepted"),
        listOf(unknown, signWebhook(KEY, unknown), "unknown", "accepted"),
        listOf(known, signWebhook("another", known), "unknown", "refused"),
        listOf(unreadable, signWebhook(KEY, unreadable), "unknown", "unreadable"),
    )) {
        registry.clear()
        shop.post("/k2", body as ByteArray, signature as String)
        assertObserved("kopokopo.webhooks", "topic" to topic as String, "outcome" to outcome as String)
        TestObservationRegistryAssert.assertThat(registry).hasNumberOfObservationsWithNameEqualTo("kopokopo.webhooks", 1)
    }
}

class ObservationTest {
    @Test
    fun `broken handler does not replace the result of a call`() {
        val broken = ObservationRegistry.create()
        broken.observationConfig().observationHandler(
            object : ObservationHandler<Observation.Context> {
                override fun supportsContext(context: Observation.Context) = true

                override fun onStop(context: Observation.Context): Unit = throw IllegalStateException("the handler is broken")
            },
        )
        val observations = KopoKopoObservations(broken)
        assertEquals("sent", observations.observeBlocking("send_money.create") { "sent" })
        assertEquals("sent", runBlocking { observations.observe("send_money.create") { "sent" } })
        assertEquals("sent", observations.observeAsync("send_money.create") { CompletableFuture.completedFuture("sent") }.get())
        assertThrows(KopoKopoException::class.java) {
            observations.observeBlocking<String>("send_money.create") { KopoKopo(clientId = "", clientSecret = "").use { "made" } }
        }
    }

    @Test
    fun `webhooks are observed by topic and outcome`() = Shop(Observed::class.java).use(::assertWebhooksObserved)

    @Test
    fun `calls are observed by operation and outcome`() {
        val observations = KopoKopoObservations(registry)
        registry.clear()
        assertEquals(1, runBlocking { observations.observe("reversals.get") { 1 } })
        assertObserved("kopokopo.calls", "operation" to "reversals.get", "outcome" to "success")

        KopoKopo(clientId = "observed", clientSecret = "secret", baseUrl = "http://127.0.0.1:9").use { client ->
            registry.clear()
            assertThrows(KopoKopoException.Connection::class.java) {
                runBlocking { observations.observe("oauth.token") { client.oauth.token() } }
            }
            assertObserved("kopokopo.calls", "operation" to "oauth.token", "outcome" to "connection")

            registry.clear()
            assertThrows(KopoKopoException.Connection::class.java) { observations.observeBlocking("oauth.token") { client.oauth.tokenBlocking() } }
            assertObserved("kopokopo.calls", "operation" to "oauth.token", "outcome" to "connection")

            registry.clear()
            assertThrows(CompletionException::class.java) { observations.observeAsync("oauth.token") { client.oauth.tokenAsync() }.join() }
            assertObserved("kopokopo.calls", "operation" to "oauth.token", "outcome" to "connection")
        }

        registry.clear()
        observations.observeAsync("oauth.token") { CompletableFuture<String>() }.cancel(true)
        assertObserved("kopokopo.calls", "operation" to "oauth.token", "outcome" to "cancelled")
    }

    @Test
    fun `application starts without Micrometer`() {
        val loader = FilteredClassLoader("io.micrometer")
        val thread = Thread.currentThread()
        val before = thread.contextClassLoader
        thread.contextClassLoader = loader
        try {
            SpringApplicationBuilder(KopoKopoAutoConfiguration::class.java, KopoKopoObservationAutoConfiguration::class.java)
                .resourceLoader(DefaultResourceLoader(loader)).web(WebApplicationType.NONE)
                .properties("kopokopo.api-key=key", "kopokopo.client-id=id", "kopokopo.client-secret=secret").run().use { context ->
                    assertTrue(context.containsBean("kopoKopoWebhookVerifier"))
                    assertFalse(context.containsBean("kopoKopoObservations"))
                }
        } finally {
            thread.contextClassLoader = before
        }
    }
}

class ReactiveObservationTest {
    @Test
    fun `webhooks are observed by topic and outcome`() = reactiveShop(ReactiveObserved::class.java).use(::assertWebhooksObserved)
}
