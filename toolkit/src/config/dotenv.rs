//! The `.env` file, read as Compose reads it.
//!
//! The rules are those that `docker compose` 2.26 was observed to follow; the
//! table in the tests is what it made of each line. Ready-made parsers differ
//! from it in what a `#` begins, in escapes, or in `${NAME:-default}`, and a
//! password that is read differently is a wrong password. `docker-compose` 1.29
//! was seen to differ in two ways: it passes over a line that it cannot read,
//! and it fills in `${NAME}` within single quotes too, but never `$NAME`, `$$`
//! or `${NAME:+text}`.

use super::document::line_at;
use super::interpolate::{Expander, Lookup, Unset};
use crate::failure::Failure;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads the variables of the file at `path`, whose content is `bytes`, into
/// `vars`. Variables within values are taken from `outer`, the environment,
/// and else from what `vars` holds by then.
///
/// # Errors
/// `config`, with file and line, never with what the line holds: it may be
/// part of a key that was pasted without quotes.
pub(super) fn read(
    bytes: &[u8],
    path: &Path,
    outer: Lookup<'_>,
    vars: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // A comment in Latin-1 harms nobody; a value in it is refused below.
    let text = String::from_utf8_lossy(bytes);
    let is_lossy = matches!(text, std::borrow::Cow::Owned(_));
    let mut reader = Reader { rest: &text };
    let mut expander = Expander::new(Unset::Blank);
    while reader.skip_to_statement() {
        let start = text.len() - reader.rest.len();
        let fault = |message: String| {
            let line = line_at(text.as_bytes(), start);
            Failure::not_started("config", format!("{}:{line}: {message}", path.display()))
        };
        let Some(name) = reader.name().map_err(fault)? else {
            continue;
        };
        let lookup = |name: &str| outer(name).or_else(|| vars.get(name).cloned());
        let value = reader
            .value(&mut expander, &lookup)
            .map_err(|why| fault(format!("`{name}`: {why}")))?;
        if is_lossy && value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(fault(format!("the value of `{name}` is not UTF-8")));
        }
        if value.contains('\0') {
            return Err(fault(format!("the value of `{name}` holds a NUL byte")));
        }
        vars.insert(name.to_owned(), value);
    }
    Ok(())
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Passes over white space and comments; whether anything is left.
    fn skip_to_statement(&mut self) -> bool {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return !self.rest.is_empty();
            }
            self.take_line();
        }
    }

    /// The name before `=` or `:`. None for a name alone on its line, which
    /// stands for itself in the environment.
    fn name(&mut self) -> Result<Option<&'a str>, String> {
        if let Some(rest) = self.rest.strip_prefix("export")
            && rest.starts_with(is_blank)
        {
            self.rest = rest.trim_start_matches(is_blank);
        }
        let end = self.rest.find(['=', ':', '\n']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let name = name.trim_end();
        if name.contains(char::is_whitespace) {
            return Err("a name holds a space".into());
        }
        let is_foreign = |c: &char| !c.is_alphanumeric() && !"_.-[]".contains(*c);
        if let Some(foreign) = name.chars().find(is_foreign) {
            return Err(format!("a name holds {foreign:?}"));
        }
        if name.is_empty() {
            return Err("a name is missing".into());
        }
        let mut rest = rest.chars();
        let delimiter = rest.next();
        self.rest = rest.as_str();
        Ok(matches!(delimiter, Some('=' | ':')).then_some(name))
    }

    fn value(&mut self, expander: &mut Expander, lookup: Lookup<'_>) -> Result<String, String> {
        self.rest = self.rest.trim_start_matches(is_blank);
        let text = match self.rest.chars().next() {
            Some('\'') => return self.quoted('\''),
            Some('"') => unescape(&self.quoted('"')?),
            _ => {
                let line = self.take_line();
                let (value, _) = line.split_once(" #").unwrap_or((line, ""));
                value.trim_end().to_owned()
            }
        };
        expander
            .expand(&text, lookup)
            .map_err(|fault| fault.to_string())
    }

    /// What stands between two `quote`s, over several lines if need be.
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut value = String::new();
        let mut escape = false;
        for (at, character) in self.rest.char_indices().skip(1) {
            if character == quote && !escape {
                self.rest = &self.rest[at + quote.len_utf8()..];
                return Ok(value);
            }
            if escape && character != quote {
                value.push('\\');
            }
            escape = character == '\\' && !escape;
            if !escape {
                value.push(character);
            }
        }
        Err("the closing quote is missing".into())
    }

    fn take_line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        line
    }
}

