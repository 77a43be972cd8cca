import dev.kopokopo.KopoKopoFunctions;
import dev.kopokopo.IncomingPaymentRequest;
import dev.kopokopo.KopoKopo;
import dev.kopokopo.KopoKopoException;
import dev.kopokopo.WaitOptions;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Takes a payment and verifies a webhook with the jar. The settings of the sandbox are in the environment. */
class Pay {
    public static void main(String[] arguments) {
        byte[] body = "{\"topic\":\"customer_created\",\"id\":\"1\",\"event\":{\"resource\":{\"first_name\":\"Jane\"}}}"
            .getBytes(StandardCharsets.UTF_8);
        try (KopoKopo k2 = KopoKopo.fromEnv()) {
            boolean isPaid = k2.getIncomingPayments()
                .createBlocking(IncomingPaymentRequest.builder()
                    .tillNumber("K000000")
                    .phoneNumber("0712345678")
                    .amount(new BigDecimal("100"))
                    .callbackUrl("https://shop.example")
                    .build())
                .waitBlocking(WaitOptions.builder().interval(Duration.ofMillis(20)).build())
                .isPaid();
            if (!isPaid) throw new AssertionError("not paid");
            String signature = KopoKopoFunctions.signWebhook(System.getenv("K2_API_KEY"), body);
            k2.getWebhooks().verify(body, signature);
            body[0] = ' ';
            try {
                k2.getWebhooks().verify(body, signature);
                throw new AssertionError("a changed body was accepted");
            } catch (KopoKopoException.Signature expected) {
                System.out.println("paid and verified with kopokopo on Java " + System.getProperty("java.version"));
            }
        }
    }
}
