//! The objects: each wraps the core's, and its calls run on the library's runtime.

use std::fmt::Write as _;

use super::{BY_HAND, docs, line, rust_type};
use crate::r#gen::model::{Callable, Contract, Field, Object, Type};

pub(super) fn object(out: &mut String, object: &Object, section: Option<&str>) {
    let name = &object.name;
    if let Some(resource) = name.strip_suffix("Watch").filter(|_| object.is_watch()) {
        return watch(out, object, resource);
    }
    let core = match name.strip_prefix("Created") {
        Some(resource) if object.is_handle() => format!("Created<api::{resource}>"),
        _ => name.clone(),
    };
    line(out, "");
    docs(out, &object.docs);
    line(out, &format!("#[derive(Debug, Clone)]\npub struct {name}(pub(crate) api::{core});\n\nimpl {name} {{"));
    for (at, method) in object.methods.iter().enumerate() {
        if at > 0 {
            line(out, "");
        }
        docs(out, &method.docs);
        if method.is_async {
            call(out, method, section);
        } else if let Some(Type::Object(watch)) = &method.returns {
            let (given, conversions) = given(method);
            line(out, &format!("pub fn {} -> Result<Arc<{watch}>> {{ guard(|| {{ {conversions}", signature(method)));
            line(out, &format!("Ok(Arc::new({watch}(Watching::new(self.0.{}({given})?)))) }}) }}", method.name));
        } else {
            // The only other ones are a handle's: they read what is there already.
            line(out, &format!("pub fn {0}(&self) -> String {{ self.0.{0}().into() }}", method.name));
        }
    }
    line(out, "}");
}

fn signature(method: &Callable) -> String {
    let arguments = method.arguments.iter().fold(String::from("&self"), |mut text, argument| {
        let _ = write!(text, ", {}: {}", argument.name, rust_type(&argument.ty));
        text
    });
    format!("{}({arguments})", method.name)
}

/// A resource's watch: what it does is in `udl/src/watch.rs` once.
fn watch(out: &mut String, object: &Object, resource: &str) {
    let name = &object.name;
    line(out, "");
    docs(out, &object.docs);
    line(out, &format!("#[derive(Debug, Clone)]\npub struct {name}(Watching<api::{resource}>);\n\nimpl {name} {{"));
    for method in &object.methods {
        docs(out, &method.docs);
        line(
            out,
            &if method.is_async {
                format!(
                    "pub fn poll(&self) -> Work<Result<Option<{resource}>>> {{ let own = self.0.clone(); runtime::call(None, async move {{ Ok(own.poll().await?.map(FromCore::from_core)) }}) }}\n"
                )
            } else {
                "pub fn pause(&self) -> Option<f64> { self.0.pause() }".to_owned()
            },
        );
    }
    line(out, "}");
}

/// Everything, the conversions too, happens inside of the task, where a panic is caught.
fn call(out: &mut String, method: &Callable, section: Option<&str>) {
    let operation =
        section.map_or_else(|| "None".into(), |section| format!("Some({:?})", format!("{section}.{}", method.name)));
    let returns = method.returns.as_ref().map_or("()".into(), rust_type);
    let (given, conversions) = given(method);
    line(out, &format!("pub fn {} -> Work<Result<{returns}>> {{", signature(method)));
    line(out, &format!("let core = self.0.clone(); runtime::call({operation}, async move {{ {conversions}"));
    let result = format!("core.{}({}).await?", method.name, given);
    line(
        out,
        &match &method.returns {
            None => format!("{result}; Ok(())"),
            Some(Type::Object(name)) => format!("Ok(Arc::new({name}({result})))"),
            Some(_) => format!("Ok(FromCore::from_core({result}))"),
        },
    );
    line(out, "}) }");
}

/// The arguments as the core takes them, and the statements that convert them.
fn given(method: &Callable) -> (String, String) {
    let (mut given, mut conversions) = (Vec::new(), String::new());
    for Field { name, ty, .. } in &method.arguments {
        match ty {
            Type::Optional(_) => {
                line(
                    &mut conversions,
                    &format!("let {name} = {name}.unwrap_or_default().into_core(&FieldPath::Root)?;"),
                );
                given.push(name.clone());
            }
            Type::Record(_) => {
                line(&mut conversions, &format!("let {name} = {name}.into_core(&FieldPath::Root)?;"));
                given.push(format!("&{name}"));
            }
            _ => {
                let place = format!("&FieldPath::Root.field(\"{name}\")");
                line(&mut conversions, &format!("let {name} = {name}.into_core({place})?;"));
                given.push(format!("&{name}"));
            }
        }
    }
    (given.join(", "), conversions)
}

/// The client's rooms.
pub(super) fn accessors(out: &mut String, contract: &Contract) {
    let Some(client) = contract.object("KopoKopo") else { return };
    line(out, "\nimpl KopoKopo {");
    for method in client.methods.iter().filter(|method| method.is_accessor()) {
        let Some(Type::Object(name)) = &method.returns else { continue };
        if BY_HAND.contains(&name.as_str()) {
            continue;
        }
        docs(out, &method.docs);
        line(out, &format!("pub fn {0}(&self) -> Arc<{name}> {{ Arc::new({name}(self.0.{0}())) }}\n", method.name));
    }
    line(out, "}");
}
