package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.Journal
import dev.kopokopo.KopoKopo
import dev.kopokopo.KopoKopoException
import dev.kopokopo.ReversalRequest
import dev.kopokopo.journal.idempotent
import dev.kopokopo.signWebhook
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.springframework.beans.factory.getBean
import org.springframework.boot.SpringApplication
import org.springframework.boot.WebApplicationType
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.boot.builder.SpringApplicationBuilder
import org.springframework.context.ConfigurableApplicationContext
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.context.annotation.Import
import org.springframework.core.env.Environment
import org.springframework.jdbc.core.JdbcTemplate
import org.springframework.jdbc.datasource.DataSourceTransactionManager
import org.springframework.jdbc.datasource.DriverManagerDataSource
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy
import org.springframework.transaction.IllegalTransactionStateException
import org.springframework.transaction.annotation.EnableTransactionManagement
import org.springframework.transaction.annotation.Transactional
import org.springframework.transaction.support.TransactionTemplate
import org.springframework.web.bind.annotation.PostMapping
import org.springframework.web.bind.annotation.RestController
import java.nio.file.Files
import java.util.UUID
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger
import javax.sql.DataSource

private val BODY = """{"topic":"buygoods_transaction_received","id":"1","event":{"resource":{"reference":"OJJ1MPU40Z"}}}""".toByteArray()
private val SIGNED = signWebhook(KEY, BODY)

@RestController
open class CreditingController(private val events: KopoKopoEvents, private val jdbc: JdbcTemplate) {
    @PostMapping("/credit")
    @Transactional
    open fun credit(event: Event): String {
        if (!events.once(event)) return "repeated"
        jdbc.update("INSERT INTO credits (amount) VALUES (100)")
        check(FAILURES.getAndDecrement() <= 0) { "the handler fails after its effect" }
        return "credited"
    }

    @PostMapping("/outside")
    open fun outside(event: Event): String = "${events.once(event)}"

    companion object {
        val FAILURES = AtomicInteger()
    }
}

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableTransactionManagement
open class Crediting {
    @Bean
    open fun dataSource(environment: Environment): DataSource =
        TransactionAwareDataSourceProxy(DriverManagerDataSource(environment.getRequiredProperty("test.database")))

    @Bean
    open fun jdbc(dataSource: DataSource) = JdbcTemplate(dataSource)

    @Bean
    open fun transactions(dataSource: DataSource) = DataSourceTransactionManager(dataSource)
}

@Configuration(proxyBeanMethods = false)
@Import(CreditingController::class, ReadmeOnce::class)
open class CreditingShop : Crediting()

private val PROPERTIES = arrayOf(
    "kopokopo.client-id=id",
    "kopokopo.client-secret=secret",
    "kopokopo.api-key=$KEY",
    "kopokopo.base-url=http://127.0.0.1:9",
    "kopokopo.journal.enabled=true",
)

/** Events that are claimed in the transactions of Spring. */
class EventsTest {
    private val folder = Files.createTempDirectory("kopokopo-events")

    /** Runs [test] with an empty database of each kind. */
    private fun withDatabases(test: (String) -> Unit) {
        test("jdbc:sqlite:$folder/${UUID.randomUUID()}.db?busy_timeout=30000&journal_mode=WAL")
        val server = checkNotNull(System.getenv("K2_TEST_POSTGRES")) { "K2_TEST_POSTGRES is not set: run the tests with tests/with-postgres.sh" }
        val (user, place) = server.substringAfter("://").split('@')
        val admin = JdbcTemplate(DriverManagerDataSource("jdbc:postgresql://$place?user=$user"))
        val name = "events_${UUID.randomUUID().toString().replace('-', '_')}"
        admin.execute("CREATE DATABASE $name")
        test("jdbc:postgresql://${place.replaceAfterLast('/', name)}?user=$user")
        admin.execute("DROP DATABASE $name")
    }

    private fun start(database: String, vararg properties: String): ConfigurableApplicationContext =
        SpringApplicationBuilder(Crediting::class.java).web(WebApplicationType.NONE)
            .properties("spring.main.banner-mode=off", "test.database=$database", *PROPERTIES, *properties).run()

