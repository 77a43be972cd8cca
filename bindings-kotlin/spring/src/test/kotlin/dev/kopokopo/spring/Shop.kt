package dev.kopokopo.spring

import ch.qos.logback.classic.Logger
import ch.qos.logback.classic.spi.ILoggingEvent
import ch.qos.logback.classic.spi.ThrowableProxyUtil
import ch.qos.logback.core.read.ListAppender
import dev.kopokopo.Event
import dev.kopokopo.WebhookVerifier
import jakarta.servlet.Filter
import jakarta.servlet.http.HttpServletRequest
import org.slf4j.LoggerFactory
import org.slf4j.bridge.SLF4JBridgeHandler
import org.springframework.boot.SpringApplication
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.context.annotation.Import
import org.springframework.web.bind.annotation.PostMapping
import org.springframework.web.bind.annotation.RequestBody
import org.springframework.web.bind.annotation.RestController
import org.springframework.web.util.ContentCachingRequestWrapper
import java.net.Socket
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse

const val KEY = "api-key"

@RestController
class Controller {
    @PostMapping("/k2")
    fun webhook(event: Event): String = event.topic

    @PostMapping("/body-first")
    fun bodyFirst(@RequestBody body: String, event: Event): String = body + event.topic

    @PostMapping("/unverified")
    fun unverified(@RequestBody event: Event): String = event.topic
}

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import(Controller::class, JavaController::class)
open class Unverified {
    @Bean
    open fun bodyReadingFilter(): Filter = Filter { request, response, chain ->
        when ((request as HttpServletRequest).getHeader("X-Read-Before")) {
            "cached" -> {
                val cached = ContentCachingRequestWrapper(request, 1_000_000)
                cached.inputStream.readAllBytes()
                return@Filter chain.doFilter(cached, response)
            }
            "stream" -> request.inputStream.readAllBytes()
            "reader" -> request.reader.readText()
            "form" -> request.getParameter("topic")
        }
        chain.doFilter(request, response)
    }
}

@Configuration(proxyBeanMethods = false)
open class Verified : Unverified() {
    @Bean
    open fun verifier(): WebhookVerifier = WebhookVerifier(listOf(KEY))
}

/** An application whose verifier the test can replace. */
@Configuration(proxyBeanMethods = false)
open class VariableVerifier : Unverified() {
    @Bean
    open fun webhooks(): KopoKopoWebhooks = KopoKopoWebhooks({ verifier })

    companion object {
        @Volatile
        lateinit var verifier: WebhookVerifier
    }
}

/** A running application with its log. */
class Shop(configuration: Class<*>, vararg properties: String) : AutoCloseable {
    private val context =
        SpringApplication.run(
            configuration,
            "--server.port=0",
            "--spring.main.banner-mode=off",
            "--server.tomcat.max-swallow-size=-1",
            *properties.map { "--$it" }.toTypedArray(),
        )
    private val port = context.environment.getRequiredProperty("local.server.port").toInt()
    private val appender = ListAppender<ILoggingEvent>()
    private val root = LoggerFactory.getLogger("ROOT") as Logger

    val logged: String
        get() = ArrayList(appender.list).joinToString("\n") {
            it.formattedMessage + (it.throwableProxy?.let(ThrowableProxyUtil::asString) ?: "")
        }

    /**
     * Captures the log. Starting another application in the same process removes the appender, and closing one removes
     * the handler that passes Tomcat's messages from java.util.logging on.
     */
    private fun captureLog() {
        appender.start()
        if (!root.isAttached(appender)) root.addAppender(appender)
        if (!SLF4JBridgeHandler.isInstalled()) SLF4JBridgeHandler.install()
    }

    fun get(path: String): HttpResponse<String> = send(HttpRequest.newBuilder(URI("http://127.0.0.1:$port$path")).build())

    /** Sends a request on a new connection, because a server closes the connection of a body that it did not read. */
    private fun send(request: HttpRequest): HttpResponse<String> {
        captureLog()
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build().send(request, HttpResponse.BodyHandlers.ofString())
    }

    fun post(
        path: String,
        body: ByteArray,
        vararg signatures: String,
        chunked: Boolean = false,
        headers: Map<String, String> = emptyMap(),
    ): HttpResponse<String> {
        val publisher = if (chunked) BodyPublishers.ofInputStream { body.inputStream() } else BodyPublishers.ofByteArray(body)
        val request = HttpRequest.newBuilder(URI("http://127.0.0.1:$port$path")).POST(publisher)
        (mapOf("Content-Type" to "application/json") + headers).forEach { (name, value) -> request.setHeader(name, value) }
        signatures.forEach { request.header("X-KopoKopo-Signature", it) }
        return send(request.build())
    }

    /** Sends a request that Java's HTTP client does not send, and returns the status. */
    fun raw(head: String, body: ByteArray = ByteArray(0)): Int = Socket("127.0.0.1", port).use { socket ->
        captureLog()
        socket.getOutputStream().write("POST /k2 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n$head\r\n\r\n".toByteArray() + body)
        socket.shutdownOutput()
        socket.getInputStream().bufferedReader().readLine().split(' ')[1].toInt()
    }

    override fun close() {
        root.detachAppender(appender)
        context.close()
    }
}
