package dev.kopokopo.spring

import dev.kopokopo.Environment
import org.springframework.boot.context.properties.ConfigurationProperties
import java.time.Duration

/** The properties `kopokopo.*`. Options that are not here need a [dev.kopokopo.KopoKopo] bean of the application's own. */
@ConfigurationProperties("kopokopo")
public class KopoKopoProperties {
    /** The application's key. */
    public var clientId: String? = null

    /** The application's secret. It fetches access tokens and signs nothing. */
    public var clientSecret: String? = null

    /** The API key, which signs webhooks and results. */
    public var apiKey: String? = null

    /** Further API keys that are still in force, while keys rotate. */
    public var otherApiKeys: List<String> = emptyList()

    /** Which of Kopo Kopo's systems to talk to. `production` is real money. */
    public var environment: Environment = Environment.SANDBOX

    /** Another server, such as `k2 sandbox`: https, or http on loopback. */
    public var baseUrl: String? = null

    /** The time of a whole call, with its retries. */
    public var timeout: Duration? = null

    /** Extra tries after the first. */
    public var maxRetries: Int? = null

    /** Without the secrets. */
    override fun toString(): String = "KopoKopoProperties(environment=$environment, baseUrl=$baseUrl, timeout=$timeout, maxRetries=$maxRetries)"
}
