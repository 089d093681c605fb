//! How far one word is from another.

/// Letters to change, add or take away to make one word of the other (Levenshtein).
pub(super) fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, a) in from.chars().enumerate() {
        let mut left = line + 1;
        let mut next = vec![left];
        for (b, pair) in to.chars().zip(row.windows(2)) {
            if let [diagonal, above] = *pair {
                left = (left + 1).min(above + 1).min(diagonal + usize::from(a != b));
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
