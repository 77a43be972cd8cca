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

    /** Omits the secrets. */
    override fun toString(): String = "KopoKopoProperties(environment=$environment, baseUrl=$baseUrl, timeout=$timeout, maxRetries=$maxRetries)"
}
