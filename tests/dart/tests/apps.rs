//! No app can hold a secret, or send money: the official package takes both, and this one cannot.

use std::collections::BTreeSet;

use kopokopo_dart_tests::{Known, Package, Source, contract, header, package};
use serde_json::Value;

/// Parts of names that no code of the package has.
const REFUSED: [&str; 7] = ["clientsecret", "clientid", "apikey", "sendmoney", "webhook", "reversal", "oauth"];

/// What the contract has and apps do not have: sections, constructors and functions.
fn not_for_apps(contract: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut add = |entries: &Value| {
        let others = entries.as_object().into_iter().flatten().filter(|(_, entry)| entry["mobile"] != true);
        names.extend(others.map(|(name, _)| name.clone()));
    };
    add(&contract["functions"]);
    add(&contract["objects"]["KopoKopo"]["methods"]);
    add(&contract["objects"]["KopoKopo"]["constructors"]);
    // The kinds of errors are the same in all packages.
    names.retain(|name| {
        !contract["error"]["kinds"].as_array().is_some_and(|kinds| kinds.contains(&Value::from(name.as_str())))
    });
    names
}

/// Names and texts of a file, without its comments, that an app must not have.
fn refused(source: &Source, others: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for node in source.nodes() {
        let is_name = matches!(node.kind(), "identifier" | "type_identifier");
        let is_text = node.kind().starts_with("template_chars");
        let text = source.text(node);
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let is_refused = REFUSED.iter().any(|part| plain.contains(part)) || is_text && others.contains(text);
        if (is_name || is_text) && is_refused {
            found.push(format!("{}: {text}", source.place(node)));
        }
    }
    found
}

#[test]
fn no_code_names_a_credential_or_an_operation_that_apps_do_not_have() {
    let others = not_for_apps(&contract());
    assert!(
        ["send_money", "webhooks", "from_env", "new", "sign_webhook"].iter().all(|name| others.contains(*name)),
        "{others:?}"
    );
    let found: Vec<_> = package().iter().flat_map(|source| refused(source, &others)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn code_that_names_one_is_found() {
    let others = not_for_apps(&contract());
    for text in [
        "void a(String clientSecret) {}",
        "final Map<String, String> a = {'client_secret': b};",
        "void a() { callSync(own, 'send_money', null); }",
        "class ApiKey {}",
        "void a() { call(own, 'raw_requests', b, c); }",
    ] {
        assert!(!refused(&Source::parse("a.dart", text), &others).is_empty(), "{text}");
    }
    assert!(refused(&Source::parse("a.dart", "// client_secret\nvoid a() {}\n"), &others).is_empty());
}

#[test]
fn only_a_token_and_a_proxy_are_secrets_that_an_app_passes() {
    let package = Package::new(&package(), Known::default());
    let mut found = BTreeSet::new();
    for library in package.libraries.values() {
        for (name, class) in &library.classes {
            let methods = class.members.iter().filter_map(|(method, member)| Some((method, member.callable.as_ref()?)));
            for (method, callable) in class.constructors.iter().chain(methods) {
                let named = callable.named.iter().map(|(name, (ty, _))| (name.as_str(), ty.as_str()));
                let positional = callable.positional.iter().map(|ty| ("", ty.as_str()));
                let secret = named.chain(positional).filter(|(_, ty)| ty.trim_end_matches('?') == "Secret");
                found.extend(secret.map(|(parameter, _)| format!("{name}.{method}({parameter})")));
            }
        }
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["AccessToken.()", "KopoKopo.withTokenSource(proxy)"]);
}

#[test]
fn client_has_one_constructor_and_it_takes_a_token_source() {
    let package = Package::new(&package(), Known::default());
    let client = &package.libraries["lib/src/generated/client.dart"].classes["KopoKopo"];
    let public: Vec<_> = client.constructors.iter().filter(|(name, _)| !name.starts_with('_')).collect();
    assert_eq!(public.len(), 1);
    assert_eq!(
        (public[0].0.as_str(), &public[0].1.positional[..]),
        ("withTokenSource", &["TokenSource".to_owned()][..])
    );
}

#[test]
fn library_for_apps_has_no_function_that_takes_a_key() {
    let functions = header().functions;
    assert!(functions.contains_key("kopokopo_call_by_value"));
    for (name, function) in &functions {
        assert!(!function.parameters.iter().any(|(_, parameter)| parameter.contains("key")), "{name}");
        assert!(!["kopokopo_make", "kopokopo_verify", "kopokopo_sign_webhook"].contains(&name.as_str()));
    }
}
