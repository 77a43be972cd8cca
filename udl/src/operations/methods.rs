//! What sections, handles and watches do, written once for all of them.

use std::{future::Future, pin::Pin, sync::Arc};

use super::{Call, Methods, Object, Output, output, unknown};
use crate::{
    api,
    error::Result,
    runtime,
    value::{ArgumentReader, Arguments, FieldPath, FromValue, Reflect, Value, read},
    watch::Watching,
};

/// A resource with a handle and a watch.
pub(super) trait Resource: api::Resource + Reflect {
    /// The handle's name in the contract: `CreatedIncomingPayment`.
    const HANDLE: &'static str;
    /// The watch's name in the contract: `IncomingPaymentWatch`.
    const WATCH: &'static str;
}

/// The options of a wait.
impl FromValue for api::WaitOptions {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        let mut reader = ArgumentReader::of(value, path, &["timeout", "interval", "max_interval"])?;
        wait_options(&mut reader)
    }
}

fn wait_options(reader: &mut ArgumentReader<'_>) -> Result<api::WaitOptions> {
    let mut options = api::WaitOptions::default();
    reader.set_if_given("timeout", &mut options.timeout)?;
    reader.set_if_given("interval", &mut options.interval)?;
    reader.set_if_given("max_interval", &mut options.max_interval)?;
    Ok(options)
}

/// An id and the options of a wait.
pub(super) fn id_and_wait_options(arguments: Arguments) -> Result<(String, api::WaitOptions)> {
    let mut reader = ArgumentReader::arguments(arguments, &["id", "timeout", "interval", "max_interval"])?;
    Ok((reader.required("id")?, wait_options(&mut reader)?))
}

/// The methods that return a watch. A language that polls in steps of its own calls `wait` without waiting in it, so that
/// errors have the name of the method that the program called.
pub(super) const STEPWISE: [&str; 2] = ["watch", "wait"];

/// Starts a call. The future is boxed here, so that the runtime's code for a call exists once and not once a method.
pub(super) fn start(
    operation: Option<&'static str>,
    work: impl Future<Output = Result<Output>> + Send + 'static,
) -> Call {
    let work: Pin<Box<dyn Future<Output = Result<Output>> + Send>> = Box::pin(work);
    runtime::call(operation, work)
}

/// A handle as a result.
pub(super) fn handle<R: Resource>(created: api::Created<R>) -> Output {
    output(Object::Other(Arc::new(created)))
}

/// A watch as a result.
pub(super) fn watch<R: Resource>(watch: api::Watch<R>) -> Output {
    output(Object::Other(Arc::new(Watching::new(watch))))
}

impl<R: Resource> Methods for api::Created<R> {
    fn name(&self) -> &'static str {
        R::HANDLE
    }

    fn call_sync(&self, method: &str, arguments: Arguments) -> Result<Output> {
        if STEPWISE.contains(&method) {
            return Ok(watch(self.watch(read::read(arguments)?)?));
        }
        read::none(arguments)?;
        match method {
            "id" => Ok(output(self.id().to_owned())),
            "location" => Ok(output(self.location())),
            _ => Err(unknown(self.name(), method)),
        }
    }

    fn begin(&self, method: &str, arguments: Arguments) -> Result<Call> {
        let own = self.clone();
        match method {
            "get" => {
                read::none(arguments)?;
                Ok(start(None, async move { Ok(output(own.get().await?)) }))
            }
            "wait" => {
                let options = read::read(arguments)?;
                Ok(start(None, async move { Ok(output(own.wait(options).await?)) }))
            }
            _ => Err(unknown(self.name(), method)),
        }
    }
}

impl<R: Resource> Methods for Watching<R> {
    fn name(&self) -> &'static str {
        R::WATCH
    }

    fn call_sync(&self, method: &str, arguments: Arguments) -> Result<Output> {
        read::none(arguments)?;
        match method {
            "pause" => Ok(output(self.pause())),
            _ => Err(unknown(self.name(), method)),
        }
    }

    fn begin(&self, method: &str, arguments: Arguments) -> Result<Call> {
        read::none(arguments)?;
        let own = self.clone();
        match method {
            "poll" => Ok(start(None, async move { Ok(output(own.poll().await?)) })),
            _ => Err(unknown(self.name(), method)),
        }
    }
}

