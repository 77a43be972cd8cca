package dev.kopokopo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kopokopo.testing.Created;
import dev.kopokopo.testing.ErrorBuilder;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Uses the package from Java, without any Kotlin types. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JavaTest {
    private final Sandbox sandbox = new Sandbox("instant");
    private final KopoKopo k2 = new KopoKopo(ClientOptions.builder()
        .clientId(sandbox.getClientId())
        .clientSecret(sandbox.getClientSecret())
        .apiKey(sandbox.getApiKey())
        .baseUrl(sandbox.getBaseUrl())
        .timeout(Duration.ofSeconds(30))
        .build());
    private final WaitOptions fastPolling = WaitOptions.builder()
        .interval(Duration.ofMillis(20))
        .maxInterval(Duration.ofMillis(100))
        .build();

    @AfterAll
    void close() {
        k2.close();
        sandbox.close();
    }

    private static IncomingPaymentRequest request(String amount) {
        return IncomingPaymentRequest.builder()
            .tillNumber("K000000")
            .phoneNumber("0712345678")
            .amount(new BigDecimal(amount))
            .callbackUrl("http://127.0.0.1:9/results")
            .metadata(Map.of("order", 42))
            .build();
    }

    @Test
    void createBlockingAndWaitBlockingReturnThePayment() {
        CreatedIncomingPayment push = k2.getIncomingPayments().createBlocking(request("100"));
        IncomingPayment payment = push.waitBlocking(fastPolling);
        assertTrue(payment.isPaid());
        assertEquals(IncomingPaymentStatus.SUCCESS, payment.getStatus());
        assertEquals("Success", payment.getStatus().getWord());
        assertEquals(payment, push.getBlocking());
        assertEquals(payment, k2.getIncomingPayments().getBlocking(push.getId()));
    }

    @Test
    void createAsyncAndWaitAsyncReturnThePayment() throws Exception {
        IncomingPayment payment = k2.getIncomingPayments()
            .createAsync(request("100"))
            .thenCompose(push -> push.waitAsync(fastPolling))
            .get(20, TimeUnit.SECONDS);
        assertTrue(payment.isPaid());
    }

    @Test
    void waitAndWatchByIdReturnThePaidPayment() throws Exception {
        String id = k2.getIncomingPayments().createBlocking(request("100")).getId();
        assertTrue(k2.getIncomingPayments().waitBlocking(id, fastPolling).isPaidAtLeast(new BigDecimal("100.00")));
        assertTrue(k2.getIncomingPayments().waitAsync(id, fastPolling).get(20, TimeUnit.SECONDS).isPaid());
        try (Stream<IncomingPayment> states = k2.getIncomingPayments().watchBlocking(id, fastPolling)) {
            assertEquals(List.of("Success"), states.map(state -> state.getStatus().getWord()).collect(Collectors.toList()));
        }
        KopoKopoException.InvalidRequest refused =
            assertThrows(KopoKopoException.InvalidRequest.class, () -> k2.getIncomingPayments().watchBlocking("../x"));
        assertEquals("id", refused.getField());
    }

    @Test
    void streamThrowsNotFinalWithTheIdOnTimeout() {
        CreatedIncomingPayment push = k2.getIncomingPayments().createBlocking(request("10006"));
        WaitOptions brief = WaitOptions.builder().timeout(Duration.ofMillis(200)).interval(Duration.ofMillis(50)).build();
        try (Stream<IncomingPayment> states = push.watchBlocking(brief)) {
            KopoKopoException.NotFinal error =
                assertThrows(KopoKopoException.NotFinal.class, () -> states.forEach(state -> assertFalse(state.isFinal())));
            assertEquals(push.getId(), error.getId());
        }
    }

    @Test
    void callWithoutResultReturnsFutureOfVoid() throws Exception {
        CreatedPaymentLink link = k2.getPaymentLinks().createBlocking(PaymentLinkRequest.builder()
            .tillNumber("K000000").amount(BigDecimal.valueOf(250)).callbackUrl("http://127.0.0.1:9/results").note("Tea").build());
        CompletableFuture<Void> cancelled = k2.getPaymentLinks().cancelAsync(link.getId());
        assertNull(cancelled.get(20, TimeUnit.SECONDS));
    }

    @Test
    void testingClassesCreateErrorsAndHandles() {
        KopoKopoException.OutcomeUnknown unknown =
            new ErrorBuilder("the response was lost").operation("incoming_payments.create").outcomeUnknown();
        assertEquals("outcome_unknown: incoming_payments.create: the response was lost", unknown.getMessage());
        IncomingPayment paid = k2.getIncomingPayments().createBlocking(request("100")).waitBlocking(fastPolling);
        CreatedIncomingPayment push = Created.incomingPayment("42", paid);
        assertEquals(paid, push.waitBlocking());
        assertEquals(paid, push.getAsync().join());
        KopoKopoException.NotFinal error =
            assertThrows(KopoKopoException.NotFinal.class, () -> Created.incomingPayment("42").waitBlocking());
        assertEquals("42", error.getId());
    }

    @Test
    void dependentStageOfFutureMayBlock() throws Exception {
        CompletableFuture<IncomingPayment> inner = k2.getIncomingPayments()
            .createAsync(request("100"))
            .thenApply(push -> push.waitBlocking(fastPolling));
        assertTrue(inner.get(20, TimeUnit.SECONDS).isPaid());
    }

    @Test
    void errorIsSubclassOfKopoKopoException() {
        KopoKopoException.InvalidRequest refused = assertThrows(
            KopoKopoException.InvalidRequest.class, () -> k2.getIncomingPayments().createBlocking(request("-1")));
        assertEquals("amount", refused.getField());
        ExecutionException failed = assertThrows(
            ExecutionException.class, () -> k2.getIncomingPayments().createAsync(request("-1")).get());
        assertInstanceOf(KopoKopoException.InvalidRequest.class, failed.getCause());
        CompletionException joined = assertThrows(
            CompletionException.class, () -> k2.getIncomingPayments().getAsync("00000000-0000-4000-8000-000000000000").join());
        assertEquals(404, ((KopoKopoException.NotFound) joined.getCause()).getStatus());
    }

    @Test
    void cancelledFutureCompletesImmediately() throws Exception {
        String id = k2.getIncomingPayments().createBlocking(request("10006")).getId();
        CompletableFuture<IncomingPayment> waiting = new CompletableFuture<>();
        sandbox.fault("incoming_payments.get", "delay", ", \"delay_ms\": 2000");
        CompletableFuture<IncomingPayment> call = k2.getIncomingPayments().getAsync(id);
        call.whenComplete((payment, error) -> waiting.completeExceptionally(error));
        assertTrue(call.cancel(true));
        assertTrue(waiting.isCompletedExceptionally());
    }

    @Test
    void interruptEndsWaitBlocking() throws Exception {
        CreatedIncomingPayment push = k2.getIncomingPayments().createBlocking(request("10006"));
        Thread thread = new Thread(() -> {
            try {
                push.waitBlocking();
            } catch (Exception interrupted) {
                assertInstanceOf(InterruptedException.class, interrupted);
            }
        });
        thread.start();
        Thread.sleep(200);
        thread.interrupt();
        thread.join(2000);
        assertFalse(thread.isAlive());
    }

    @Test
    void sendMoneyToTwoWalletsIsPaid() {
        SendMoney sent = k2.getSendMoney().createBlocking(SendMoneyRequest.builder()
            .destinations(List.of(
                Destination.MobileWallet.builder()
                    .phoneNumber("0712345678").amount(BigDecimal.valueOf(500)).description("Wages").build(),
                Destination.MobileWallet.builder()
                    .phoneNumber("0787654321").amount(BigDecimal.valueOf(700)).description("Wages").build()))
            .callbackUrl("http://127.0.0.1:9/results")
            .build()).waitBlocking(fastPolling);
        assertTrue(sent.isPaid());
        assertEquals(1, KopoKopoFunctions.disbursementsTo(sent, "0787654321").size());
    }

    @Test
    void webhookIsVerified() {
        byte[] body = "{\"topic\": \"customer_created\", \"event\": {\"resource\": {\"first_name\": \"Jane\"}}}"
            .getBytes(StandardCharsets.UTF_8);
        String signature = KopoKopoFunctions.signWebhook("key", body);
        WebhookVerifier verifier = new WebhookVerifier(List.of("key"));
        EventPayload payload = verifier.verify(body, signature).getPayload();
        assertEquals("Jane", ((EventPayload.CustomerCreated) payload).getCustomer().getFirstName());
        assertThrows(KopoKopoException.Signature.class, () -> verifier.verifySignature(body, "00"));
    }

    @Test
    void tokensComeFromBlockingAndAsyncSources() {
        TokenSourceOptions options = TokenSourceOptions.builder().baseUrl(sandbox.getBaseUrl()).build();
        TokenSource blocking = TokenSources.blocking(() -> new AccessToken(k2.getOauth().tokenBlocking().getAccessToken(), null));
        TokenSource future = TokenSources.future(() ->
            k2.getOauth().tokenAsync().thenApply(token -> AccessToken.builder().token(token.getAccessToken()).build()));
        for (TokenSource source : List.of(blocking, future)) {
            try (KopoKopo app = KopoKopo.withTokenSource(source, options)) {
                assertTrue(app.getIncomingPayments().createBlocking(request("100")).waitBlocking(fastPolling).isPaid());
            }
        }
    }
}
