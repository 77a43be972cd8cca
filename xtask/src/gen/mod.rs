//! `cargo xtask gen`: everything that follows from the contract, `udl/kopokopo.udl`, and the test helpers, which follow from
//! `sandbox/controls.json`, and the header of the C ABI, which follows from `bindings-c/src`.

mod controls;
mod dart;
mod foreign;
mod go;
mod golden;
mod header;
mod jni;
mod kotlin;
mod layout;
mod listing;
mod logs;
#[path = "../../../udl/mobile.rs"]
mod mobile;
pub(crate) mod model;
mod names;
mod node;
mod order;
mod php;
mod python;
mod read;
mod ruby;
mod rust;
mod swift;
mod template;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use uniffi_bindgen::bindings::TargetLanguage;

use crate::shell::root;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing, and fail where a file differs from what would be written
    #[arg(long)]
    check: bool,
    /// Write the Kotlin code into this folder too, from the library, which is built for it
    #[arg(long, value_name = "FOLDER")]
    kotlin: Option<PathBuf>,
    /// What `--kotlin` writes is for mobile apps, from the library for those
    #[arg(long)]
    mobile: bool,
    /// The Swift package's raw layer too, from the libraries, which are built for it
    #[arg(long)]
    swift: bool,
}

/// A file that follows from the contract.
struct Output {
    /// From the repository's root.
    path: &'static str,
    text: String,
}

/// Every file that follows from the contract.
fn outputs(root: &Path) -> Result<Vec<Output>, String> {
    outputs_of(&contract(root)?, root)
}

/// Every file that follows from a contract, in a fixed order. A new language adds its backend here.
fn outputs_of(udl: &str, root: &Path) -> Result<Vec<Output>, String> {
    let contract = read::read(udl)?;
    let mobile = read::read(&mobile::filter(udl)?)?;
    let mut outputs = rust::generate(&contract, &mobile, root)?;
    outputs.push(Output { path: "tests/contract.json", text: listing::generate(&contract, &mobile)? });
    outputs.extend(python::generate(&contract)?);
    outputs.extend(node::generate(&contract)?);
    outputs.extend(ruby::generate(&contract)?);
    outputs.extend(kotlin::generate(&contract, kotlin::Package::Jvm)?);
    outputs.extend(kotlin::generate(&mobile, kotlin::Package::Android)?);
    outputs.extend(swift::generate(&contract, &mobile)?);
    outputs.extend(php::generate(&contract)?);
    outputs.extend(go::generate(&contract)?);
    outputs.extend(dart::generate(&mobile)?);
    Ok(outputs)
}

/// The names that the library for apps has to export, as UniFFI makes them, and no others.
pub(crate) fn mobile_exports() -> Result<BTreeSet<String>, String> {
    let contract = read::read(&mobile::filter(&contract(root())?)?)?;
    let java =
        ["Native_contractHash", "NativeCalls_prepare", "NativeCalls_start", "NativeCalls_cancel", "NativeCalls_forget"];
    let mut names: BTreeSet<String> = java.iter().map(|name| format!("Java_dev_kopokopo_{name}")).collect();
    let mut add = |what: String| names.insert(format!("uniffi_kopokopo_ffi_fn_{what}"));
    for function in &contract.functions {
        add(format!("func_{}", function.name));
    }
    for object in contract.objects.iter().chain(&contract.callbacks) {
        let own = object.name.to_lowercase();
        add(format!("clone_{own}"));
        add(format!("free_{own}"));
        for constructor in &object.constructors {
            add(format!("constructor_{own}_{}", constructor.name));
        }
        for method in &object.methods {
            add(format!("method_{own}_{}", method.name));
        }
    }
    for callback in &contract.callbacks {
        add(format!("init_callback_vtable_{}", callback.name.to_lowercase()));
    }
    Ok(names)
}

/// The functions of the C ABI: all, or those that the library for apps has.
pub(crate) fn header_functions(is_for_apps: bool) -> Result<BTreeSet<String>, String> {
    header::functions(root(), is_for_apps)
}

/// The operations that apps have, such as `incoming_payments.create`, and those that they do not have.
pub(crate) fn operations_for_apps() -> Result<[Vec<String>; 2], String> {
    let udl = contract(root())?;
    let (contract, mobile) = (read::read(&udl)?, read::read(&mobile::filter(&udl)?)?);
    let sections = contract.objects.iter().filter_map(|object| Some((contract.section(&object.name)?, object)));
    let (apps, others): (Vec<_>, Vec<_>) = sections.partition(|(_, object)| mobile.object(&object.name).is_some());
    let names = |sections: Vec<(&str, &model::Object)>| {
        let methods = sections.into_iter().flat_map(|(section, object)| {
            let sent = object.methods.iter().filter(|method| method.is_async);
            sent.map(move |method| format!("{section}.{}", method.name))
        });
        methods.collect()
    };
    Ok([names(apps), names(others)])
}

fn contract(root: &Path) -> Result<String, String> {
    let path = root.join("udl/kopokopo.udl");
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = root();
    let mut stale = Vec::new();
    let mut outputs = outputs(root)?;
    if options.swift {
        outputs.extend(swift::raw::generate(root)?);
    }
    let mut files: Vec<_> = outputs.into_iter().map(|output| (output.path.to_owned(), output.text)).collect();
    files.extend(controls::outputs(root)?.into_iter().map(|output| (output.path.to_owned(), output.text)));
    files.extend(header::outputs(root)?.into_iter().map(|output| (output.path.to_owned(), output.text)));
    files.extend(golden::files(root)?);
    for (path, text) in files {
        let file = root.join(&path);
        if fs::read_to_string(&file).is_ok_and(|found| found == text) {
            continue;
        }
        if !options.check {
            save(&file, &text)?;
            println!("wrote {path}");
        }
        stale.push(path);
    }
    if options.check && !stale.is_empty() {
        let raw = if options.swift { " --swift" } else { "" };
        return Err(format!(
            "{} differs from the contract, from sandbox/controls.json or from bindings-c/src: run `cargo xtask gen{raw}`",
            stale.join(", ")
        ));
    }
    if let Some(folder) = &options.kotlin {
        foreign::write(root, TargetLanguage::Kotlin, folder, options.mobile)?;
    }
    Ok(())
}

/// Writes every generated file below a folder that has the sources.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    outputs(root)?.into_iter().try_for_each(|Output { path, text }| save(&root.join(path), &text))
}

fn save(file: &Path, text: &str) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", file.display());
    file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, text)).map_err(failed)
}
