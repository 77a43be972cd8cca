//! What comes out: views as Ruby's values. They are frozen.

use kopokopo::types::Timestamp;
use kopokopo_ffi::value::{Variant, View};
use magnus::{
    Error, IntoValue, RArray, RClass, Ruby, Value,
    prelude::*,
    rb_sys::AsRawValue,
    time::{Offset, Timespec},
    value::LazyId,
};

use crate::{classes, metadata, object::Native};

/// `Kernel#BigDecimal`
static BIG_DECIMAL: LazyId = LazyId::new("BigDecimal");

/// The value that is seen.
pub(crate) fn show(ruby: &Ruby, view: View<'_>) -> Result<Value, Error> {
    match view {
        View::Null => Ok(ruby.qnil().as_value()),
        View::Bool(value) => Ok(value.into_value_with(ruby)),
        View::Integer(value) => Ok(value.into_value_with(ruby)),
        View::Seconds(value) => Ok(value.into_value_with(ruby)),
        View::Amount(amount) => decimal(ruby, &amount.to_string()),
        View::Timestamp(moment) => self::moment(ruby, moment),
        View::Metadata(metadata) => metadata::hash(ruby, metadata),
        View::Text(text) | View::Currency(text) | View::Personal(text) | View::Secret(text) => {
            Ok(self::text(ruby, text))
        }
        View::Raw(raw) => Ok(text(ruby, raw.as_str())),
        View::OpenEnum(name, word) => classes::word(ruby, name, word),
        View::List(items) => array(ruby, items.count(), |visit| items.each(visit)).map(RArray::as_value),
        View::Record(record) => {
            let shape = record.shape();
            let values = array(ruby, shape.fields.len(), |visit| record.each(visit))?;
            make(ruby, classes::record(ruby, shape.name)?, values)
        }
        View::Variant(Variant { union, word, field }) => {
            let values = array(ruby, 1, |visit| {
                if let Some((_, held)) = field {
                    visit(held.view());
                }
            })?;
            make(ruby, classes::variant(ruby, union, word)?, values)
        }
        View::Object(object) => Ok(ruby.obj_wrap(Native(object.clone())).as_value()),
    }
}

/// Most amounts are whole, and those are read faster from a number.
fn decimal(ruby: &Ruby, digits: &str) -> Result<Value, Error> {
    let kernel = ruby.module_kernel();
    match digits.parse::<i64>() {
        Ok(whole) => kernel.funcall(*BIG_DECIMAL, (whole,)),
        Err(_) => kernel.funcall(*BIG_DECIMAL, (digits,)),
    }
}

/// Frozen text.
pub(crate) fn text(ruby: &Ruby, text: &str) -> Value {
    let text = ruby.str_new(text);
    text.freeze();
    text.as_value()
}

/// The values that are visited, up to the first that cannot be shown.
fn array(ruby: &Ruby, count: usize, each: impl FnOnce(&mut dyn FnMut(View<'_>))) -> Result<RArray, Error> {
    let out = ruby.ary_new_capa(count);
    let mut failure = None;
    each(&mut |view| {
        if failure.is_none() {
            failure = show(ruby, view).and_then(|value| out.push(value)).err();
        }
    });
    out.freeze();
    failure.map_or(Ok(out), Err)
}

/// Without its constructor, which is there for people and takes names.
fn make(ruby: &Ruby, class: RClass, values: RArray) -> Result<Value, Error> {
    let made = class.obj_alloc()?.as_value();
    let name = classes::builtin(ruby)?.values;
    // SAFETY: the object is new and not frozen, so this does not raise.
    unsafe { rb_sys::rb_ivar_set(made.as_raw(), name, values.as_raw()) };
    made.freeze();
    Ok(made)
}

fn moment(ruby: &Ruby, moment: &Timestamp) -> Result<Value, Error> {
    let instant = moment.instant();
    let seconds = instant.offset().whole_seconds();
    let offset = if seconds == 0 { Ok(Offset::utc()) } else { Offset::from_secs(seconds) };
    let offset = offset.unwrap_or_else(|_| Offset::utc());
    let at = Timespec { tv_sec: moment.unix_timestamp(), tv_nsec: i64::from(instant.nanosecond()) };
    let time = ruby.time_timespec_new(at, offset)?;
    time.freeze();
    Ok(time.as_value())
}
