package dev.kopokopo.sandbox.spring

import dev.kopokopo.sandbox.Sandbox
import org.springframework.test.context.ContextConfiguration
import org.springframework.test.context.TestContext
import org.springframework.test.context.TestExecutionListener
import org.springframework.test.context.TestExecutionListeners

/**
 * Starts a sandbox for a test of Spring Boot, and points `kopokopo-spring` at it: `@SpringBootTest` and `@KopoKopoSandbox`.
 *
 * The bean [Sandbox] has its helpers. Tests that share a context share its sandbox, so it is emptied before each. Access tokens stay
 * valid. What [SandboxInitializer] says of properties holds.
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
    override fun beforeTestMethod(context: TestContext) = context.applicationContext.getBean(Sandbox::class.java).reset(keepTokens = true)
}
