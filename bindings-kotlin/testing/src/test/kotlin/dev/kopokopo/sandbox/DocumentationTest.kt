package dev.kopokopo.sandbox

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.io.File

/** The examples of docs/testing.md are tests, which run like the others. That with Spring Boot is in `spring`. */
class DocumentationTest {
    private val root = File(System.getProperty("kopokopo.root"))

    private fun check(language: String, test: String, packageLine: String) {
        val example = root.resolve("docs/testing.md").readText().substringAfter("```$language\n").substringBefore("```")
        assertEquals(example, root.resolve("bindings-kotlin/testing/src/test/$test").readText().substringAfter("$packageLine\n\n"))
    }

    @Test
    fun exampleInKotlinIsATest() = check("kotlin", "kotlin/shop/example/CheckoutTest.kt", "package shop.example")

    @Test
    fun exampleInJavaIsATest() = check("java", "java/shop/checkout/CheckoutTest.java", "package shop.checkout;")
}
