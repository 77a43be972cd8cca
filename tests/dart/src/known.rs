//! What the package uses of other libraries: `tests/dart/known.txt`, written by hand from their documentation. It is short on
//! purpose. A name that is not in it is a problem until someone looked it up.

use std::collections::BTreeMap;

use crate::names::{Class, Library, Member};

/// The libraries by their URIs: `dart:core`.
#[derive(Default)]
pub struct Known(pub(crate) BTreeMap<String, Library>);

impl Known {
    /// Reads the list. A line without an indent is a library; `class NAME<T> extends NAME: MEMBER TYPE, MEMBER TYPE` is a
    /// class, and `names: NAME TYPE, NAME TYPE` are functions and variables. A type is that of a result, and may be absent.
    ///
    /// # Panics
    /// At a line of another form.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut known = Self::default();
        let mut own = String::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            if !line.starts_with(' ') {
                line.trim().clone_into(&mut own);
                known.0.entry(own.clone()).or_default();
                continue;
            }
            let library = known.0.get_mut(&own).unwrap_or_else(|| panic!("{line}: of no library"));
            let (head, members) = line.trim().split_once(':').unwrap_or_else(|| panic!("{line}: expected a colon"));
            let members = members.split(';').map(str::trim).filter(|member| !member.is_empty());
            let members = members.map(|member| {
                let (name, ty) = member.split_once(' ').unwrap_or((member, ""));
                (name.to_owned(), Member { ty: ty.replace(' ', ""), ..Member::default() })
            });
            let Some(class) = head.strip_prefix("class ") else {
                assert_eq!(head, "names", "{line}");
                library.members.extend(members);
                continue;
            };
            let (class, parent) = class.split_once(" extends ").unwrap_or((class, "Object"));
            let made = Class {
                parameters: crate::types::arguments(class),
                parents: vec![parent.to_owned()],
                members: members.collect(),
                is_known: true,
                ..Class::default()
            };
            library.classes.insert(crate::types::base(class).to_owned(), made);
        }
        known
    }
}
