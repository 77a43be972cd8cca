package dev.kopokopo.spring

import dev.kopokopo.Environment
import org.springframework.boot.context.properties.ConfigurationProperties
import java.time.Duration

/** The properties `kopokopo.*`. For other options, define a [dev.kopokopo.KopoKopo] bean. */
@ConfigurationProperties("kopokopo")
public class KopoKopoProperties {
    /** The client id of the application. */
    public var clientId: String? = null

    /** The client secret of the application. Access tokens are requested with it. It does not sign webhooks. */
    public var clientSecret: String? = null

    /** The API key. Webhooks and results are signed with it. */
    public var apiKey: String? = null

    /** Additional API keys that are valid during a key rotation. */
    public var otherApiKeys: List<String> = emptyList()

    /** The Kopo Kopo environment. `production` moves real money. */
    public var environment: Environment = Environment.SANDBOX

    /** The base URL of another server, such as `k2 sandbox`. It must be https, or http on loopback. */
    public var baseUrl: String? = null

    /** The timeout of a whole call, including its retries. The default is 45 s. */
    public var timeout: Duration? = null

    /** The maximum number of retries after the first attempt. The default is 2. */
    public var maxRetries: Int? = null

    /** The journal, which makes creates with an idempotency key happen once. */
    public val journal: Journal = Journal()

    /** The properties `kopokopo.journal.*`. */
    public class Journal {
        /** Whether the client has a journal. It needs a [javax.sql.DataSource] bean. The default is false. */
        public var enabled: Boolean = false

        /** The name of the [javax.sql.DataSource] bean that the journal uses, if it is not the only one or the primary one. */
        public var dataSource: String? = null

        /** Whether to create the journal's tables if they do not exist. The default is true. */
        public var createTables: Boolean = true

        /** Whether an idempotency key travels in the metadata of its request. The default is true. */
        public var keyInMetadata: Boolean = true
    }

    /** Omits the secrets. */
    override fun toString(): String = "KopoKopoProperties(environment=$environment, baseUrl=$baseUrl, timeout=$timeout, maxRetries=$maxRetries)"
}
