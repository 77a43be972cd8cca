//! The bytes of a webhook's body, where JavaScript has them.

use std::{ptr, slice};

use napi::{
    bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue},
    check_status, sys,
};

/// A Buffer or Uint8Array, borrowed for as long as the call lasts, in which no JavaScript runs.
pub struct Body {
    data: *const u8,
    length: usize,
}

impl Body {
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: JavaScript's thread is in this call, and no other thread has the bytes: the package refuses shared memory.
        unsafe { slice::from_raw_parts(self.data, self.length) }
    }
}

impl TypeName for Body {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> napi::ValueType {
        napi::ValueType::Object
    }
}

impl ValidateNapiValue for Body {}

impl FromNapiValue for Body {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let (mut data, mut length) = (ptr::null_mut(), 0);
        // SAFETY: the environment and the value are the caller's. Anything but a view of bytes is refused.
        check_status!(unsafe { sys::napi_get_buffer_info(env, value, &raw mut data, &raw mut length) })?;
        Ok(Self { data: data.cast(), length })
    }
}
