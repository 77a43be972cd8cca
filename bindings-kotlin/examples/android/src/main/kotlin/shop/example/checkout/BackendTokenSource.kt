package shop.example.checkout

import dev.kopokopo.AccessToken
import dev.kopokopo.TokenSource
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runInterruptible
import org.json.JSONObject
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import java.time.Duration
import kotlin.time.TimeMark
import kotlin.time.TimeSource
import kotlin.time.toKotlinDuration

/** Supplies tokens from the shop's backend. The session identifies the user. */
class BackendTokenSource(private val url: String, private val session: suspend () -> String) : TokenSource {
    /** Until then the last token has more than five minutes left. There is only one token request at a time. */
    @Volatile
    private var validUntil: TimeMark? = null

    override suspend fun token(): AccessToken {
        val session = session()
        // A request before that time means that there was a 401, so the backend has to return a new token.
        val refused = validUntil?.hasPassedNow() == false
        val token = runInterruptible(Dispatchers.IO) { requestToken(session, refused) }
        validUntil = token.expiresIn?.let { TimeSource.Monotonic.markNow() + (it - RENEW_BEFORE_EXPIRY).toKotlinDuration() }
        return token
    }

    private fun requestToken(session: String, refused: Boolean): AccessToken {
        val connection = URL(url).openConnection() as HttpURLConnection
        try {
            connection.requestMethod = "POST"
            connection.instanceFollowRedirects = false
            connection.connectTimeout = 5_000
            connection.readTimeout = 10_000
            connection.setRequestProperty("Authorization", "Bearer $session")
            connection.setRequestProperty("Content-Type", "application/json")
            connection.doOutput = true
            connection.outputStream.use { it.write(JSONObject().put("refused", refused).toString().toByteArray()) }
            if (connection.responseCode != HttpURLConnection.HTTP_OK) {
                throw IOException("the shop's backend returned no token: status ${connection.responseCode}")
            }
            val response = JSONObject(connection.inputStream.bufferedReader().use { it.readText() })
            return AccessToken(response.getString("token"), Duration.ofSeconds(response.getLong("expires_in")))
        } finally {
            connection.disconnect()
        }
    }

    private companion object {
        val RENEW_BEFORE_EXPIRY: Duration = Duration.ofMinutes(5)
    }
}
