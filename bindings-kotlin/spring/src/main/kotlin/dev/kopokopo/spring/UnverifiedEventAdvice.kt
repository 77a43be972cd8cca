package dev.kopokopo.spring

import dev.kopokopo.Event
import org.springframework.core.MethodParameter
import org.springframework.http.HttpInputMessage
import org.springframework.http.converter.HttpMessageConverter
import org.springframework.web.bind.annotation.ControllerAdvice
import org.springframework.web.servlet.mvc.method.annotation.RequestBodyAdviceAdapter
import java.lang.reflect.Type

/** Rejects `@RequestBody Event`. Spring would create the event from any JSON, without checking the signature. */
@ControllerAdvice
internal class UnverifiedEventAdvice : RequestBodyAdviceAdapter() {
    override fun supports(parameter: MethodParameter, type: Type, converter: Class<out HttpMessageConverter<*>>): Boolean = type == Event::class.java

    override fun beforeBodyRead(
        message: HttpInputMessage,
        parameter: MethodParameter,
        type: Type,
        converter: Class<out HttpMessageConverter<*>>,
    ): HttpInputMessage = throw bodyNotRaw("a @RequestBody of type Event is not verified", parameter.method)
}
