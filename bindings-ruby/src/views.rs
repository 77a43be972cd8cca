//! What comes out: views as Ruby's values. They are frozen.

use kopokopo::types::{Amount, Timestamp};
use kopokopo_ffi::value::{List, Shown, Variant, View};
use magnus::{
    Error, IntoValue, RArray, RClass, Ruby, Value,
    prelude::*,
    rb_sys::{AsRawValue, FromRawValue},
    time::{Offset, Timespec},
    value::LazyId,
};

use crate::{classes, metadata, object::Native};

/// `Kernel#BigDecimal`
static BIG_DECIMAL: LazyId = LazyId::new("BigDecimal");

/// The most fields of a record that are collected on the stack. The garbage collector of Ruby looks there.
const ON_STACK: usize = 32;

/// The value that is seen.
pub(crate) fn show(ruby: &Ruby, view: View<'_>) -> Result<Value, Error> {
    show_part(ruby, view, &mut Shown::default())
}

fn show_part(ruby: &Ruby, view: View<'_>, shown: &mut Shown<Value>) -> Result<Value, Error> {
    match view {
        View::Null => Ok(ruby.qnil().as_value()),
        View::Bool(value) => Ok(value.into_value_with(ruby)),
        View::Integer(value) => Ok(value.into_value_with(ruby)),
        View::Seconds(value) => Ok(value.into_value_with(ruby)),
        View::Amount(amount) => decimal(ruby, amount),
        View::Timestamp(moment) => self::moment(ruby, moment),
        View::Metadata(metadata) => metadata::hash(ruby, metadata),
        View::Text(text) | View::Currency(text) | View::Personal(text) | View::Secret(text) => {
            Ok(self::text(ruby, text))
        }
        View::Raw(raw) => Ok(text(ruby, raw.as_str())),
        View::OpenEnum(name, word) => classes::word(ruby, name, word),
        View::List(items) => list(ruby, items, shown).map(RArray::as_value),
        View::Record(record) => {
            if let Some(&made) = shown.find(record) {
                return Ok(made);
            }
            let shape = record.shape();
            let values = fields(ruby, |visit| record.each(visit), shown)?;
            make(ruby, classes::record(ruby, shape)?, values)
        }
        View::Variant(Variant { union, word, field }) => {
            let class = classes::variant(ruby, union, word)?;
            let Some((_, held)) = field else { return make(ruby, class, ruby.ary_new()) };
            let view = held.view();
            let content = show_part(ruby, view, shown)?;
            if let View::Record(record) = view {
                shown.keep(record, content);
            }
            make(ruby, class, ruby.ary_new_from_values(&[content]))
        }
        View::Object(object) => Ok(ruby.obj_wrap(Native(object.clone())).as_value()),
    }
}

/// Most amounts are whole, and those are read faster from a number.
fn decimal(ruby: &Ruby, amount: &Amount) -> Result<Value, Error> {
    let (kernel, decimal) = (ruby.module_kernel(), amount.decimal());
    match i64::try_from(decimal.mantissa()) {
        Ok(whole) if decimal.scale() == 0 => kernel.funcall(*BIG_DECIMAL, (whole,)),
        _ => kernel.funcall(*BIG_DECIMAL, (amount.to_string(),)),
    }
}

/// Frozen text.
pub(crate) fn text(ruby: &Ruby, text: &str) -> Value {
    let text = ruby.str_new(text);
    text.freeze();
    text.as_value()
}

/// The fields that are visited, up to the first that cannot be shown. One array is made of them: each call of Ruby that can raise
/// costs more than a field.
fn fields(ruby: &Ruby, each: impl FnOnce(&mut dyn FnMut(View<'_>)), shown: &mut Shown<Value>) -> Result<RArray, Error> {
    let mut values = [ruby.qnil().as_value(); ON_STACK];
    let (mut length, mut more, mut failure) = (0, None, None);
    each(&mut |view| {
        if failure.is_some() {
            return;
        }
        let added = show_part(ruby, view, shown).and_then(|value| {
            if let Some(place) = values.get_mut(length) {
                *place = value;
                length += 1;
                return Ok(());
            }
            more.get_or_insert_with(|| ruby.ary_new_from_values(&values)).push(value)
        });
        failure = added.err();
    });
    let out = more.unwrap_or_else(|| ruby.ary_new_from_values(&values[..length]));
    failure.map_or(Ok(out), Err)
}

/// The items, up to the first that cannot be shown.
fn list(ruby: &Ruby, items: &dyn List, shown: &mut Shown<Value>) -> Result<RArray, Error> {
    let out = ruby.ary_new_capa(items.count());
    let mut failure = None;
    items.each(&mut |view| {
        if failure.is_none() {
            failure = show_part(ruby, view, shown).and_then(|value| out.push(value)).err();
        }
    });
    out.freeze();
    failure.map_or(Ok(out), Err)
}

/// Without its constructor, which is there for people and takes names.
fn make(ruby: &Ruby, class: RClass, values: RArray) -> Result<Value, Error> {
    let name = classes::builtin(ruby)?.values;
    values.freeze();
    // SAFETY: the class is an ordinary one, and the object is new and not frozen, so nothing raises.
    let made = unsafe {
        let made = rb_sys::rb_obj_alloc(class.as_raw());
        rb_sys::rb_ivar_set(made, name, values.as_raw());
        Value::from_raw(made)
    };
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
