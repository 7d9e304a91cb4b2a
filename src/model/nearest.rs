//! The nearest match for a misspelt word.

/// The candidate closest to `given`, if one is close enough to be a likely
/// typo: at most a third of the letters differ, and never more than three.
#[must_use]
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Distance is quadratic in length; nobody mistypes a word into a page.
    if given.is_empty() || given.len() > 64 {
        return None;
    }
    let given = given.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&given, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_a_typo_and_leaves_a_stranger() {
        assert_eq!(nearest("gup", ["os", "gpu", "intent"]), Some("gpu"));
        assert_eq!(
            nearest("trainign", ["training", "inference"]),
            Some("training")
        );
        assert_eq!(nearest("H10", ["h100", "a100"]), Some("h100"));
        assert_eq!(nearest("windows", ["ubuntu", "rhel", "cos"]), None);
        assert_eq!(nearest(&"x".repeat(10_000), ["gpu"]), None);
    }
}
