//! Lets the linker leave PHP's own symbols open: the interpreter that loads the extension has them. Refuses a PHP with thread
//! safety: the library asks PHP's only thread for tokens and for the journal's statements.

use std::{env, fs, path::Path, process::Command};

/// What a build for a PHP with thread safety says.
const REFUSAL: &str = "kopokopo does not support PHP with thread safety (ZTS): build it with the php and php-config of a PHP without (NTS), \
                       which the variables PHP and PHP_CONFIG can name";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PHP");
    println!("cargo::rerun-if-env-changed=PHP_CONFIG");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-undefined,dynamic_lookup");
    }
    if interpreter_has_threads() || headers_have_threads() {
        println!("cargo::error={REFUSAL}");
    }
}

fn interpreter_has_threads() -> bool {
    output("PHP", "php", &["-n", "-r", "echo PHP_ZTS;"]).is_some_and(|text| text.trim() == "1")
}

fn headers_have_threads() -> bool {
    let Some(folder) = output("PHP_CONFIG", "php-config", &["--include-dir"]) else { return false };
    let config = fs::read_to_string(Path::new(folder.trim()).join("main/php_config.h")).unwrap_or_default();
    config.lines().any(|line| line.trim() == "#define ZTS 1")
}

/// The output of a program, which a variable can name. If it cannot run, the library that needs it says so.
fn output(variable: &str, program: &str, arguments: &[&str]) -> Option<String> {
    let program = env::var_os(variable).unwrap_or_else(|| program.into());
    let output = Command::new(program).args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
