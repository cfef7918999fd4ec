//! The right word that a misspelt one was meant to be.

/// The hint for `word`, which is none of `known`: the nearest of them, or all
/// of them where none is near.
pub(super) fn hint<S: AsRef<str>>(word: &str, known: &[S]) -> String {
    if let Some(right) = nearest(word, known) {
        return format!("did you mean `{right}`?");
    }
    let known: Vec<_> = known
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    format!("known here: {}", known.join(", "))
}

/// The one of `known` that is at most a third of its letters away from `word`.
fn nearest<'a, S: AsRef<str>>(word: &str, known: &'a [S]) -> Option<&'a str> {
    // A file may hold a key of a megabyte, and the distance takes its square.
    if word.len() > 64 {
        return None;
    }
    let word = plain(word);
    known
        .iter()
        .map(AsRef::as_ref)
        .map(|name| (strsim::damerau_levenshtein(&word, &plain(name)), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_of_the_finger_and_not_more() {
        let known = ["keep_last", "keep_daily", "to", "jobs"];
        assert_eq!(hint("keep_lats", &known), "did you mean `keep_last`?");
        assert_eq!(hint("Keep-Daily", &known), "did you mean `keep_daily`?");
        assert_eq!(hint("job", &known), "did you mean `jobs`?");
        assert_eq!(
            hint("zebra", &known),
            "known here: `keep_last`, `keep_daily`, `to`, `jobs`"
        );
        assert!(hint(&"k".repeat(1 << 20), &known).starts_with("known here"));
    }
}
