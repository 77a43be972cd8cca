package dev.kopokopo.spring

import dev.kopokopo.Event
import dev.kopokopo.KopoKopoException
import org.springframework.jdbc.datasource.DataSourceUtils
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy
import org.springframework.transaction.IllegalTransactionStateException
import org.springframework.transaction.support.TransactionSynchronizationManager
import javax.sql.DataSource

/**
 * Claims events inside of Spring's transactions, so that each is handled once.
 *
 * Spring Boot creates this bean if `kopokopo.journal.enabled` is true. [dataSource] is that of the transactions.
 */
public class KopoKopoEvents(dataSource: DataSource) {
    /** As Spring's transaction managers do: transactions are bound to the target. */
    private val dataSource: DataSource = (dataSource as? TransactionAwareDataSourceProxy)?.targetDataSource ?: dataSource

    /**
     * Claims an event inside of the current transaction: call this in a `@Transactional` method. Returns true the first
     * time: then handle the event. If the transaction is rolled back, the next delivery counts as the first again. While
     * another transaction handles the same event, this waits.
     *
     * Payments are claimed by their `paymentKey`, because two events can report one payment. Other events are claimed by
     * their `dedupeKey`.
     *
     * Errors: [IllegalTransactionStateException] without a transaction of the data source. Otherwise those of
     * [dev.kopokopo.journal.once].
     */
    public fun once(event: Event): Boolean {
        if (!TransactionSynchronizationManager.isActualTransactionActive()) throw outside("there is no transaction")
        val connection = DataSourceUtils.getConnection(dataSource)
        try {
            // A transaction manager for another data source, or for messages, does not turn autocommit off.
            if (connection.autoCommit) throw outside("the transaction is not one of the data source")
            return dev.kopokopo.journal.once(event, connection)
        } finally {
            DataSourceUtils.releaseConnection(connection, dataSource)
        }
    }

    /**
     * Creates the journal's tables, unless they exist.
     *
     * Errors: those of [dev.kopokopo.journal.createTables].
     */
    public fun createTables() {
        try {
            create()
        } catch (_: KopoKopoException.Journal) {
            // Two instances can create a table at the same moment, and then one of them fails.
            create()
        }
    }

    private fun create(): Unit = dataSource.connection.use { connection ->
        dev.kopokopo.journal.createTables(connection)
        if (!connection.autoCommit) connection.commit()
    }

    private fun outside(problem: String) =
        IllegalTransactionStateException("once: $problem: call it in a @Transactional method, or an event whose handler fails would be lost")
}
