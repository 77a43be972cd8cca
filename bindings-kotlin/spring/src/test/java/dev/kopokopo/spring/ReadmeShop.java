package dev.kopokopo.spring;

import dev.kopokopo.Event;
import dev.kopokopo.WebhookVerifier;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** The README's section on Spring Boot, which is compared with this. */
@RestController
class ReadmeShop {
    @Bean
    WebhookVerifier webhookVerifier() {
        return new WebhookVerifier(List.of(System.getenv("K2_API_KEY")));
    }

    @PostMapping("/k2/webhooks")
    void webhook(Event event) { // deliveries repeat: event.getDedupeKey() tells
        System.out.println(event.getTopic());
    }
}
