package dev.kopokopo.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kopokopo.KopoKopo;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The helpers, from Java. */
@ExtendWith(SandboxExtension.class)
class JavaExtensionTest {
    @Test
    void customerPaysAtTill(Sandbox sandbox, KopoKopo client) {
        assertEquals("Buygoods Transaction", sandbox.pay("K000000", new BigDecimal("250")).getType());
        sandbox.fault(FaultKind.DELAY, "send_money.create");
        assertEquals(FaultKind.DELAY, sandbox.faults().get(0).getKind());
        sandbox.setFaults(java.util.List.of(new Fault(FaultKind.STATUS)));
        assertEquals(1L, sandbox.faults().get(0).getTimes());
        assertTrue(client.toString().contains("KopoKopo"));
    }
}
