package dev.kopokopo.spring

import dev.kopokopo.IncomingPaymentRequest
import dev.kopokopo.KopoKopo
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.sandbox.Pace
import dev.kopokopo.sandbox.Sandbox
import dev.kopokopo.sandbox.SandboxException
import dev.kopokopo.sandbox.SandboxExtension
import dev.kopokopo.sandbox.spring.KopoKopoSandbox
import dev.kopokopo.sandbox.spring.SandboxInitializer
import dev.kopokopo.signWebhook
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.extension.ExtendWith
import org.springframework.beans.factory.DisposableBean
import org.springframework.beans.factory.annotation.Autowired
import org.springframework.boot.WebApplicationType
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.boot.builder.SpringApplicationBuilder
import org.springframework.boot.test.context.SpringBootTest
import org.springframework.context.ApplicationContextInitializer
import org.springframework.context.ConfigurableApplicationContext
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import java.io.File
import java.math.BigDecimal
import java.util.concurrent.atomic.AtomicReference

private val FAILED = AtomicReference<Sandbox>()
private val CALL_AT_THE_END = AtomicReference<Result<Any>>()

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
open class FailingShop {
    @Bean
    open fun broken(sandbox: Sandbox): String {
        FAILED.set(sandbox)
        error("no such luck")
    }
}

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
open class ShopThatCallsAtItsEnd {
    @Bean
    open fun last(client: KopoKopo): DisposableBean = DisposableBean { CALL_AT_THE_END.set(runCatching { client.oauth.tokenBlocking() }) }
}

/** An application whose own sources say that it is in production. */
private val PRODUCTION = arrayOf("kopokopo.client-id=real", "kopokopo.client-secret=real", "kopokopo.api-key=real", "kopokopo.environment=production")

/** The sandbox of kopokopo-testing, with the Spring Boot of the module. */
class SandboxInitializerTest {
    private fun application(configuration: Class<*>): SpringApplicationBuilder = SpringApplicationBuilder(configuration)
        .web(WebApplicationType.NONE).initializers(SandboxInitializer()).properties("spring.main.banner-mode=off")

    private fun hasStopped(sandbox: Sandbox) = assertTrue("does not listen any more" in assertThrows<SandboxException> { sandbox.reset() }.message.orEmpty())

    @Test
    fun `client and verifier use the sandbox, which stops with the context`() {
        val sandbox = application(PropertiesOnly::class.java).run(*PRODUCTION.map { "--$it" }.toTypedArray()).use { context ->
            val sandbox = context.getBean(Sandbox::class.java)
            assertEquals(sandbox.baseUrl, context.getBean(KopoKopo::class.java).baseUrl)
            context.getBean(KopoKopo::class.java).oauth.tokenBlocking()
            assertEquals("oauth.token", sandbox.requests().single().operation)
            val body = "{}".toByteArray()
            context.getBean(WebhookVerifier::class.java).verifySignature(body, signWebhook(sandbox.apiKey, body))
            application(PropertiesOnly::class.java).run().use { assertNotEquals(sandbox.baseUrl, it.getBean(Sandbox::class.java).baseUrl) }
            sandbox
        }
        hasStopped(sandbox)
    }

    @Test
    fun `sandbox outlives the beans that use it`() {
        application(ShopThatCallsAtItsEnd::class.java).run().close()
        assertTrue(CALL_AT_THE_END.get().isSuccess, "${CALL_AT_THE_END.get()}")
    }

    @Test
    fun `sandbox stops if a bean fails`() {
        assertThrows<Exception> { application(FailingShop::class.java).run() }
        hasStopped(FAILED.getAndSet(null))
    }

    @Test
    fun `sandbox stops if the context fails before its refresh`() {
        val failing = ApplicationContextInitializer<ConfigurableApplicationContext> { context ->
            FAILED.set(context.beanFactory.getBean(Sandbox::class.java))
            error("no such luck")
        }
        assertThrows<Exception> { application(PropertiesOnly::class.java).initializers(failing).run() }
        hasStopped(FAILED.getAndSet(null))
    }

    @Test
    fun `example of the documentation is a test`() {
        val root = File(System.getProperty("kopokopo.root"))
        val examples = root.resolve("docs/testing.md").readText().split("```java\n").drop(1).map { it.substringBefore("```") }
        val test = root.resolve("bindings-kotlin/spring/src/test/java/shop/checkout/CheckoutTest.java").readText()
        assertEquals(test.substringAfter("package shop.checkout;\n\n"), examples.last())
    }
}

/** Two tests of one context: the second one does not see what the first one sent or set, whichever it is. */
@SpringBootTest(classes = [PropertiesOnly::class], webEnvironment = SpringBootTest.WebEnvironment.NONE)
@KopoKopoSandbox
class KopoKopoSandboxTest(@param:Autowired private val sandbox: Sandbox, @param:Autowired private val k2: KopoKopo) {
    @BeforeEach
    fun isEmpty() = assertEquals(0 to Pace.INSTANT, sandbox.requests().size to sandbox.settings().pace)

    private fun pay() {
        k2.incomingPayments.createBlocking(IncomingPaymentRequest("K000000", "0712345678", BigDecimal(100), "https://shop.example/k2/results"))
        assertEquals(1, sandbox.requests().count { it.operation == "incoming_payments.create" })
        sandbox.changeSettings(pace = Pace.MANUAL)
    }

    @Test
    fun `one test begins with an empty sandbox`() = pay()

    @Test
    fun `other test begins with an empty sandbox`() = pay()
}

private val EARLIER = AtomicReference<Sandbox>()

/** JUnit 6 with Spring Boot 4, and JUnit 5 with Spring Boot 3. */
@ExtendWith(SandboxExtension::class)
class SandboxExtensionTest {
    private fun check(sandbox: Sandbox, k2: KopoKopo) {
        k2.oauth.tokenBlocking()
        assertEquals("oauth.token", sandbox.requests().single().operation)
        EARLIER.getAndSet(sandbox)?.let { assertThrows<SandboxException> { it.reset() } }
    }

    @Test
    fun `one test has its own sandbox, which stops`(sandbox: Sandbox, k2: KopoKopo) = check(sandbox, k2)

    @Test
    fun `other test has its own sandbox, which stops`(sandbox: Sandbox, k2: KopoKopo) = check(sandbox, k2)
}
