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

// A shop that takes M-PESA: an order, an STK push, a callback, paid. Beside `k2 sandbox`, with what that prints exported:
//
//     curl -d item=coffee -d phone_number=0712345678 http://127.0.0.1:8000/orders

private val PRICES = mapOf("coffee" to BigDecimal("250"), "mandazi" to BigDecimal("40"), "samosa" to BigDecimal("62.50"))

/** How an order stands. */
enum class Status { NEW, ASKED, UNKNOWN, PAID, FAILED, DISPUTE }

/** What somebody wants, and what became of its payment. */
data class Order(
    val id: String,
    val item: String,
    val price: BigDecimal,
    val status: Status = Status.NEW,
    val paymentId: String? = null,
    val note: String? = null,
)

/** In memory, because this is an example: a real shop has them in its database, deliveries in the same transaction. */
class Orders {
    private val orders = HashMap<String, Order>()
    private val deliveries = HashSet<String>()

    @Synchronized
    fun find(id: String): Order? = orders[id]

    @Synchronized
    fun keep(order: Order) {
        orders[order.id] = order
    }

    /** Changes an order that stands in one of the states before. */
    @Synchronized
    fun moveOn(id: String, to: Status, since: Set<Status>, note: String? = null, paymentId: String? = null) {
        val order = orders[id]?.takeIf { it.status in since } ?: return
        orders[id] = order.copy(status = to, note = note, paymentId = paymentId ?: order.paymentId)
    }

    /** Deliveries repeat: each counts once. A shop that listens to its till's webhooks too credits once for each `paymentKey`. */
    @Synchronized
    fun once(dedupeKey: String, work: () -> Unit) {
        if (dedupeKey in deliveries) return
        work()
        deliveries.add(dedupeKey)
    }

    /** Moves an order on by what became of its payment. It may be told twice, and in any order: paid stays paid. */
    fun settle(id: String, payment: IncomingPayment) {
        if (payment.isPaid) {
            val enough = find(id)?.let { payment.isPaidAtLeast(it.price) } == true
            moveOn(id, if (enough) Status.PAID else Status.DISPUTE, OPEN + Status.FAILED, paymentId = payment.id)
        } else if (payment.isFinal) {
            moveOn(id, Status.FAILED, OPEN, payment.errors.joinToString(), payment.id)
        }
    }

    private companion object {
        val OPEN = setOf(Status.NEW, Status.ASKED, Status.UNKNOWN)
    }
}

/** The shop's pages. [url] is where Kopo Kopo reaches it. */
fun Application.shop(k2: KopoKopo, orders: Orders, till: String, url: () -> String) {
    routing {
        post("/orders") {
            val given = call.receiveParameters()
            val item = given["item"].orEmpty()
            val price = PRICES[item] ?: return@post call.refuse(HttpStatusCode.NotFound, "we sell ${PRICES.keys}")
            // Kept first: whatever happens next, the callback finds it.
            val order = Order(UUID.randomUUID().toString(), item, price).also(orders::keep)
            try {
                val push = k2.incomingPayments.create(
                    tillNumber = till,
                    phoneNumber = given["phone_number"].orEmpty(),
                    amount = price,
                    callbackUrl = "${url()}/k2/results",
                    metadata = mapOf("order_id" to order.id),
                )
                // Unless the callback was faster.
                orders.moveOn(order.id, Status.ASKED, setOf(Status.NEW), paymentId = push.id)
            } catch (unknown: KopoKopoException.OutcomeUnknown) {
                // The customer may be looking at the PIN prompt. Asking again could take the money twice, so nobody does:
                // the callback carries the order's id and tells. If none comes, somebody looks, as the note says.
                orders.moveOn(order.id, Status.UNKNOWN, setOf(Status.NEW), unknown.detail)
            } catch (invalid: KopoKopoException.InvalidRequest) {
                orders.moveOn(order.id, Status.FAILED, setOf(Status.NEW), invalid.detail)
                return@post call.refuse(HttpStatusCode.UnprocessableEntity, invalid.detail)
            } catch (error: KopoKopoException) {
                // Every other error means that the customer was not asked.
                orders.moveOn(order.id, Status.FAILED, setOf(Status.NEW), error.detail)
                val sorry = "M-PESA is out of reach. Nothing was taken: please order again later."
                return@post call.refuse(HttpStatusCode.ServiceUnavailable, sorry)
            }
            call.show(HttpStatusCode.Created, orders.find(order.id))
        }

        kopokopoWebhooks("/k2/results", k2.webhooks) { event ->
            orders.once(event.dedupeKey) {
                val payment = (event.payload as? EventPayload.IncomingPayment)?.incomingPayment
                if (payment != null) orders.settle("${payment.metadata["order_id"]}", payment)
            }
        }

        get("/orders/{id}") {
            val id = call.parameters["id"].orEmpty()
            val waiting = orders.find(id)?.takeIf { it.status == Status.ASKED }?.paymentId
            if (waiting != null) {
                try {
                    // The callback may be late or lost, so Kopo Kopo is asked.
                    orders.settle(id, k2.incomingPayments.get(waiting))
                } catch (_: KopoKopoException) {
                    // Out of reach: what is kept still stands.
                }
            }
            call.show(HttpStatusCode.OK, orders.find(id))
        }
    }
}

private suspend fun ApplicationCall.show(status: HttpStatusCode, order: Order?) {
    if (order == null) return refuse(HttpStatusCode.NotFound, "no such order")
    val shown = buildJsonObject {
        put("id", order.id)
        put("item", order.item)
        put("price", order.price.toPlainString())
        put("status", order.status.name.lowercase())
        put("payment_id", order.paymentId)
        put("note", order.note)
    }
    respondText("$shown", ContentType.Application.Json, status)
}

private suspend fun ApplicationCall.refuse(status: HttpStatusCode, detail: String) =
    respondText("${buildJsonObject { put("detail", detail) }}", ContentType.Application.Json, status)

fun main() {
    val url = System.getenv("SHOP_URL") ?: "http://127.0.0.1:8000"
    val till = System.getenv("SHOP_TILL") ?: "K000000"
    val k2 = KopoKopo.fromEnv()
    embeddedServer(CIO, port = 8000) { shop(k2, Orders(), till) { url } }.start(wait = true)
}
