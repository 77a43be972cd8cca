package dev.kopokopo.sandbox

import dev.kopokopo.KopoKopo
import org.junit.jupiter.api.extension.ExtensionContext
import org.junit.jupiter.api.extension.ParameterContext
import org.junit.jupiter.api.extension.ParameterResolver

/**
 * Parameters of the types [Sandbox] and [KopoKopo] for tests of JUnit 5 and 6 with `@ExtendWith(SandboxExtension::class)`.
 *
 * A parameter of a test or of `@BeforeEach` is a sandbox of that test alone, so tests can run in parallel. A parameter of the
 * constructor or of `@BeforeAll` is one for the whole class, which its tests share. The client is one of the same sandbox. Both
 * are closed at the end.
 */
public class SandboxExtension : ParameterResolver {
    override fun supportsParameter(parameter: ParameterContext, context: ExtensionContext): Boolean =
        parameter.parameter.type == Sandbox::class.java || parameter.parameter.type == KopoKopo::class.java

    override fun resolveParameter(parameter: ParameterContext, context: ExtensionContext): Any {
        val started = context.getStore(NAMESPACE).getOrComputeIfAbsent("sandbox", { Started(Sandbox.start()) }, Started::class.java)
        return if (parameter.parameter.type == Sandbox::class.java) started.sandbox else started.client
    }

    // JUnit before 5.13 closes the first, and later ones close the second.
    @Suppress("DEPRECATION")
    private class Started(val sandbox: Sandbox) :
        ExtensionContext.Store.CloseableResource,
        AutoCloseable {
        private val opened = lazy { sandbox.client() }
        val client: KopoKopo by opened

        override fun close() {
            if (opened.isInitialized()) client.close()
            sandbox.close()
        }
    }

    private companion object {
        val NAMESPACE: ExtensionContext.Namespace = ExtensionContext.Namespace.create(SandboxExtension::class.java)
    }
}
