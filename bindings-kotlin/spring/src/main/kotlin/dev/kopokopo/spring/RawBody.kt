package dev.kopokopo.spring

import jakarta.servlet.ServletInputStream
import jakarta.servlet.http.HttpServletRequest
import org.springframework.web.util.ContentCachingRequestWrapper
import org.springframework.web.util.WebUtils
import java.io.IOException
import java.lang.reflect.Method

/** The body as it was received. [method] is the controller's, for the error that tells how to mend it. */
internal class RawBody(private val request: HttpServletRequest, private val method: Method?) {
    private val announced: Long = request.contentLengthLong

    /** Refuses a body by its Content-Length, before it is read. */
    fun checkLength(maxBody: Long) {
        if (announced > maxBody) throw tooLarge(maxBody)
    }

    fun read(maxBody: Long): ByteArray {
        cached(maxBody)?.let { return it }
        val stream = stream()
        val readBefore = isReadBefore(stream)
        val body = try {
            stream.readNBytes(minOf(maxBody, Int.MAX_VALUE - 1L).toInt() + 1)
        } catch (_: IOException) {
            throw Refusal(BAD_REQUEST, "the body broke off before its end: nothing can be verified")
        }
        if (body.size > maxBody) throw tooLarge(maxBody)
        if (readBefore || body.size < announced) throw notRaw("the body was read before")
        return body
    }

    /** What a filter has read and kept as it was received. Null if it kept nothing, or not the whole. */
    private fun cached(maxBody: Long): ByteArray? {
        val wrapper = WebUtils.getNativeRequest(request, ContentCachingRequestWrapper::class.java) ?: return null
        val body = wrapper.contentAsByteArray
        if (body.isEmpty() || (announced >= 0 && body.size < announced) || (announced < 0 && !wrapper.inputStream.isFinished)) return null
        if (body.size > maxBody) throw tooLarge(maxBody)
        return body
    }

    private fun stream(): ServletInputStream = try {
        request.inputStream
    } catch (_: IllegalStateException) {
        throw notRaw("the body was read before, with getReader()")
    }

    /** There is a body, nobody said how long, and its end is behind us. */
    private fun isReadBefore(stream: ServletInputStream): Boolean = announced < 0 && request.getHeader("Transfer-Encoding") != null && stream.isFinished

    /** Spring reads a multipart form before any controller is called. Kopo Kopo sends none: that is a stranger's doing. */
    private fun notRaw(what: String): RuntimeException = when {
        request.contentType.orEmpty().startsWith("multipart/", ignoreCase = true) -> Refusal(UNAUTHORIZED, "the body is a multipart form")
        else -> wrongSetUp(what, method)
    }
}
