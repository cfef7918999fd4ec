//! What another side sent, as it may be shown.

/// `text` on one line, without what a terminal would obey, and cut after
/// `longest` characters.
pub(crate) fn printable(text: &str, longest: usize) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut chars = text.trim().chars();
    let mut line: String = chars.by_ref().take(longest).map(shown).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(printable(" 220 \x1b[2Jmail\r\n", 9), "220 \u{fffd}[2Jm…");
        assert_eq!(printable("plain\n", 5), "plain");
    }
}
