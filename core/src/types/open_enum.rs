//! Enumerations that the API may extend at any time.

/// Declares an open enumeration. Unknown words are kept unchanged in `Other`.
macro_rules! open_enum {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// The words this version knows, as the API writes them.
            pub const KNOWN: &'static [&'static str] = &[$($word),*];

            /// The word as the API writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    _ => Self::Other(word.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::types::de::word(deserializer).map(|word| Self::from(&*word))
            }
        }
    };
}
pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    open_enum! {
        /// A word for the tests.
        pub enum Word {
            /// One.
            One = "One",
            /// Two.
            Two = "two words",
        }
    }

    proptest! {
        #[test]
        fn every_word_is_kept_unchanged(word in "One|two words|\\PC{0,20}") {
            let read: Word = serde_json::from_value(serde_json::json!(word)).unwrap();
            prop_assert_eq!(read.as_str(), word.as_str());
            prop_assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::json!(word));
            prop_assert_eq!(Word::KNOWN.contains(&word.as_str()), !matches!(read, Word::Other(_)));
        }
    }
}
