//! Rows as `psql --csv` writes them (RFC 4180, lines ended by a line feed).

/// One row: its values' bytes, none for NULL.
pub(super) type Row = Vec<Option<Vec<u8>>>;

/// The rows in `text`; an unquoted field equal to `null` is NULL.
pub(super) fn parse(text: &[u8], null: &[u8]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut row = Row::new();
        loop {
            let (value, end, after) = field(rest, null);
            row.push(value);
            rest = after;
            if end != Some(b',') {
                break;
            }
        }
        rows.push(row);
    }
    rows
}

/// The first field, the byte that ended it, and what follows that byte.
fn field<'a>(text: &'a [u8], null: &[u8]) -> (Option<Vec<u8>>, Option<u8>, &'a [u8]) {
    let Some(mut rest) = text.strip_prefix(b"\"") else {
        let (field, end, rest) = split(text);
        return ((field != null).then(|| field.to_vec()), end, rest);
    };
    let mut value = Vec::new();
    loop {
        let quote = rest.iter().position(|byte| *byte == b'"');
        value.extend_from_slice(&rest[..quote.unwrap_or(rest.len())]);
        rest = quote.map_or(&[], |at| &rest[at + 1..]);
        let Some(after) = rest.strip_prefix(b"\"") else {
            let (_, end, after) = split(rest);
            return (Some(value), end, after);
        };
        value.push(b'"');
        rest = after;
    }
}

fn split(text: &[u8]) -> (&[u8], Option<u8>, &[u8]) {
    let end = text.iter().position(|byte| matches!(byte, b',' | b'\n'));
    match end {
        Some(at) => (&text[..at], Some(text[at]), &text[at + 1..]),
        None => (text, None, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_null_from_empty_and_keeps_every_byte() {
        let text = b"1,N,,\"a,\"\"b\"\"\nc\",\xe9\n\n\"N\"\n";
        let rows = parse(text, b"N");
        let some = |bytes: &[u8]| Some(bytes.to_vec());
        assert_eq!(
            rows,
            [
                vec![
                    some(b"1"),
                    None,
                    some(b""),
                    some(b"a,\"b\"\nc"),
                    some(b"\xe9")
                ],
                vec![some(b"")],
                vec![some(b"N")],
            ]
        );
    }
}
