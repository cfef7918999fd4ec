//! What an expression compares: `.status` of `.status == "ok"`. Its value says
//! more than that the whole is `false`.

use jaq_core::load::lex::{StrPart, Tok, Token};

/// The operators that compare.
const COMPARE: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
/// What binds less tightly than these, save `|`: the text before an operator is
/// then not all that it compares.
const LOOSER: [&str; 5] = ["and", "or", "//", ",", "="];

/// The text before the one comparison that an expression ends with.
pub(super) fn compared<'a>(text: &'a str, tokens: &[Token<&'a str>]) -> Option<&'a str> {
    let after_pipe = tokens.iter().rposition(|token| token.0 == "|");
    let last = tokens.get(after_pipe.map_or(0, |at| at + 1)..)?;
    let mut operators = last.iter().filter(|token| COMPARE.contains(&token.0));
    let operator = operators.next()?;
    let is_simple = !last
        .iter()
        .any(|token| LOOSER.contains(&token.0) || is_word(token));
    if operators.next().is_some() || !is_simple {
        return None;
    }
    let at = operator.0.as_ptr() as usize - text.as_ptr() as usize;
    Some(text.get(..at)?.trim()).filter(|left| !left.is_empty())
}

/// Whether it begins something with parts of its own.
fn is_word(token: &Token<&str>) -> bool {
    matches!(
        token.0,
        "if" | "try" | "reduce" | "foreach" | "label" | "as"
    )
}

/// Whether there is a `def` among the tokens.
pub(super) fn defines(tokens: &[Token<&str>]) -> bool {
    tokens.iter().any(|Token(text, token)| match token {
        Tok::Word => *text == "def",
        Tok::Block(inner) => defines(inner),
        Tok::Str(parts) => parts.iter().any(|part| match part {
            StrPart::Term(inner) => defines(std::slice::from_ref(inner)),
            _ => false,
        }),
        _ => false,
    })
}
