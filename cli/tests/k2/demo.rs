//! `k2 demo`.

#[cfg(target_os = "linux")]
use crate::support::{k2, on_a_terminal};
use crate::support::{output, text};

#[test]
fn the_demo_tells_the_whole_payment_in_plain_words_when_piped() {
    let demo = output(&["demo"], b"");
    let told = text(&demo.stdout);
    assert!(demo.status.success(), "{told}{}", text(&demo.stderr));
    for words in [
        "access token",
        "STK push",
        "M-PESA PIN",
        "the signature is genuine",
        "Success",
        "POST /k2/results -> 401",
        "Request cancelled by user",
        "Transferred",
    ] {
        assert!(told.contains(words), "{words}");
    }
    assert!(!told.contains('\u{1b}') && !told.contains('✗'));
}

#[cfg(target_os = "linux")]
#[test]
fn terminal_has_colours_unless_disabled() {
    let coloured = on_a_terminal("demo --pace instant", &k2(), "").1;
    assert!(coloured.contains("\u{1b}[32m") && coloured.contains("That was a whole payment."), "{coloured}");
    for (arguments, variables) in [
        ("demo --plain", &[][..]),
        ("demo --pace instant", &[("NO_COLOR", "1")]),
        ("demo --pace instant", &[("TERM", "dumb")]),
    ] {
        let plain = on_a_terminal(arguments, k2().envs(variables.iter().copied()), "").1;
        assert!(!plain.contains('\u{1b}') && plain.contains("That was a whole payment."), "{arguments}: {plain}");
    }
}
