package shop.example

import dev.kopokopo.EventPayload
import dev.kopokopo.IncomingPayment
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.ktor.kopokopoWebhooks
import io.ktor.http.ContentType
import io.ktor.http.HttpStatusCode
import io.ktor.server.application.Application
import io.ktor.server.application.ApplicationCall
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import io.ktor.server.request.receiveParameters
import io.ktor.server.response.respondText
import io.ktor.server.routing.get
import io.ktor.server.routing.post
import io.ktor.server.routing.routing
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import java.math.BigDecimal
import java.util.UUID

// A shop that takes M-PESA payments: an order, an STK push, a callback, a paid order. To try it, start `k2 sandbox` and
// export the variables that it prints. Then start the shop and create an order:
//
//     curl -d item=coffee -d phone_number=0712345678 http://127.0.0.1:8000/orders

private val PRICES = mapOf("coffee" to BigDecimal("250"), "mandazi" to BigDecimal("40"), "samosa" to BigDecimal("62.50"))

/** The status of an order. */
enum class Status {
    NEW,

    /** The STK push was sent. */
    PENDING,

    /** The outcome of the create is unknown. */
    UNKNOWN,
    PAID,
    FAILED,

    /** A payment arrived that does not cover the price. */
    DISPUTE,
}

/** An order and the status of its payment. */
data class Order(
    val id: String,
    val item: String,
    val price: BigDecimal,
    val status: Status = Status.NEW,
    val paymentId: String? = null,
    val note: String? = null,
)

/**
 * Orders in memory, because this is an example. A real shop stores orders and deliveries in one database transaction.
 */
class Orders {
    private val orders = HashMap<String, Order>()
    private val deliveries = HashSet<String>()

    @Synchronized
    fun find(id: String): Order? = orders[id]

    @Synchronized
    fun save(order: Order) {
        orders[order.id] = order
    }

    /** Changes the status of an order, if its status is one of [from]. */
    @Synchronized
    fun transition(id: String, from: Set<Status>, to: Status, note: String? = null, paymentId: String? = null) {
        val order = orders[id]?.takeIf { it.status in from } ?: return
        orders[id] = order.copy(status = to, note = note, paymentId = paymentId ?: order.paymentId)
    }

    /**
     * Runs [work] once for each delivery, because deliveries can repeat. A shop that also receives the webhooks of its
     * till must credit an order once for each `paymentKey`.
     */
    @Synchronized
    fun processOnce(dedupeKey: String, work: () -> Unit) {
        if (dedupeKey in deliveries) return
        work()
        deliveries.add(dedupeKey)
    }

    /** Updates an order from its payment. Updates can repeat and arrive in any order. A paid order stays paid. */
    fun update(id: String, payment: IncomingPayment) {
        if (payment.isPaid) {
            val isEnough = find(id)?.let { payment.isPaidAtLeast(it.price) } == true
            transition(id, OPEN + Status.FAILED, if (isEnough) Status.PAID else Status.DISPUTE, paymentId = payment.id)
        } else if (payment.isFinal) {
            transition(id, OPEN, Status.FAILED, payment.errors.joinToString(), payment.id)
        }
    }

    private companion object {
        val OPEN = setOf(Status.NEW, Status.PENDING, Status.UNKNOWN)
    }
}

/** The routes of the shop. [url] is its public URL, to which Kopo Kopo sends callbacks. */
fun Application.shop(k2: KopoKopo, orders: Orders, till: String, url: () -> String) {
    routing {
        post("/orders") {
            val parameters = call.receiveParameters()
            val item = parameters["item"].orEmpty()
            val price = PRICES[item] ?: return@post call.respondError(HttpStatusCode.NotFound, "unknown item: expected one of ${PRICES.keys}")
            // The order is saved before the create, so that the callback always finds it.
            val order = Order(UUID.randomUUID().toString(), item, price).also(orders::save)
            try {
                val push = k2.incomingPayments.create(
                    tillNumber = till,
                    phoneNumber = parameters["phone_number"].orEmpty(),
                    amount = price,
                    callbackUrl = "${url()}/k2/results",
                    metadata = mapOf("order_id" to order.id),
                )
                // The callback may already have changed the status.
                orders.transition(order.id, setOf(Status.NEW), Status.PENDING, paymentId = push.id)
            } catch (unknown: KopoKopoException.OutcomeUnknown) {
                // The customer may already see the PIN prompt. A second create could take the money twice, so there is
                // none. The callback has the order's id and the result. If no callback arrives, check the payment as
                // the note says.
                orders.transition(order.id, setOf(Status.NEW), Status.UNKNOWN, unknown.detail)
            } catch (invalid: KopoKopoException.InvalidRequest) {
                orders.transition(order.id, setOf(Status.NEW), Status.FAILED, invalid.detail)
                return@post call.respondError(HttpStatusCode.UnprocessableEntity, invalid.detail)
            } catch (error: KopoKopoException) {
                // Every other error means that no STK push was sent.
                orders.transition(order.id, setOf(Status.NEW), Status.FAILED, error.detail)
                val message = "M-PESA is not available. No money was taken: please order again later."
                return@post call.respondError(HttpStatusCode.ServiceUnavailable, message)
            }
            call.respondOrder(HttpStatusCode.Created, orders.find(order.id))
        }

        kopokopoWebhooks("/k2/results", k2.webhooks) { event ->
            orders.processOnce(event.dedupeKey) {
                val payment = (event.payload as? EventPayload.IncomingPayment)?.incomingPayment
                if (payment != null) orders.update("${payment.metadata["order_id"]}", payment)
            }
        }

        get("/orders/{id}") {
            val id = call.parameters["id"].orEmpty()
            val pendingPaymentId = orders.find(id)?.takeIf { it.status == Status.PENDING }?.paymentId
            if (pendingPaymentId != null) {
                try {
                    // The callback may be late or lost, so the payment is fetched.
                    orders.update(id, k2.incomingPayments.get(pendingPaymentId))
                } catch (_: KopoKopoException) {
                    // Kopo Kopo is not available, so the order keeps its status.
                }
            }
            call.respondOrder(HttpStatusCode.OK, orders.find(id))
        }
    }
}

private suspend fun ApplicationCall.respondOrder(status: HttpStatusCode, order: Order?) {
    if (order == null) return respondError(HttpStatusCode.NotFound, "order not found")
    val json = buildJsonObject {
        put("id", order.id)
        put("item", order.item)
        put("price", order.price.toPlainString())
        put("status", order.status.name.lowercase())
        put("payment_id", order.paymentId)
        put("note", order.note)
    }
    respondText("$json", ContentType.Application.Json, status)
}

private suspend fun ApplicationCall.respondError(status: HttpStatusCode, detail: String) =
    respondText("${buildJsonObject { put("detail", detail) }}", ContentType.Application.Json, status)

fun main() {
    val url = System.getenv("SHOP_URL") ?: "http://127.0.0.1:8000"
    val till = System.getenv("SHOP_TILL") ?: "K000000"
    val k2 = KopoKopo.fromEnv()
    embeddedServer(CIO, port = 8000) { shop(k2, Orders(), till) { url } }.start(wait = true)
}
