package shop.example.checkout

import dev.kopokopo.AccessToken
import dev.kopokopo.TokenSource
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import java.time.Duration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runInterruptible
import org.json.JSONObject

/** Tokens from the shop's own backend. The app's session says who asks. */
class Backend(private val url: String, private val session: suspend () -> String) : TokenSource {
    override suspend fun token(): AccessToken {
        val session = session()
        return runInterruptible(Dispatchers.IO) { ask(session) }
    }

    private fun ask(session: String): AccessToken {
        val connection = URL(url).openConnection() as HttpURLConnection
        try {
            connection.requestMethod = "POST"
            connection.instanceFollowRedirects = false
            connection.connectTimeout = 5_000
            connection.readTimeout = 10_000
            connection.setRequestProperty("Authorization", "Bearer $session")
            if (connection.responseCode != HttpURLConnection.HTTP_OK) throw IOException("the shop's backend gave no token: ${connection.responseCode}")
            val answer = JSONObject(connection.inputStream.bufferedReader().use { it.readText() })
            return AccessToken(answer.getString("token"), Duration.ofSeconds(answer.getLong("expires_in")))
        } finally {
            connection.disconnect()
        }
    }
}
