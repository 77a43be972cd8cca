package dev.kopokopo.sandbox.spring

import dev.kopokopo.sandbox.Sandbox
import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry
import org.springframework.boot.context.event.ApplicationFailedEvent
import org.springframework.context.ApplicationContextInitializer
import org.springframework.context.ApplicationListener
import org.springframework.context.ConfigurableApplicationContext
import org.springframework.core.env.MapPropertySource

private const val NAME = "kopokopoSandbox"

/**
 * A sandbox for an application of Spring Boot, which starts before its context. In tests, use [KopoKopoSandbox]. A `main` for
 * development gives it to `SpringApplication.addInitializers`.
 *
 * The properties `kopokopo.base-url`, `kopokopo.client-id`, `kopokopo.client-secret`, `kopokopo.api-key` and `kopokopo.environment` have
 * its values, whatever other sources say. The bean [Sandbox] has its helpers. It stops when the context closes, or fails to start.
 */
public class SandboxInitializer : ApplicationContextInitializer<ConfigurableApplicationContext> {
    override fun initialize(context: ConfigurableApplicationContext) {
        val beans = context.beanFactory as DefaultSingletonBeanRegistry
        val sandbox = Sandbox.start()
        val properties = mapOf<String, Any>(
            "kopokopo.base-url" to sandbox.baseUrl,
            "kopokopo.client-id" to sandbox.clientId,
            "kopokopo.client-secret" to sandbox.clientSecret,
            "kopokopo.api-key" to sandbox.apiKey,
            "kopokopo.environment" to "sandbox",
        )
        context.environment.propertySources.addFirst(MapPropertySource(NAME, properties))
        beans.registerSingleton(NAME, sandbox)
        // Beans are destroyed in the reverse order, so the sandbox outlives those that use it.
        beans.registerDisposableBean(NAME, sandbox::close)
        context.addApplicationListener(FailedStart(sandbox))
    }
}

/** A context that fails before its refresh, such as in another initializer, does not destroy its beans. */
private class FailedStart(private val sandbox: Sandbox) : ApplicationListener<ApplicationFailedEvent> {
    override fun onApplicationEvent(event: ApplicationFailedEvent) = sandbox.close()
}
