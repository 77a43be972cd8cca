//! Which language package this library is part of. The `User-Agent` header of each request names it.

use std::sync::OnceLock;

static LANGUAGE: OnceLock<&'static str> = OnceLock::new();

/// Names the language package: `python`. Its glue calls this when it is loaded, before it makes a client. The first name
/// stays.
pub fn set_language(language: &'static str) {
    LANGUAGE.get_or_init(|| language);
}

/// The package's name in the `User-Agent` header. Kotlin names itself through JNI, so a UniFFI library without a name
/// is part of the Swift package.
pub(crate) fn sdk_name() -> String {
    let default = if cfg!(feature = "foreign") { "swift" } else { "rust" };
    format!("kopokopo-{}", LANGUAGE.get().unwrap_or(&default))
}