/// White space within a line.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    )
}

/// The escapes within double quotes. `\$` becomes `$$`, which is a plain `$`
/// once variables are filled in; an escape that is unknown stays as it is.
fn unescape(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        unescaped.push_str(before);
        let mut following = after.chars();
        let plain = match following.next() {
            Some('a') => "\u{7}",
            Some('b') => "\u{8}",
            Some('f') => "\u{c}",
            Some('n') => "\n",
            Some('r') => "\r",
            Some('t') => "\t",
            Some('v') => "\u{b}",
            Some('"') => "\"",
            Some('\\') => "\\",
            Some('$') => "$$",
            Some('0') => {
                rest = octal(following.as_str(), &mut unescaped);
                continue;
            }
            _ => {
                unescaped.push('\\');
                rest = after;
                continue;
            }
        };
        unescaped.push_str(plain);
        rest = following.as_str();
    }
    unescaped.push_str(rest);
    unescaped
}

/// `\0` and three octal digits are the character of that number. Compose drops
/// the `0` where other digits follow, and so does this.
fn octal<'a>(text: &'a str, unescaped: &mut String) -> &'a str {
    let digits = text.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(digits);
    match u8::from_str_radix(digits, 8) {
        Ok(number) if digits.len() == 3 => unescaped.push(char::from(number)),
        _ => {
            unescaped.push('\\');
            unescaped.push_str(digits);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<String, String> {
        let mut vars = BTreeMap::new();
        let outer = |name: &str| (name == "P").then(|| "proc".to_owned());
        match read(bytes, Path::new(".env"), &outer, &mut vars) {
            Ok(()) => Ok(vars.iter().fold(String::new(), |read, (name, value)| {
                read + name + "=" + value + ";"
            })),
            Err(failure) => Err(failure.message),
        }
    }

    /// Each file with what `docker compose config` 2.26 read from it.
    #[test]
    fn reads_what_compose_reads() {
        let cases: &[(&[u8], &str)] = &[
            (b"\xef\xbb\xbfA=1\r\nB='x'\r\nC=\"y\"\r\n", "A=1;B=x;C=y;"),
            (
                b"A=x # c\nB=x#c\nC=#c\nD= #c\nE=\n",
                "A=x;B=x#c;C=#c;D=#c;E=;",
            ),
            (b"A='x' # c\nB=\"x\"\t# c\nC='x'#c\n", "A=x;B=x;C=x;"),
            (b"A=x\t# c\n", "A=x\t# c;"),
            (b"A='x'y\nB=2\n", "A=x;B=2;"),
            (b"A='x' B=2\nC=3\n", "A=x;B=2;C=3;"),
            (b"A=x y  z \nB=  y  \n", "A=x y  z;B=y;"),
            (b"A='l1\nl2'\nB=\"m1\nm2\"\nC=3", "A=l1\nl2;B=m1\nm2;C=3;"),
            (b"A=\"a\r\nb\"\r\nB=x\r\n", "A=a\r\nb;B=x;"),
            (
                b"export A=1\nexport  \tB=2\nexportD=4\nexport=5\n",
                "A=1;B=2;export=5;exportD=4;",
            ),
            (b"export\nB=1\nexport A\n", "B=1;"),
            (b"A = 1\nB : 2\nC: 3\n", "A=1;B=2;C=3;"),
            (b"A==x\nB=a=b\nC:=x\n", "A==x;B=a=b;C==x;"),
            (b"  A=1\n\tB=2\n\n\n#C=3\n  # D=4\n", "A=1;B=2;"),
            (b"A=\n\nB=\n#c\nC=3\n", "A=;B=;C=3;"),
            (b"A.B-C[0]=x\n1A=2\n", "1A=2;A.B-C[0]=x;"),
            (b"A=1\nA=2\n", "A=2;"),
            (b"FOO\nA=1\n", "A=1;"),
            (
                b"A=$B|${B}\nB=2\nC=${B}-$B-${X:-d}-${B:+p}|$$|$\n",
                "A=|;B=2;C=2-2-d-p|$|$;",
            ),
            (b"A=a$\nB=p$4w0\nC=pa$$w\n", "A=a$;B=p$4w0;C=pa$w;"),
            (b"A=${A:-x}\nA=${A:-y}z\n", "A=xz;"),
            (b"P=1\nB=$P\n", "B=proc;P=1;"),
            (b"A='$P ${P} \\n'\n", "A=$P ${P} \\n;"),
            (b"A=\"x$P\"\nB=\"\\$P\\\\$P\"\n", "A=xproc;B=$P\\proc;"),
            (
                b"A=\"a\\nb\\tc\\\"d\\\\e\\$f\\qg\\rh\"\n",
                "A=a\nb\tc\"d\\e$f\\qg\rh;",
            ),
            (
                b"A=\"\\a|\\b|\\c|\\f|\\v|\\0|\\0101|\\012|\\01234|\\x41|\\'\"\n",
                "A=\x07|\x08|\\c|\x0c|\x0b|\\|A|\\12|S4|\\x41|\\';",
            ),
            (
                b"A=\"\\0777|\\0200|\\08|\\0778\"",
                "A=\\777|\u{80}|\\8|\\778;",
            ),
            (b"A='a\\'b'\nB='a\\\\'\n", "A=a'b;B=a\\\\;"),
            (b"A=\"a\\\\\"\nB=\"a\\\\nb\"\n", "A=a\\;B=a\\nb;"),
            (b"A=a\\nb\nB=x \\\n", "A=a\\nb;B=x \\;"),
            (b"A=\"x \\\n y\"\n", "A=x \\\n y;"),
            (b"A='a\"b'\nB=\"'x'\"\nC=x'y\"z\n", "A=a\"b;B='x';C=x'y\"z;"),
            (b"A=''\nB=\"\"\n", "A=;B=;"),
            (
                b"A=pa#ss\nB=pa #ss\nC=\"pa #ss\"\nD='pa #ss'\n",
                "A=pa#ss;B=pa;C=pa #ss;D=pa #ss;",
            ),
            (b"A=`x`\nB=$(echo 1)\n", "A=`x`;B=$(echo 1);"),
            ("A=\u{a0}été\u{a0}\né=2\n".as_bytes(), "A=été;é=2;"),
            (b"# \xe9\nB=2\n", "B=2;"),
            (b"A=1\rB=2\r", "A=1\rB=2;"),
            (b"#", ""),
            (b"\xef\xbb\xbf", ""),
        ];
        for (bytes, expected) in cases {
            let file = String::from_utf8_lossy(bytes);
            assert_eq!(parse(bytes).as_deref(), Ok(*expected), "{file:?}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_not_quoted() {
        for (bytes, expected) in [
            (
                &b"A=1\nB=\"hunter2\nC=3\n"[..],
                ".env:2: `B`: the closing quote is missing",
            ),
            (
                b"A=\"l1\nl2\"\n\nB X=hunter2\n",
                ".env:4: a name holds a space",
            ),
            (b"FOO BAR\n", ".env:1: a name holds a space"),
            (b"A/B=x\n", ".env:1: a name holds '/'"),
            (b"\n=2\n", ".env:2: a name is missing"),
            (
                b"A=${hunter2\n",
                ".env:1: `A`: `${` begins no variable that can be read",
            ),
            (
                b"\nA=${X:?needed}\n",
                ".env:2: `A`: `X` must be set: needed",
            ),
            (b"A='''x'''\n", ".env:1: a name holds '\\''"),
            (b"A=hunter\xff\n", ".env:1: the value of `A` is not UTF-8"),
            (
                b"A=hunter\x002\n",
                ".env:1: the value of `A` holds a NUL byte",
            ),
        ] {
            assert_eq!(parse(bytes), Err(expected.into()));
        }
    }

    #[test]
    fn values_that_double_on_each_line_end_in_an_error() {
        let doubling = "A=$A$A\n".repeat(64);
        let error = parse(format!("A=x\n{doubling}").as_bytes()).unwrap_err();
        assert!(
            error.ends_with("variables grow to more than 4 MiB"),
            "{error}"
        );
    }
}
