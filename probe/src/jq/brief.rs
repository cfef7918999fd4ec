//! Expressions whose steps are small: paths, comparisons, and what takes no longer
//! than a value is large.
//!
//! There may still be many, as in `[.[] == .[]]`: they end at the deadline, between
//! two of them. What can take long within one step (`"a" * 1e9`, `.[f][g]` with
//! all that `f` and `g` give, regular expressions) is not taken, nor what repeats
//! itself.

use jaq_core::load::lex::{StrPart, Tok, Token};

/// The most tokens: what is nested takes stack.
const MOST: usize = 40;
/// The filters and operators that are words.
const WORDS: [&str; 15] = [
    "all", "and", "any", "empty", "false", "has", "keys", "length", "map", "not", "null", "or",
    "select", "true", "type",
];
/// The operators after which something new begins.
const OPERATORS: [&str; 10] = ["|", ",", "==", "!=", "<", "<=", ">", ">=", "and", "or"];

/// Whether each step of the expression is small.
pub(super) fn is_brief(tokens: &[Token<&str>]) -> bool {
    count(tokens).is_some_and(|count| count <= MOST)
}

/// How many tokens there are; none where one of them is not taken.
fn count(tokens: &[Token<&str>]) -> Option<usize> {
    let before = std::iter::once(None).chain(tokens.iter().map(Some));
    let counts = before.zip(tokens).map(|(before, Token(text, token))| {
        let begins = before.is_none_or(|before| OPERATORS.contains(&before.0));
        match token {
            Tok::Num => Some(1),
            Tok::Word => WORDS.contains(text).then_some(1),
            Tok::Sym => is_sign(text).then_some(1),
            Tok::Str(_) => is_literal(token).then_some(1),
            Tok::Block(inner) => {
                // The last one closes it.
                let (_, inner) = inner.split_last()?;
                let is_taken = match text.as_bytes().first() {
                    Some(b'[') => begins || is_index(inner),
                    Some(b'(') => true,
                    _ => false,
                };
                is_taken.then_some(1 + count(inner)?)
            }
            Tok::Var | Tok::Fmt => None,
        }
    });
    counts.sum()
}

/// An operator, or `.` and `.key`.
fn is_sign(text: &str) -> bool {
    let is_path = text.starts_with('.') && text != "..";
    is_path || text == "?" || OPERATORS.contains(&text)
}

/// One that is written out, or all of them.
fn is_index(inner: &[Token<&str>]) -> bool {
    matches!(inner, [] | [Token(_, Tok::Num)])
        || matches!(inner, [Token(_, token)] if is_literal(token))
}

fn is_literal(token: &Tok<&str>) -> bool {
    match token {
        Tok::Str(parts) => !parts.iter().any(|part| matches!(part, StrPart::Term(_))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::jq::Jq;

    fn is_brief(text: &str) -> bool {
        Jq::compile(text).unwrap().is_brief
    }

    #[test]
    fn what_scenarios_say_of_answers_is_brief() {
        for jq in [
            "length == 3",
            r#".user.role == "ADMIN""#,
            r#".items[0]["name"] != null and (.items | length) >= 2"#,
            ".[] | select(.id == 17) | has(\"name\")",
            "[.[] | .tags[]?] | length > 0",
            "map(.n) == [1, 2, 3]",
            "all(.[] | . < 5) or (keys | any | not)",
        ] {
            assert!(is_brief(jq), "{jq}");
        }
    }

    #[test]
    fn what_may_take_long_in_one_step_is_not() {
        for jq in [
            r#""a" * 1000000000 == ."#,
            r#".a | test("(a*)*b")"#,
            "last(range(infinite))",
            "repeat(1)",
            "..",
            "any(repeat(1); .)",
            ".[.[]]?[.[]]?[.[]]? == 1",
            ".a[.[]]",
            "(.)[.[]]",
            ".[0:1000]",
            r#""\(..)" == """#,
            ". as $x | $x",
            "{a: .b} == .",
            ".a |= 1",
            "@json == .",
        ] {
            assert!(!is_brief(jq), "{jq}");
        }
        assert!(is_brief(&vec!["."; 20].join("|")));
        assert!(!is_brief(&vec!["."; 21].join("|")));
    }
}
