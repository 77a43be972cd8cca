//! Types as they are written, without white space: `Map<String,Object?>`.

/// The name without arguments and without `?`: `Map`.
#[must_use]
pub(crate) fn base(ty: &str) -> &str {
    let ty = ty.trim_end_matches('?');
    ty.split('<').next().unwrap_or(ty)
}

/// The arguments: `String` and `Object?`.
#[must_use]
pub(crate) fn arguments(ty: &str) -> Vec<String> {
    let ty = ty.trim_end_matches('?');
    let Some((_, rest)) = ty.split_once('<') else { return Vec::new() };
    let rest = rest.strip_suffix('>').unwrap_or(rest);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in rest.chars() {
        depth += i32::from("<({".contains(c)) - i32::from(">)}".contains(c));
        match (c, depth) {
            (',', 0) => parts.push(String::new()),
            _ => parts.last_mut().unwrap_or_else(|| unreachable!("there is one part")).push(c),
        }
    }
    parts
}

/// A type with the parameters of its class replaced: `T` of `List<T>` by `String`.
#[must_use]
pub(crate) fn replaced(ty: &str, parameters: &[String], arguments: &[String]) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let close = |word: &mut String, out: &mut String| {
        let found = parameters.iter().position(|parameter| parameter == word).and_then(|at| arguments.get(at));
        out.push_str(found.unwrap_or(word));
        word.clear();
    };
    for c in ty.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            close(&mut word, &mut out);
            out.push(c);
        }
    }
    close(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::{arguments, base, replaced};

    #[test]
    fn a_type_has_a_name_and_arguments() {
        assert_eq!(base("Map<String,List<int>>?"), "Map");
        assert_eq!(arguments("Map<String,List<Map<int,int>>>"), ["String", "List<Map<int,int>>"]);
        assert!(arguments("int").is_empty());
        let own = |name: &str| vec![name.to_owned()];
        assert_eq!(replaced("Future<List<T>?>", &own("T"), &own("String")), "Future<List<String>?>");
        assert_eq!(replaced("Token", &own("T"), &own("String")), "Token");
    }
}