/// How a method of a section reads its arguments and calls the core.
macro_rules! method {
    ($own:ident $arguments:ident $operation:expr, $method:ident() -> $kind:ident) => {{
        $crate::value::read::none($arguments)?;
        Ok(start($operation, async move { method!(@ $kind $own.$method().await?) }))
    }};
    // A create has its idempotency key among its arguments.
    ($own:ident $arguments:ident $operation:expr, $method:ident(request) -> handle) => {{
        let mut arguments = $arguments;
        let own = match $crate::value::read::take_text(&mut arguments, "idempotency_key")? {
            Some(key) => $own.idempotent(key)?,
            None => $own,
        };
        let request = $crate::value::read::read(arguments)?;
        Ok(start($operation, async move { Ok(handle(own.$method(&request).await?)) }))
    }};
    ($own:ident $arguments:ident $operation:expr, $method:ident(request) -> $kind:ident) => {{
        let request = $crate::value::read::read($arguments)?;
        Ok(start($operation, async move { method!(@ $kind $own.$method(&request).await?) }))
    }};
    ($own:ident $arguments:ident $operation:expr, $method:ident(id, options) -> $kind:ident) => {{
        let (id, options) = id_and_wait_options($arguments)?;
        Ok(start($operation, async move { method!(@ $kind $own.$method(&id, options).await?) }))
    }};
    ($own:ident $arguments:ident $operation:expr, $method:ident($name:ident: $ty:ty) -> $kind:ident) => {{
        let $name: $ty = $crate::value::read::one($arguments, stringify!($name))?;
        Ok(start($operation, async move { method!(@ $kind $own.$method(&$name).await?) }))
    }};
    (@ nothing $call:expr) => {{ let () = $call; Ok(output(())) }};
    (@ value $call:expr) => { Ok(output($call)) };
    (@ handle $call:expr) => { Ok(handle($call)) };
}
pub(super) use method;

/// A section of the API: its type, its name, the methods that send requests, and whether it can watch by id.
macro_rules! section {
    ($name:ident $section:ident: $($method:ident($($arguments:tt)*) -> $kind:ident),* ; $($watch:ident)?) => {
        impl Methods for api::$name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }

            fn operation(&self, method: &str) -> Option<&'static str> {
                match method {
                    $(stringify!($method) => Some(concat!(stringify!($section), ".", stringify!($method))),)*
                    $(stringify!($watch) => Some(concat!(stringify!($section), ".", stringify!($watch))),)?
                    _ => None,
                }
            }

            fn call_sync(&self, method: &str, arguments: Arguments) -> Result<Output> {
                match method {
                    $(method if $crate::operations::methods::STEPWISE.contains(&method) => {
                        let (id, options) = id_and_wait_options(arguments)?;
                        Ok(watch(self.$watch(&id, options)?))
                    })?
                    _ => {
                        let _ = arguments;
                        Err(unknown(self.name(), method))
                    }
                }
            }

            fn begin(&self, method: &str, arguments: Arguments) -> Result<Call> {
                let own = self.clone();
                let operation = self.operation(method);
                match method {
                    $(stringify!($method) => method!(own arguments operation, $method($($arguments)*) -> $kind),)*
                    _ => Err(unknown(self.name(), method)),
                }
            }
        }
    };
}
pub(super) use section;

/// The names of a resource's handle and watch. A resource that cannot be created has no handle.
macro_rules! resource {
    ($name:ident: $handle:literal $watch:literal) => {
        impl Resource for api::$name {
            const HANDLE: &'static str = $handle;
            const WATCH: &'static str = $watch;
        }
    };
}
pub(super) use resource;

/// The client's sections by name.
macro_rules! sections {
    ($($section:ident),* $(,)?) => {
        pub(super) fn section(client: &api::KopoKopo, name: &str) -> Option<Object> {
            match name {
                $(stringify!($section) => Some(Object::Other(Arc::new(client.$section()))),)*
                _ => None,
            }
        }
    };
}
pub(super) use sections;
