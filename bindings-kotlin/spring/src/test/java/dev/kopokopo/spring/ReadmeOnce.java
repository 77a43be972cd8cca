package dev.kopokopo.spring;

import dev.kopokopo.Event;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** The second Java code in the README's section on Spring Boot. A test compares the two, and another runs it. */
@RestController
class ReadmeOnce {
    @Autowired
    KopoKopoEvents events;

    @Transactional
    @PostMapping("/k2/results")
    public void result(Event event) {
        if (events.once(event)) { // Claim only what you credit. After a rollback, the next delivery is the first again.
            System.out.println("credit in this transaction: " + event.getPaymentKey());
        }
    }
}
