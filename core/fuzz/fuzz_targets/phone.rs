#![no_main]
//! A phone number is converted to 254 and nine digits, or refused. The error does not repeat it.

use kopokopo::{
    ErrorKind,
    types::{PhoneNumber, hash_phone},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<PhoneNumber>() {
        Ok(phone) => {
            let digits = phone.as_str();
            assert!(digits.len() == 12 && digits.starts_with("254") && digits.bytes().all(|b| b.is_ascii_digit()));
            assert_eq!(digits.parse::<PhoneNumber>().ok().as_ref(), Some(&phone));
            assert_eq!(hash_phone(text).map(|hash| hash.len()).ok(), Some(64));
            assert!(!format!("{phone:?}").contains(digits));
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidRequest),
    }
});
