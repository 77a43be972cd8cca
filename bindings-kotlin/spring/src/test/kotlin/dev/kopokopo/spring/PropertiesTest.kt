package dev.kopokopo.spring

import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.signWebhook
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.springframework.boot.WebApplicationType
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.boot.builder.SpringApplicationBuilder
import org.springframework.context.ConfigurableApplicationContext
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
open class PropertiesOnly

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
open class CustomBeans {
    @Bean
    open fun verifier(): WebhookVerifier = WebhookVerifier(listOf("custom"))
}

/** The beans that Spring Boot creates from the properties `kopokopo.*`. */
class PropertiesTest {
    private fun start(vararg properties: String, configuration: Class<*> = PropertiesOnly::class.java): ConfigurableApplicationContext =
        SpringApplicationBuilder(configuration).web(WebApplicationType.NONE)
            .properties("spring.main.banner-mode=off", *properties.map { "kopokopo.$it" }.toTypedArray()).run()

    @Test
    fun `empty base URL is absent`() {
        start("client-id=id", "client-secret=secret", "base-url=").use { context ->
            assertEquals("https://sandbox.kopokopo.com", context.getBean(KopoKopo::class.java).baseUrl)
        }
    }

    @Test
    fun `client and verifier are created from the properties`() {
        val properties = arrayOf(
            "client-id=id",
            "client-secret=canary-secret",
            "api-key=new",
            "other-api-keys=old,older",
            "base-url=http://127.0.0.1:9",
            "timeout=7s",
            "max-retries=0",
        )
        start(*properties).use { context ->
            assertEquals("http://127.0.0.1:9", context.getBean(KopoKopo::class.java).baseUrl)
            val error = assertThrows<KopoKopoException.Connection> { context.getBean(KopoKopo::class.java).oauth.tokenBlocking() }
            assertEquals(1, error.attempts)
            val body = "{}".toByteArray()
            for (key in listOf("new", "old", "older")) context.getBean(WebhookVerifier::class.java).verifySignature(body, signWebhook(key, body))
            assertFalse("canary" in "${context.getBean(KopoKopoProperties::class.java)}")
        }
    }

    @Test
    fun `no beans are created without the properties`() = start().use { context ->
        assertTrue(context.getBeansOfType(KopoKopo::class.java).isEmpty())
        assertTrue(context.getBeansOfType(WebhookVerifier::class.java).isEmpty())
    }

    @Test
    fun `beans of the application are not replaced`() = start("api-key=key", configuration = CustomBeans::class.java).use { context ->
        assertEquals(listOf("verifier"), context.getBeansOfType(WebhookVerifier::class.java).keys.toList())
    }

    @Test
    fun `startup fails and names a missing secret`() {
        val failed = assertThrows<Exception> { start("client-id=id").close() }
        val error = generateSequence<Throwable>(failed) { it.cause }.firstOrNull { it is KopoKopoException.Configuration }
        assertNotNull(error, "$failed")
        assertEquals("clientSecret", (error as KopoKopoException).field)
    }

    @Test
    fun `every property has a description`() {
        val metadata = checkNotNull(javaClass.getResource("/META-INF/spring-configuration-metadata.json")).readText()
        val types = listOf("kopokopo" to KopoKopoProperties::class.java, "kopokopo.journal" to KopoKopoProperties.Journal::class.java)
        val properties = types.flatMap { (prefix, type) ->
            type.methods.filter { it.name.startsWith("set") && it.parameterCount == 1 }.map { prefix to it.name.removePrefix("set") }
        }
        assertEquals(12, properties.size)
        for ((prefix, property) in properties) {
            val name = property.replace(Regex("(?<=[a-z])(?=[A-Z])"), "-").lowercase()
            assertTrue("\"$prefix.$name\"" in metadata, name)
        }
    }
}
