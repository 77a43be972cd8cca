package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.EventPayload
import dev.kopokopo.KopoKopoException
import org.springframework.beans.factory.BeanFactory
import java.util.function.Supplier

/** Observes verifications. It has no type of Micrometer, which an application need not have. */
internal fun interface WebhookObserver {
    /** Starts an observation. [parent] is the request's own, if it is not in a thread local. */
    fun start(parent: Any?): Observed

    /** A verification that is going on. */
    fun interface Observed {
        fun stop(topic: String, outcome: String)
    }

    companion object {
        val NONE = WebhookObserver { _ -> Observed { _, _ -> } }
    }
}

internal fun WebhookObserver.Observed.accepted(event: Event): Unit = stop(topic(event.payload), "accepted")

internal fun WebhookObserver.Observed.failed(error: Throwable): Unit = stop(UNKNOWN_TOPIC, outcome(error))

/** The application's observer, found at the first webhook. */
internal fun observer(beans: BeanFactory): Supplier<WebhookObserver> {
    val observers = beans.getBeanProvider(WebhookObserver::class.java)
    return Supplier { observers.getIfAvailable { WebhookObserver.NONE } }
}

internal const val UNKNOWN_TOPIC = "unknown"

/** The payload's type and not the event's topic: a topic that this version does not know can be any text. */
private fun topic(payload: EventPayload): String = when (payload) {
    is EventPayload.Unknown, is EventPayload.DarajaOther -> UNKNOWN_TOPIC
    else -> payload.javaClass.simpleName.replace(Regex("(?<=[a-z0-9])(?=[A-Z])"), "_").lowercase()
}

private fun outcome(error: Throwable): String = when (error) {
    is Refusal -> if (error.status == BAD_REQUEST) "unreadable" else "refused"
    is KopoKopoException.Signature -> "refused"
    is KopoKopoException.Decode -> "unreadable"
    else -> "error"
}
