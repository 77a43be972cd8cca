package dev.kopokopo.spring;

import dev.kopokopo.Event;
import dev.kopokopo.KopoKopo;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** The README's section on Spring Boot, which is compared with this. */
@RestController
class ReadmeShop {
    @Autowired
    KopoKopo k2;

    @PostMapping("/k2/webhooks")
    void webhook(Event event) { // store event.getDedupeKey() and event.getPaymentKey() with what they protect
        System.out.println(event.getTopic());
    }
}
