package dev.kopokopo.spring;

import dev.kopokopo.Event;
import dev.kopokopo.KopoKopo;
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
        System.out.println(event.getTopic());
    }
}
