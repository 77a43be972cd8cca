package dev.kopokopo

import com.zaxxer.hikari.HikariConfig
import com.zaxxer.hikari.HikariDataSource
import dev.kopokopo.journal.withJournal
import org.postgresql.ds.PGSimpleDataSource
import java.time.Duration
import javax.sql.DataSource

/**
 * The twin of tests/kills/wages.py. Pays wages once each, however often it is killed: `wages.sh <journal> <callback URL>
 * <number of wages>`. The journal is the path of a file of SQLite, or a URL of PostgreSQL.
 *
 * Ends when every wage is paid, or its outcome cannot be found out by this program.
 */
fun main(arguments: Array<String>) {
    val (place, callbackUrl, count) = arguments
    val k2 = KopoKopo.fromEnv().withOptions(timeout = Duration.ofSeconds(2), maxRetries = 0).withJournal(journalAt(place))
    val left = (1..count.toInt()).toSortedSet()
    val unknown = HashSet<Int>()
    while (left.isNotEmpty()) {
        // Starts anywhere: a worker that is killed soon after its start would pay none of the last wages otherwise.
        val start = left.random()
        for (wage in left.tailSet(start) + left.headSet(start)) {
            try {
                payWage(k2, wage, callbackUrl)
                left -= wage
            } catch (_: KopoKopoException.OutcomeUnknown) {
                // The result, if there is one, arrives within the second pass.
                if (!unknown.add(wage)) left -= wage
            } catch (_: KopoKopoException.InProgress) {
                // Another worker is paying it.
            } catch (error: KopoKopoException) {
                System.err.println(error.kind)
            }
        }
        Thread.sleep(500)
    }
}

/** With a pool, as programs have it: a new worker reads the records of all wages before it is killed again. */
private fun journalAt(place: String): DataSource = HikariDataSource(
    HikariConfig().apply {
        dataSource = if ("://" in place) PGSimpleDataSource().apply { setURL(TestDatabase.jdbc(place)) } else TestDatabase.sqlite(place)
        maximumPoolSize = 2
    },
)

private fun payWage(k2: KopoKopo, wage: Int, callbackUrl: String) = k2.withOptions(idempotencyKey = "wage-$wage").sendMoney.createBlocking(
    SendMoneyRequest(
        destinations = listOf(
            Destination.MobileWallet(
                phoneNumber = "+254722${100_000 + wage}",
                amount = wage.toBigDecimal(),
                description = "Wages",
                network = Network.SAFARICOM,
            ),
        ),
        callbackUrl = callbackUrl,
    ),
)
