package dev.kopokopo.sandbox.spring

import dev.kopokopo.sandbox.Sandbox
import dev.kopokopo.sandbox.Settings
import org.springframework.test.context.ContextConfiguration
import org.springframework.test.context.TestContext
import org.springframework.test.context.TestExecutionListener
import org.springframework.test.context.TestExecutionListeners

/**
 * Starts a sandbox for a test of Spring Boot, and points `kopokopo-spring` at it: `@SpringBootTest` and `@KopoKopoSandbox`.
 *
 * The bean [Sandbox] has its helpers. Tests that share a context share its sandbox, so it is emptied before each, and has the
 * settings from before the test again after it. Access tokens stay valid. What [SandboxInitializer] says of properties holds.
 */
@Target(AnnotationTarget.CLASS)
@Retention(AnnotationRetention.RUNTIME)
@MustBeDocumented
@java.lang.annotation.Inherited
@ContextConfiguration(initializers = [SandboxInitializer::class])
@TestExecutionListeners(listeners = [SandboxReset::class], mergeMode = TestExecutionListeners.MergeMode.MERGE_WITH_DEFAULTS)
public annotation class KopoKopoSandbox

/** Spring makes it. */
internal class SandboxReset : TestExecutionListener {
    override fun beforeTestMethod(context: TestContext) {
        val sandbox = sandboxOf(context)
        context.setAttribute(SETTINGS, sandbox.settings())
        sandbox.reset(keepTokens = true)
    }

    /** A reset keeps settings. */
    override fun afterTestMethod(context: TestContext) {
        val settings = context.getAttribute(SETTINGS) as? Settings ?: return
        sandboxOf(context).changeSettings(
            settings.pace,
            settings.tokenLifetimeSeconds,
            settings.callbackRetriesMs,
            settings.senderPhoneNumber,
            settings.reversalType,
            settings.paymentLinkShape,
        )
    }

    private fun sandboxOf(context: TestContext): Sandbox = context.applicationContext.getBean(Sandbox::class.java)
}

private const val SETTINGS = "dev.kopokopo.sandbox.settings"
