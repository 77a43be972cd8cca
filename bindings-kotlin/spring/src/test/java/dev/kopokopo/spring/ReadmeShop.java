package dev.kopokopo.spring;

import dev.kopokopo.Event;
import dev.kopokopo.KopoKopo;
import java.math.BigDecimal;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** The Java code in the README's section on Spring Boot. A test compares the two. */
@RestController
class ReadmeShop {
    @Autowired
    KopoKopo k2;

    @PostMapping("/k2/webhooks")
    void webhook(Event event) { // store event.getDedupeKey() and event.getPaymentKey() in the same transaction as the order
        if (event.isPaidAtLeast(new BigDecimal("100.00"), "KES", "K000000")) { // the amount of the order, and your till
            System.out.println("credit once: " + event.getPaymentKey());
        }
    }
}
