//! The words of a `sh -c` script, with its variables filled in.
//!
//! Only what start commands of containers use: quotes, `$NAME`, `${NAME}`,
//! `${NAME:-default}`, `$(cat FILE)`, and commands one after another. No shell
//! is run: the script belongs to a container.

use std::iter::Peekable;
use std::str::Chars;

/// What a script's expansions stand for.
pub(super) trait Scope {
    /// The value of a variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// The content of a file.
    fn file(&self, path: &str) -> Option<String>;
}

/// The words of one command line that has no variables, as Compose splits it.
/// An unclosed quote is taken as if it were closed at the end.
pub(super) fn split(line: &str) -> Vec<String> {
    shell_words::split(line)
        .unwrap_or_else(|_| line.split_whitespace().map(str::to_owned).collect())
}

/// The commands that `argv` runs, each as words: the script's when it is a
/// `sh -c`, behind whatever entrypoint, else `argv` itself.
pub(super) fn commands(argv: &[String], scope: &dyn Scope) -> Vec<Vec<String>> {
    for (at, word) in argv.iter().enumerate() {
        let shell = matches!(basename(word), "sh" | "ash" | "bash" | "dash");
        let flag = argv.get(at + 1).is_some_and(|flag| is_command_flag(flag));
        if let (true, true, Some(script)) = (shell, flag, argv.get(at + 2)) {
            return Script::of(script, scope).read();
        }
    }
    vec![argv.to_vec()]
}

/// `-c`, also as in `-ec`.
fn is_command_flag(flag: &str) -> bool {
    flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c')
}

/// The last component of a program's path.
pub(super) fn basename(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

struct Script<'a> {
    rest: Peekable<Chars<'a>>,
    scope: &'a dyn Scope,
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    /// The word being read; an empty one may have been written as `''`.
    word: Option<String>,
}

impl<'a> Script<'a> {
    fn of(script: &'a str, scope: &'a dyn Scope) -> Self {
        Self {
            rest: script.chars().peekable(),
            scope,
            commands: Vec::new(),
            words: Vec::new(),
            word: None,
        }
    }

    fn read(mut self) -> Vec<Vec<String>> {
        while let Some(character) = self.rest.next() {
            match character {
                ' ' | '\t' => self.end_word(),
                '\n' | ';' | '&' | '|' | '(' | ')' => self.end_command(),
                '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
                '\'' => {
                    let text = self.until('\'');
                    self.push(&text);
                }
                '"' => self.double_quoted(),
                '\\' => self.escaped(),
                '$' => {
                    let value = self.expansion();
                    self.unquoted(&value);
                }
                other => self.push(other.encode_utf8(&mut [0; 4])),
            }
        }
        self.end_command();
        self.commands
    }

