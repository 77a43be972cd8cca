/// The version of this package.
library;

/// The version of this package. `cargo xtask release` writes it.
const String packageVersion = '0.1.0';
