package dev.kopokopo.journal

import dev.kopokopo.KopoKopoException
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.BasicFileAttributes
import java.sql.Connection
import java.util.concurrent.ConcurrentHashMap

/**
 * Notices that a file of SQLite is deleted or replaced while a journal uses it. The connections that are open go on with the
 * old one, which other processes do not find: a record there protects from nothing.
 */
internal class SqliteFiles {
    /** The device and number of each file, as it was first used. */
    private val known = ConcurrentHashMap<Path, Any>()

    /**
     * Refuses files that were deleted or replaced. Before a connection is opened, which would make a new file and delete the
     * log of the old one.
     */
    fun check() = known.forEach { (path, key) -> if (keyAt(path) != key) throw moved(path) }

    /** Runs a statement, after which the file must be the one that was used first. */
    fun <T> watch(connection: Connection, work: () -> T): T {
        val path = pathOf(connection)
        val result = work()
        if (path != null) {
            // A new file exists from the first statement on.
            val found = keyAt(path)
            if (found == null || (known.putIfAbsent(path, found) ?: found) != found) throw moved(path)
        }
        return result
    }

    /** The file, unless the database is in memory. */
    private fun pathOf(connection: Connection): Path? = connection.createStatement().use { statement ->
        statement.executeQuery("PRAGMA database_list").use { row ->
            if (row.next()) row.getString("file")?.takeIf(String::isNotEmpty)?.let(Path::of) else null
        }
    }

    /** Null if there is no file. Systems without such keys do not delete a file that is open. */
    private fun keyAt(path: Path): Any? = try {
        Files.readAttributes(path, BasicFileAttributes::class.java).fileKey() ?: path
    } catch (_: IOException) {
        null
    }

    private fun moved(path: Path) = KopoKopoException.Journal(
        KopoKopoException.Fields(
            "the file $path was deleted or replaced while it was open. Its records are not in another file: restore it, or find " +
                "out what was sent, and start the program again",
        ),
    )
}
