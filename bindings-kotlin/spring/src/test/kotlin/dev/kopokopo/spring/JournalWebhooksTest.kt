package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.Journal
import dev.kopokopo.JournalStore
import dev.kopokopo.KopoKopo
import dev.kopokopo.WebhookVerifier
import dev.kopokopo.signWebhook
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.context.annotation.Import
import org.springframework.web.bind.annotation.PostMapping
import org.springframework.web.bind.annotation.RestController
import java.io.File
import java.util.concurrent.ConcurrentLinkedQueue

/** A payment, for which the journal reads its records. */
private val BODY = File(System.getProperty("kopokopo.root"), "tests/benches/webhook.json").readBytes()
private val SIGNED = signWebhook(KEY, BODY)

@RestController
class RecordingController {
    @PostMapping("/k2")
    fun webhook(event: Event): String {
        STEPS += "controller"
        return event.topic
    }

    companion object {
        val STEPS = ConcurrentLinkedQueue<String>()

        @Volatile
        var isDown = false
    }
}

/** An application that brings its own journal. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import(RecordingController::class)
open class CustomJournal {
    @Bean
    open fun verifier(): WebhookVerifier = WebhookVerifier(listOf(KEY))

    @Bean
    open fun client(): KopoKopo = KopoKopo(clientId = "id", clientSecret = "secret", baseUrl = "http://127.0.0.1:9").use {
        it.withJournal(
            JournalStore { request ->
                RecordingController.STEPS += "journal"
                check(!RecordingController.isDown) { "the database is down" }
                if ("\"get\"" in request) "null" else "[]"
            },
        )
    }

    @Bean
    open fun journal(client: KopoKopo): Journal = client.journal
}

/** Separate classes, because closing one application stops Reactor Netty's threads for all applications of the process. */
class JournalWebhooksTest : JournalWebhooksCases({ Shop(CustomJournal::class.java) })

class ReactiveJournalWebhooksTest : JournalWebhooksCases({ reactiveShop(CustomJournal::class.java) })

abstract class JournalWebhooksCases(private val start: () -> Shop) {
    @Test
    fun `journal learns of the event before the controller, which does not run if the journal fails`() = start().use { shop ->
        val steps = RecordingController.STEPS.apply { clear() }
        RecordingController.isDown = true
        val failed = shop.post("/k2", BODY, SIGNED)
        assertEquals(500, failed.statusCode())
        assertFalse("database" in failed.body(), failed.body())
        assertTrue("webhook not handled: journal: journal.observe: the journal failed: IllegalStateException: the database is down" in shop.logged, shop.logged)
        assertEquals(listOf("journal"), steps.distinct())
        steps.clear()
        RecordingController.isDown = false
        assertEquals(200, shop.post("/k2", BODY, SIGNED).statusCode())
        assertEquals(listOf("journal", "controller"), steps.distinct())
        assertEquals(401, shop.post("/k2", BODY, signWebhook("another", BODY)).statusCode())
        assertEquals("controller", steps.last())
    }
}