    private fun credits(database: String): Int =
        JdbcTemplate(DriverManagerDataSource(database)).queryForObject("SELECT count(*) FROM credits", Int::class.java)!!

    @Test
    fun `event is handled once in a transaction, and again after a rollback`() = withDatabases { database ->
        JdbcTemplate(DriverManagerDataSource(database)).execute("CREATE TABLE credits (amount INTEGER)")
        Shop(CreditingShop::class.java, "test.database=$database", *PROPERTIES).use { shop ->
            CreditingController.FAILURES.set(1)
            assertEquals(500, shop.post("/credit", BODY, SIGNED).statusCode())
            assertEquals(0, credits(database))
            val threads = Executors.newFixedThreadPool(64)
            val deliveries = List(64) { threads.submit(Callable { shop.post("/credit", BODY, SIGNED) }) }.map { it.get() }
            threads.shutdown()
            assertEquals(mapOf("credited" to 1, "repeated" to 63), deliveries.groupingBy { it.body() }.eachCount(), shop.logged)
            assertEquals(1, credits(database))
            assertEquals(200, shop.post("/k2/results", BODY, SIGNED).statusCode())
            assertEquals(500, shop.post("/outside", BODY, SIGNED).statusCode())
            assertTrue("once: there is no transaction" in shop.logged, shop.logged)
        }
    }

    @Test
    fun `record survives the rollback of the program's transaction`() = withDatabases { database ->
        start(database).use { context ->
            val client = context.getBean<KopoKopo>().idempotent("reversal-1")
            TransactionTemplate(context.getBean<DataSourceTransactionManager>()).executeWithoutResult { status ->
                // It reads, so that the transaction has a connection, and does not lock the file of SQLite.
                context.getBean<JdbcTemplate>().queryForObject("SELECT count(*) FROM kopokopo_journal", Int::class.java)
                assertThrows<KopoKopoException.Connection> {
                    client.reversals.createBlocking(
                        ReversalRequest(transactionReference = "OJJ1MPU40Z", reason = "returned", callbackUrl = "https://shop.example/results"),
                    )
                }
                status.setRollbackOnly()
            }
            assertEquals("not_sent", context.getBean<Journal>().getBlocking("reversal-1")!!.state)
        }
    }

    @Test
    fun `transaction of another data source is refused`() = withDatabases { database ->
        start(database).use { context ->
            val other = DriverManagerDataSource("jdbc:sqlite:$folder/other.db")
            val event = context.getBean<dev.kopokopo.WebhookVerifier>().verify(BODY, SIGNED)
            TransactionTemplate(DataSourceTransactionManager(other)).executeWithoutResult {
                val error = assertThrows<IllegalTransactionStateException> { context.getBean<KopoKopoEvents>().once(event) }
                assertTrue("not one of the data source" in error.message!!, error.message)
            }
        }
    }

    @Test
    fun `journal without a DataSource fails at the start and names the property`() {
        val failed = assertThrows<Exception> {
            SpringApplication.run(PropertiesOnly::class.java, "--spring.main.web-application-type=none", *PROPERTIES.map { "--$it" }.toTypedArray()).close()
        }
        val messages = generateSequence<Throwable>(failed) { it.cause }.joinToString { it.message.orEmpty() }
        assertTrue("kopokopo.journal.enabled: needs a DataSource bean" in messages, messages)
    }

    @Test
    fun `data source can be named, and tables be left to the program`() = withDatabases { database ->
        start(database, "kopokopo.journal.data-source=dataSource", "kopokopo.journal.create-tables=false").use { context ->
            val missing = assertThrows<KopoKopoException.Journal> { context.getBean<Journal>().getBlocking("key") }
            assertTrue("kopokopo_journal" in missing.detail, missing.detail)
            context.getBean<KopoKopoEvents>().createTables()
            assertEquals(null, context.getBean<Journal>().getBlocking("key"))
        }
    }
}
