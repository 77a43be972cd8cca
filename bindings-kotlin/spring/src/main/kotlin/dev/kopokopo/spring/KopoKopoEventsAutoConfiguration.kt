package dev.kopokopo.spring

import org.springframework.boot.autoconfigure.AutoConfiguration
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate
import org.springframework.context.annotation.Bean
import org.springframework.jdbc.datasource.DataSourceUtils
import javax.sql.DataSource

/** Creates [KopoKopoEvents], if `kopokopo.journal.enabled` is true and the application uses Spring JDBC. */
@AutoConfiguration(
    // The first is in Spring Boot 3, the second in Spring Boot 4.
    afterName = [
        "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration",
        "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
    ],
)
@ConditionalOnClass(DataSourceUtils::class)
@ConditionalOnProperty("kopokopo.journal.enabled", havingValue = "true")
@ConditionalOnSingleCandidate(DataSource::class)
public class KopoKopoEventsAutoConfiguration {
    /** Claims events in the transactions of the application's only or primary [DataSource]. */
    @Bean
    @ConditionalOnMissingBean
    public fun kopoKopoEvents(dataSource: DataSource, properties: KopoKopoProperties): KopoKopoEvents =
        KopoKopoEvents(dataSource).apply { if (properties.journal.createTables) createTables() }
}
