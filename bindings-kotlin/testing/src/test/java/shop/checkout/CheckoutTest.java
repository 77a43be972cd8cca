package shop.checkout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.kopokopo.IncomingPaymentRequest;
import dev.kopokopo.KopoKopo;
import dev.kopokopo.KopoKopoException;
import dev.kopokopo.WaitOptions;
import dev.kopokopo.sandbox.FaultKind;
import dev.kopokopo.sandbox.Sandbox;
import dev.kopokopo.sandbox.SandboxExtension;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SandboxExtension.class)
class CheckoutTest {
    /** The code that is tested. */
    private String charge(KopoKopo k2, String phoneNumber) {
        return k2.getIncomingPayments().createBlocking(IncomingPaymentRequest.builder()
            .tillNumber("K000000").phoneNumber(phoneNumber)
            .amount(new BigDecimal("100")).callbackUrl("https://shop.example/k2/results").build()).getId();
    }

    @Test
    void customerCancels(Sandbox sandbox, KopoKopo k2) {
        String id = charge(k2, "254700000006"); // this customer waits for the test
        sandbox.customerCancels(id);
        WaitOptions options = WaitOptions.builder().interval(Duration.ofMillis(20)).build();
        assertEquals(List.of("Request cancelled by user"), k2.getIncomingPayments().waitBlocking(id, options).getErrors());
    }

    @Test
    void paymentWithLostResponseIsNotSentAgain(Sandbox sandbox, KopoKopo k2) {
        sandbox.fault(FaultKind.RESET_AFTER_EFFECT, "incoming_payments.create");
        assertThrows(KopoKopoException.OutcomeUnknown.class, () -> charge(k2, "0712345678"));
        long sent = sandbox.requests().stream().filter(it -> it.getOperation().equals("incoming_payments.create")).count();
        assertEquals(1, sent);
    }
}
