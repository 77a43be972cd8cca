package dev.kopokopo.spring

import dev.kopokopo.Event
import org.springframework.core.MethodParameter
import org.springframework.http.HttpInputMessage
import org.springframework.http.converter.HttpMessageConverter
import org.springframework.web.bind.annotation.ControllerAdvice
import org.springframework.web.servlet.mvc.method.annotation.RequestBodyAdviceAdapter
import java.lang.reflect.Type

/** Spring would make a `@RequestBody Event` of any JSON, whoever sent it. */
@ControllerAdvice
internal class UnverifiedEventAdvice : RequestBodyAdviceAdapter() {
    override fun supports(parameter: MethodParameter, type: Type, converter: Class<out HttpMessageConverter<*>>): Boolean = type == Event::class.java

    override fun beforeBodyRead(
        message: HttpInputMessage,
        parameter: MethodParameter,
        type: Type,
        converter: Class<out HttpMessageConverter<*>>,
    ): HttpInputMessage = throw wrongSetUp("an Event is not read from a @RequestBody, which nobody verified", parameter.method)
}
