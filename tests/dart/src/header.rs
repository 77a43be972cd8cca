//! The header of the C ABI, as far as Dart needs it: the functions and types that the library for apps has.

use std::collections::BTreeMap;

/// A function, or the type of one, with its types as `dart:ffi` writes them.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// `Int32`.
    pub returns: String,
    /// The type and the name of each parameter.
    pub parameters: Vec<(String, String)>,
}

/// What the header declares.
#[derive(Debug, Default)]
pub struct Header {
    /// By their names in C.
    pub functions: BTreeMap<String, Function>,
    /// Types of functions of the program.
    pub callbacks: BTreeMap<String, Function>,
    /// The members of structs, with their types.
    pub structs: BTreeMap<String, Vec<(String, String)>>,
    /// The numbers of statuses.
    pub statuses: BTreeMap<String, i32>,
}

impl Header {
    /// Reads the header as a compiler does that has `KOPOKOPO_APPS` defined.
    ///
    /// # Panics
    /// Where it has a type that Dart has none for.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut header = Self::default();
        for declaration in declarations(text) {
            header.add(&declaration);
        }
        header
    }

    fn add(&mut self, declaration: &str) {
        if let Some((name, value)) =
            declaration.strip_prefix("KOPOKOPO_STATUS_").and_then(|rest| rest.split_once(" = "))
        {
            self.statuses.insert(name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{declaration}")));
        } else if let Some(rest) = declaration.strip_prefix("typedef struct ") {
            let (name, members) = rest.split_once(" { ").unwrap_or_else(|| panic!("{declaration}"));
            let members =
                members.split(';').map(str::trim).filter(|member| !member.is_empty() && !member.starts_with('}'));
            self.structs.insert(name.to_owned(), members.map(parameter).collect());
        } else if let Some(rest) = declaration.strip_prefix("typedef ") {
            if let Some((returns, rest)) = rest.split_once(" (*") {
                let (name, parameters) = rest.split_once(")(").unwrap_or_else(|| panic!("{declaration}"));
                self.callbacks.insert(name.to_owned(), function(returns, parameters));
            }
        } else if let Some((before, parameters)) = declaration.split_once('(')
            && let Some(at) = before.find("kopokopo_")
        {
            self.functions.insert(before[at..].to_owned(), function(&before[..at], parameters));
        }
    }
}

/// Each declaration on a line, without comments and what apps do not have. A member of the enumeration is one too.
fn declarations(text: &str) -> Vec<String> {
    let mut kept = String::new();
    let (mut is_for_others, mut is_comment) = (false, false);
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        is_comment |= line.starts_with("/*");
        match line.trim() {
            "#if !defined(KOPOKOPO_APPS)" => is_for_others = true,
            "#endif" => is_for_others = false,
            // For C++.
            "extern \"C\" {" | "}" => {}
            line if !is_for_others && !is_comment && !line.starts_with('#') => {
                kept.push_str(line);
                kept.push(' ');
            }
            _ => {}
        }
        is_comment &= !line.ends_with("*/");
    }
    let mut found = Vec::new();
    let mut depth = 0;
    let mut own = String::new();
    for c in kept.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        let is_member = own.trim_start().starts_with("KOPOKOPO_STATUS_") && c == ',';
        if (c == ';' && depth <= 1 && !own.contains("typedef struct")) || (c == ';' && depth == 0) || is_member {
            found.push(own.split_whitespace().collect::<Vec<_>>().join(" "));
            own.clear();
        } else if c == '{' && own.contains("enum KopokopoStatus") {
            own.clear();
        } else {
            own.push(c);
        }
    }
    found.into_iter().map(|own| own.trim_start_matches(['{', '}', ' ']).to_owned()).collect()
}

fn function(returns: &str, parameters: &str) -> Function {
    let parameters = parameters.trim_end_matches(')').split(',').map(str::trim);
    let parameters = parameters.filter(|own| !own.is_empty() && *own != "void").map(parameter).collect();
    Function { returns: ffi(returns), parameters }
}

/// `const char *name` is `Pointer<Char>` and `name`.
fn parameter(own: &str) -> (String, String) {
    let at = own.rfind([' ', '*']).unwrap_or_default() + 1;
    (ffi(&own[..at]), own[at..].to_owned())
}

/// The type of `dart:ffi` for one of C.
fn ffi(c: &str) -> String {
    let is_constant = c.contains("const ");
    let c = c.replace("const ", "").replace("struct ", "");
    let plain = c.trim().trim_end_matches('*').trim();
    let plain = match plain {
        "uint64_t" => "Uint64",
        "uint8_t" => "Uint8",
        "int32_t" | "KopokopoStatus" => "Int32",
        "size_t" => "Size",
        "double" => "Double",
        "char" => "Char",
        "void" => "Void",
        "KopokopoResult" => "KopokopoResult",
        callback if callback.starts_with("Kopokopo") => return format!("Pointer<NativeFunction<{callback}>>"),
        other => panic!("{other}: Dart has no type for it here"),
    };
    match (c.contains('*'), plain) {
        (true, plain) => format!("Pointer<{plain}>"),
        (false, plain) => {
            assert!(!is_constant, "{c}");
            plain.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn a_header_is_read_without_what_apps_do_not_have() {
        let header = Header::read(
            "/* About. */\n#include <stdint.h>\nenum KopokopoStatus\n {\n  // It worked.\n  KOPOKOPO_STATUS_OK = 0,\n  KOPOKOPO_STATUS_ERROR = 1,\n};\n\
             typedef struct KopokopoResult {\n  uint64_t handle;\n  const uint8_t *data;\n} KopokopoResult;\n\
             typedef void (*KopokopoDone)(void *user, KopokopoStatus status, const struct KopokopoResult *result);\n\
             // Names it.\nconst char *kopokopo_version(void);\n#if !defined(KOPOKOPO_APPS)\nKopokopoStatus kopokopo_make(double x);\n#endif\n\
             KopokopoStatus kopokopo_call(uint64_t object,\n                             KopokopoDone done, uint64_t *call);\n",
        );
        let pair = |ty: &str, name: &str| (ty.to_owned(), name.to_owned());
        assert_eq!(header.functions.keys().collect::<Vec<_>>(), ["kopokopo_call", "kopokopo_version"]);
        assert_eq!(header.functions["kopokopo_version"].returns, "Pointer<Char>");
        let expected = [
            pair("Uint64", "object"),
            pair("Pointer<NativeFunction<KopokopoDone>>", "done"),
            pair("Pointer<Uint64>", "call"),
        ];
        assert_eq!(header.functions["kopokopo_call"].parameters, expected);
        assert_eq!(header.callbacks["KopokopoDone"].parameters[1], pair("Int32", "status"));
        assert_eq!(header.structs["KopokopoResult"], [pair("Uint64", "handle"), pair("Pointer<Uint8>", "data")]);
        assert_eq!(header.statuses.len(), 2);
        assert_eq!(header.statuses["ERROR"], 1);
    }
}