    fn double_quoted(&mut self) {
        self.push("");
        while let Some(character) = self.rest.next() {
            match character {
                '"' => return,
                '\\' => match self.rest.next_if(|c| matches!(c, '"' | '\\' | '$' | '`')) {
                    Some(escaped) => self.push(escaped.encode_utf8(&mut [0; 4])),
                    None => self.push("\\"),
                },
                '$' => {
                    let value = self.expansion();
                    self.push(&value);
                }
                other => self.push(other.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn escaped(&mut self) {
        match self.rest.next() {
            // A backslash at a line's end joins it to the next.
            None | Some('\n') => {}
            Some(character) => self.push(character.encode_utf8(&mut [0; 4])),
        }
    }

    /// What stands for the text behind a dollar.
    fn expansion(&mut self) -> String {
        match self.rest.peek() {
            Some('{') => {
                self.rest.next();
                let inner = self.until('}');
                self.parameter(&inner)
            }
            Some('(') => {
                self.rest.next();
                let inner = self.until(')');
                self.substitution(&inner)
            }
            _ => {
                let mut name = String::new();
                while let Some(c) = self
                    .rest
                    .next_if(|c| *c == '_' || c.is_ascii_alphanumeric())
                {
                    name.push(c);
                }
                if name.is_empty() {
                    "$".to_owned()
                } else {
                    self.scope.variable(&name).unwrap_or_default()
                }
            }
        }
    }

    fn parameter(&self, inner: &str) -> String {
        let end = inner.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
        let (name, operator) = inner.split_at(end.unwrap_or(inner.len()));
        let value = self.scope.variable(name);
        if let Some(default) = operator.strip_prefix(":-") {
            return value
                .filter(|value| !value.is_empty())
                .unwrap_or_else(|| default.to_owned());
        }
        let default = operator.strip_prefix('-').unwrap_or_default();
        value.unwrap_or_else(|| default.to_owned())
    }

    fn substitution(&self, inner: &str) -> String {
        let words = split(inner);
        let path = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["cat" | "<", path] => Some(path),
            [word] => word.strip_prefix('<'),
            _ => None,
        };
        let content = path.and_then(|path| self.scope.file(path));
        content
            .unwrap_or_default()
            .trim_end_matches('\n')
            .to_owned()
    }

    /// A value without quotes falls into words at its blanks.
    fn unquoted(&mut self, value: &str) {
        let mut parts = value.split_whitespace();
        if value.starts_with(char::is_whitespace) {
            self.end_word();
        }
        if let Some(first) = parts.next() {
            self.push(first);
        }
        for part in parts {
            self.end_word();
            self.push(part);
        }
        if value.ends_with(char::is_whitespace) {
            self.end_word();
        }
    }

    fn until(&mut self, end: char) -> String {
        let mut text = String::new();
        for character in self.rest.by_ref() {
            if character == end {
                break;
            }
            text.push(character);
        }
        text
    }

    fn push(&mut self, text: &str) {
        self.word.get_or_insert_default().push_str(text);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Scope for Fixed {
        fn variable(&self, name: &str) -> Option<String> {
            match name {
                "PW" => Some("p w$x".into()),
                "ARGS" => Some("--port 7000".into()),
                "EMPTY" => Some(String::new()),
                _ => None,
            }
        }

        fn file(&self, path: &str) -> Option<String> {
            (path == "/run/secrets/pw").then(|| "from file\n".into())
        }
    }

    fn words(script: &str) -> Vec<Vec<String>> {
        commands(
            &["docker-entrypoint.sh", "sh", "-c", script].map(str::to_owned),
            &Fixed,
        )
    }

    #[test]
    fn fills_in_as_a_shell_does() {
        for (script, expected) in [
            (
                "redis-server --requirepass \"$PW\"",
                vec!["redis-server", "--requirepass", "p w$x"],
            ),
            ("x ${PW}", vec!["x", "p", "w$x"]),
            ("x '$PW' \\$PW \"\\$PW\"", vec!["x", "$PW", "$PW", "$PW"]),
            (
                "x $ARGS --save ''",
                vec!["x", "--port", "7000", "--save", ""],
            ),
            (
                "x ${NONE:-d} ${EMPTY:-e} \"${EMPTY-f}\" ${NONE-g}",
                vec!["x", "d", "e", "", "g"],
            ),
            (
                "x \"$(cat /run/secrets/pw)\" \"$(< /run/secrets/pw)\"",
                vec!["x", "from file", "from file"],
            ),
            ("x \\\n  y # z", vec!["x", "y"]),
            ("a$PW-b", vec!["ap", "w$x-b"]),
        ] {
            assert_eq!(words(script), [expected], "{script}");
        }
    }

    #[test]
    fn tells_commands_apart() {
        assert_eq!(
            words("mkdir /x && exec y; z &"),
            [vec!["mkdir", "/x"], vec!["exec", "y"], vec!["z"]]
        );
        let plain = ["redis-server", "--port", "1"].map(str::to_owned);
        assert_eq!(commands(&plain, &Fixed), [plain.to_vec()]);
    }

    #[test]
    fn survives_what_is_no_script() {
        for script in [
            "", "'", "\"", "$", "${", "$(", "\\", "\"\\", "${}", "$()", "\"${", "x '",
        ] {
            let _ = words(script);
        }
    }
}
