//! Types of requests and responses: money, times, phone numbers, names and secrets.

mod amount;
mod currency;
pub(crate) mod de;
mod metadata;
mod open_enum;
mod personal;
mod phone;
mod raw;
mod resource_id;
mod secret;
mod timestamp;
mod topics;
mod words;

pub use amount::{Amount, JsonNumber};
pub use currency::Currency;
pub use metadata::{Metadata, MetadataValue};
pub(crate) use open_enum::open_enum;
pub use personal::Personal;
pub(crate) use phone::is_phone_separator;
pub use phone::{PhoneNumber, hash_phone};
pub use raw::Raw;
pub use resource_id::ResourceId;
pub use secret::Secret;
pub(crate) use secret::{PADDED, without_padding};
pub use timestamp::Timestamp;
pub use words::{EventType, Network, RecipientType, Scope, SettlementMethod};
