//! Rows as `COPY … TO STDOUT` writes them in its text format
//! (<https://www.postgresql.org/docs/current/sql-copy.html>).

/// The values of one line, none for NULL; bytes that are no UTF-8 are replaced.
pub(super) fn row(line: &[u8]) -> Vec<Option<String>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.split(|byte| *byte == b'\t')
        .map(|field| (field != b"\\N").then(|| unescape(field)))
        .collect()
}

fn unescape(field: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b'b') => 0x08,
                Some(b'f') => 0x0c,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'v') => 0x0b,
                Some(other) => other,
                None => b'\\',
            },
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_copied_rows() {
        let row = row(b"a\\tb\\\\c\t\\N\t\t\xe9\n");
        let expected = [Some("a\tb\\c"), None, Some(""), Some("\u{fffd}")];
        assert_eq!(row, expected.map(|value| value.map(str::to_owned)));
    }
}
