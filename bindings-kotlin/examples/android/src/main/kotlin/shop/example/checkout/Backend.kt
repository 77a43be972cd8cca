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

/** Tokens from the shop's own backend. The app's session says who asks. */
class Backend(private val url: String, private val session: suspend () -> String) : TokenSource {
    /** Until when the last token has more than five minutes left. It is asked for one at a time. */
    @Volatile
    private var isGoodUntil: TimeMark? = null

    override suspend fun token(): AccessToken {
        val session = session()
        // Asked so early, there was a 401: the backend has to answer another token.
        val refused = isGoodUntil?.hasPassedNow() == false
        val token = runInterruptible(Dispatchers.IO) { ask(session, refused) }
        isGoodUntil = token.expiresIn?.let { TimeSource.Monotonic.markNow() + (it - RENEWED_BEFORE).toKotlinDuration() }
        return token
    }

    private fun ask(session: String, refused: Boolean): AccessToken {
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
            if (connection.responseCode != HttpURLConnection.HTTP_OK) throw IOException("the shop's backend gave no token: ${connection.responseCode}")
            val answer = JSONObject(connection.inputStream.bufferedReader().use { it.readText() })
            return AccessToken(answer.getString("token"), Duration.ofSeconds(answer.getLong("expires_in")))
        } finally {
            connection.disconnect()
        }
    }

    private companion object {
        val RENEWED_BEFORE: Duration = Duration.ofMinutes(5)
    }
}
