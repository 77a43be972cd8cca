import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kopokopo.IncomingPaymentRequest;
import dev.kopokopo.KopoKopo;
import dev.kopokopo.WaitOptions;
import dev.kopokopo.sandbox.Sandbox;
import dev.kopokopo.sandbox.SandboxExtension;
import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Takes a payment on the sandbox whose program is in the jar. */
@ExtendWith(SandboxExtension.class)
class PayTest {
    @Test
    void customerPays(Sandbox sandbox, KopoKopo k2) {
        String program = ProcessHandle.current().children().map(it -> it.info().command().orElse("")).filter(it -> it.endsWith("/k2"))
            .findFirst().orElseThrow();
        assertTrue(program.contains("/kopokopo-sandbox"), program);
        String id = k2.getIncomingPayments().createBlocking(IncomingPaymentRequest.builder()
            .tillNumber("K000000").phoneNumber("254700000006")
            .amount(new BigDecimal("100")).callbackUrl("https://shop.example").build()).getId();
        sandbox.customerPays(id);
        WaitOptions options = WaitOptions.builder().interval(Duration.ofMillis(20)).build();
        assertTrue(k2.getIncomingPayments().waitBlocking(id, options).isPaid());
    }
}
