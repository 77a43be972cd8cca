package dev.kopokopo

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.future.await
import kotlinx.coroutines.withContext
import java.util.concurrent.CompletionStage
import java.util.function.Supplier

/** Token sources for Java, which has no suspend functions. */
public object TokenSources {
    /** A source that answers at once and lets the token come. */
    @JvmStatic
    public fun future(source: Supplier<CompletionStage<AccessToken>>): TokenSource = TokenSource { source.get().await() }

    /** A source that waits on its thread, which is none of the library's. */
    @JvmStatic
    public fun blocking(source: Supplier<AccessToken>): TokenSource = TokenSource { withContext(Dispatchers.IO) { source.get() } }
}
