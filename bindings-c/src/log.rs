//! Warnings of the library, for the program's log.

use std::{
    ffi::{c_char, c_void},
    fmt::{self, Write as _},
    sync::OnceLock,
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};

use crate::{process, result::guard_status, status::KopokopoStatus};

/// Receives a warning, a line of text without secrets and personal data. `text` can be read only during the function, and is not
/// terminated. It is called by any thread, also by two at a time, and must not unwind.
pub type KopokopoLog = Option<unsafe extern "C" fn(user: *mut c_void, text: *const c_char, length: usize)>;

struct Log {
    write: unsafe extern "C" fn(user: *mut c_void, text: *const c_char, length: usize),
    user: *mut c_void,
}

// SAFETY: the documentation of `KopokopoLog` says that any thread calls it, with this argument.
unsafe impl Send for Log {}
// SAFETY: as above.
unsafe impl Sync for Log {}

static LOG: OnceLock<Log> = OnceLock::new();

/// Sets the function that receives warnings: an outcome is unknown, or a journal could not be written. It can be set once.
/// Without it, warnings of a journal go to the standard error, and others are not written. The library for apps has none.
///
/// - `user`: is passed to `log`. Both must work until `kopokopo_shutdown` has returned or the process ends.
///
/// Threads: any.
///
/// Errors: `KOPOKOPO_STATUS_ALREADY_SET`.
///
/// # Safety
/// `log` can be called with `user` by any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_set_log(log: KopokopoLog, user: *mut c_void) -> KopokopoStatus {
    guard_status(|| {
        process::check_running()?;
        let write = log.ok_or(KopokopoStatus::InvalidPointer)?;
        LOG.set(Log { write, user }).map_err(|_| KopokopoStatus::AlreadySet)?;
        // A Rust program that links this crate may have a subscriber of its own, which gets the warnings then.
        drop(tracing::subscriber::set_global_default(Warnings));
        Ok(())
    })
}

/// Writes a warning to the program's log, or to the standard error.
#[cfg(not(feature = "apps"))]
pub(crate) fn warn(text: &str) {
    if !write(text) {
        eprintln!("kopokopo: {text}");
    }
}

fn write(text: &str) -> bool {
    let Some(log) = LOG.get() else { return false };
    // Its argument may be gone after a shutdown.
    if process::check_running().is_ok() {
        // SAFETY: the caller of `kopokopo_set_log` promises it. The text lives longer than the call.
        unsafe { (log.write)(log.user, text.as_ptr().cast(), text.len()) };
    }
    true
}

/// Passes the core's warnings on.
struct Warnings;

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::WARN && metadata.target().starts_with("kopokopo")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        write(&(line.message + &line.fields));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The message, and the fields behind it.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
