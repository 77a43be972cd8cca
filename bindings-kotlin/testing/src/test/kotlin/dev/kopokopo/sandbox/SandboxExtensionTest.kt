package dev.kopokopo.sandbox

import dev.kopokopo.KopoKopo
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.extension.ExtendWith
import org.junit.platform.engine.discovery.DiscoverySelectors.selectClass
import org.junit.platform.testkit.engine.EngineTestKit
import java.util.concurrent.CopyOnWriteArrayList

/** Which sandboxes the classes below get. */
private val SEEN = CopyOnWriteArrayList<Sandbox>()

class SandboxExtensionTest {
    private fun run(type: Class<*>): List<Sandbox> {
        SEEN.clear()
        EngineTestKit.engine("junit-jupiter").selectors(selectClass(type)).execute().testEvents().assertStatistics { it.started(2).succeeded(2) }
        for (sandbox in SEEN) assertThrows(SandboxException::class.java) { sandbox.reset() }
        return SEEN.distinctBy { it.baseUrl }
    }

    @Test
    fun eachTestHasItsOwnSandbox() = assertEquals(2, run(OwnCase::class.java).size)

    @Test
    fun classWithSandboxInBeforeAllSharesIt() = assertEquals(1, run(SharedCase::class.java).size)
}

/** Run by [SandboxExtensionTest]. */
@ExtendWith(SandboxExtension::class)
internal class OwnCase {
    @BeforeEach
    fun prepare(sandbox: Sandbox) {
        SEEN += sandbox
        assertEquals(0, sandbox.requests().size)
    }

    @Test
    fun one(sandbox: Sandbox, k2: KopoKopo) = pay(sandbox, k2)

    @Test
    fun other(sandbox: Sandbox, k2: KopoKopo) = pay(sandbox, k2)

    private fun pay(sandbox: Sandbox, k2: KopoKopo) {
        assertEquals(SEEN.last(), sandbox)
        k2.oauth.tokenBlocking()
        assertEquals(1, sandbox.requests().size)
    }
}

/** Run by [SandboxExtensionTest]. */
@ExtendWith(SandboxExtension::class)
internal class SharedCase {
    @Test
    fun one(sandbox: Sandbox) = SEEN.plusAssign(sandbox)

    @Test
    fun other(sandbox: Sandbox) = SEEN.plusAssign(sandbox)

    companion object {
        @BeforeAll
        @JvmStatic
        fun prepare(sandbox: Sandbox) = SEEN.plusAssign(sandbox)
    }
}
