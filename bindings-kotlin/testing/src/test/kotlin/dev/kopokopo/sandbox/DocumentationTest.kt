package dev.kopokopo.sandbox

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.io.File

/** The example of docs/testing.md is the test `CheckoutTest`, which runs like the others. */
class DocumentationTest {
    @Test
    fun exampleOfTheDocumentationIsATest() {
        val root = File(System.getProperty("kopokopo.root"))
        val example = root.resolve("docs/testing.md").readText().substringAfter("```kotlin\n").substringBefore("```")
        val test = root.resolve("bindings-kotlin/testing/src/test/kotlin/shop/example/CheckoutTest.kt").readText()
        assertEquals(example, test.substringAfter("package shop.example\n\n"))
    }
}
