package dev.kopokopo.spring

import jakarta.servlet.ServletInputStream
import jakarta.servlet.http.HttpServletRequest
import org.springframework.web.util.ContentCachingRequestWrapper
import org.springframework.web.util.WebUtils
import java.io.IOException
import java.lang.reflect.Method

/** Reads the raw body of a request. [method] is the controller method that error messages name. */
internal class RawBody(private val request: HttpServletRequest, private val method: Method?) {
    private val contentLength: Long = request.contentLengthLong

    /** Rejects a body by its Content-Length, before it is read. */
    fun checkLength(maxBody: Long) {
        if (contentLength > maxBody) throw tooLarge(maxBody)
    }

    fun read(maxBody: Long): ByteArray {
        cached(maxBody)?.let { return it }
        val stream = stream()
        val readBefore = isReadBefore(stream)
        val body = try {
            stream.readNBytes(minOf(maxBody, Int.MAX_VALUE - 1L).toInt() + 1)
        } catch (_: IOException) {
            throw Refusal(BAD_REQUEST, "the connection closed before the full body was received")
        }
        if (body.size > maxBody) throw tooLarge(maxBody)
        if (readBefore || body.size < contentLength) throw notRaw("the body was read before")
        return body
    }

    /** Returns the raw body that a filter has stored, or null if it is missing or incomplete. */
    private fun cached(maxBody: Long): ByteArray? {
        val wrapper = WebUtils.getNativeRequest(request, ContentCachingRequestWrapper::class.java) ?: return null
        val body = wrapper.contentAsByteArray
        if (body.isEmpty() || (contentLength >= 0 && body.size < contentLength) || (contentLength < 0 && !wrapper.inputStream.isFinished)) return null
        if (body.size > maxBody) throw tooLarge(maxBody)
        return body
    }

    private fun stream(): ServletInputStream = try {
        request.inputStream
    } catch (_: IllegalStateException) {
        throw notRaw("the body was read before, with getReader()")
    }

    /** Whether a body without a Content-Length has already been read to its end. */
    private fun isReadBefore(stream: ServletInputStream): Boolean = contentLength < 0 && request.getHeader("Transfer-Encoding") != null && stream.isFinished

    /**
     * Spring reads multipart forms before the controller runs. Kopo Kopo sends no such form, so the request is forged.
     */
    private fun notRaw(problem: String): RuntimeException = when {
        request.contentType.orEmpty().startsWith("multipart/", ignoreCase = true) -> Refusal(UNAUTHORIZED, "the body is a multipart form")
        else -> bodyNotRaw(problem, method)
    }
}
