package shop.checkout;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kopokopo.IncomingPaymentRequest;
import dev.kopokopo.KopoKopo;
import dev.kopokopo.WaitOptions;
import dev.kopokopo.sandbox.Sandbox;
import dev.kopokopo.sandbox.spring.KopoKopoSandbox;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;

@SpringBootTest
@KopoKopoSandbox
class CheckoutTest {
    @Autowired
    KopoKopo k2; // the client of the application, or a service that uses it

    @Autowired
    Sandbox sandbox;

    @Test
    void customerCancels() {
        String id = k2.getIncomingPayments().createBlocking(IncomingPaymentRequest.builder()
            .tillNumber("K000000").phoneNumber("254700000006") // this customer waits for the test
            .amount(new BigDecimal("100")).callbackUrl("https://shop.example/k2/results").build()).getId();
        sandbox.customerCancels(id);
        WaitOptions options = WaitOptions.builder().interval(Duration.ofMillis(20)).build();
        assertEquals(List.of("Request cancelled by user"), k2.getIncomingPayments().waitBlocking(id, options).getErrors());
    }
}
