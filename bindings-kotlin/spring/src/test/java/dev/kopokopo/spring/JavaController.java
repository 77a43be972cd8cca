package dev.kopokopo.spring;

import dev.kopokopo.Event;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class JavaController {
    @PostMapping("/java")
    String webhook(Event event) {
        return event.getTopic();
    }
}
