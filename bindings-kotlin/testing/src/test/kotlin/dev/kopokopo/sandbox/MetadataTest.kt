package dev.kopokopo.sandbox

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

/** What the jars say to the tools of GraalVM and to the module system. */
class MetadataTest {
    private val loader = javaClass.classLoader

    private fun metadata(artifact: String): JsonObject {
        val file = "META-INF/native-image/dev.kopokopo/$artifact/reachability-metadata.json"
        return Json.parseToJsonElement(checkNotNull(loader.getResource(file)) { file }.readText()).jsonObject
    }

    private fun JsonObject.texts(list: String, key: String): List<String> =
        (this[list]?.jsonArray ?: JsonArray(emptyList())).map { checkNotNull(it.jsonObject[key]).jsonPrimitive.content }

    @Test
    fun eachClassOfTheReachabilityMetadataExists() {
        val types = metadata("kopokopo").texts("reflection", "type")
        assertTrue(types.size > 20, "${types.size}")
        for (type in types) assertEquals(type, Class.forName(type, false, loader).name)
    }

    @Test
    fun reachabilityMetadataHasTheProgramAndTheLibrary() {
        assertEquals(listOf("dev/kopokopo/sandbox/native/**"), metadata("kopokopo-sandbox").texts("resources", "glob"))
        assertEquals(listOf("dev/kopokopo/native/**"), metadata("kopokopo").texts("resources", "glob"))
        for (folder in listOf("dev/kopokopo/sandbox/native", "dev/kopokopo/native")) assertNotNull(loader.getResource(folder), folder)
    }

    @Test
    fun eachJarHasAModuleNameOfItsOwn() {
        val bindings = File(System.getProperty("kopokopo.root"), "bindings-kotlin")
        val names = listOf("", "sandbox", "testing", "ktor", "spring").map { module ->
            bindings.resolve(module).resolve("pom.xml").readText().substringAfter("<kopokopo.module>", "").substringBefore("</kopokopo.module>")
        }
        assertEquals(names.distinct(), names)
        assertTrue(names.all { Regex("""dev\.kopokopo(\.[a-z]+)*""").matches(it) }, "$names")
    }
}
