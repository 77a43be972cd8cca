package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.EventPayload
import dev.kopokopo.KopoKopoException
import org.springframework.beans.factory.BeanFactory
import java.util.function.Supplier

/** Observes verifications. It uses no type of Micrometer, because an application may not have Micrometer. */
internal fun interface WebhookObserver {
    /** Starts an observation. [parent] is the observation of the request, if that is not in a thread local. */
    fun start(parent: Any?): Observed

    /** An observation that has started. */
    fun interface Observed {
        fun stop(topic: String, outcome: String)
    }

    companion object {
        val NONE = WebhookObserver { _ -> Observed { _, _ -> } }
    }
}

internal fun WebhookObserver.Observed.accepted(event: Event): Unit = stop(topic(event.payload), "accepted")

internal fun WebhookObserver.Observed.failed(error: Throwable): Unit = stop(UNKNOWN_TOPIC, outcome(error))

/** Supplies the observer of the application, which is read at the first webhook. */
internal fun observer(beans: BeanFactory): Supplier<WebhookObserver> {
    val observers = beans.getBeanProvider(WebhookObserver::class.java)
    return Supplier { observers.getIfAvailable { WebhookObserver.NONE } }
}

internal const val UNKNOWN_TOPIC = "unknown"

/** Returns the type of the payload, not the topic of the event: an unknown topic can be any text. */
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
