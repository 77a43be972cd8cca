package dev.kopokopo

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.future.await
import kotlinx.coroutines.withContext
import java.util.concurrent.CompletionStage
import java.util.function.Supplier

/** Creates token sources in Java, which has no suspend functions. */
public object TokenSources {
    /** Returns a source that supplies the token asynchronously. */
    @JvmStatic
    public fun future(source: Supplier<CompletionStage<AccessToken>>): TokenSource = TokenSource { source.get().await() }

    /** Returns a source that may block. It runs on [Dispatchers.IO], not on a thread of the native library. */
    @JvmStatic
    public fun blocking(source: Supplier<AccessToken>): TokenSource = TokenSource { withContext(Dispatchers.IO) { source.get() } }
}
