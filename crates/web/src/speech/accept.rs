//! The `Accept` header, as far as formats of ours go.

use super::Format;

/// The format a header asks for when the path does not say.
///
/// JSON unless another is preferred explicitly: its quality must lie strictly above that of JSON and of
/// `*/*` (rules of the door 2), and of HTML: a browser lists XML at 0.9 and `*/*` at 0.8, and gets JSON.
pub(crate) fn preferred(accept: &str) -> Format {
    let mut wanted = Qualities::default();
    for range in accept.split(',').take(RANGES) {
        let (media, quality) = read(range);
        if let Some(slot) = wanted.slot(media) {
            *slot = (*slot).max(quality);
        }
    }
    let rivals = wanted.json.max(wanted.any);
    if wanted.xml > rivals && wanted.xml >= wanted.csv {
        Format::Xml
    } else if wanted.csv > rivals {
        Format::Csv
    } else {
        Format::Json
    }
}

/// Media ranges read; a longer list is cut.
const RANGES: usize = 32;

/// Thousandths, 0 when the format was not named.
#[derive(Default)]
struct Qualities {
    json: u16,
    xml: u16,
    csv: u16,
    /// `*/*`, `application/*`, and HTML.
    any: u16,
}

impl Qualities {
    fn slot(&mut self, media: &str) -> Option<&mut u16> {
        let is = |name: &str| media.eq_ignore_ascii_case(name);
        if is("application/json") {
            Some(&mut self.json)
        } else if is("application/xml") || is("text/xml") {
            Some(&mut self.xml)
        } else if is("text/csv") || is("application/csv") {
            Some(&mut self.csv)
        } else if is("*/*") || is("application/*") || is("text/html") {
            Some(&mut self.any)
        } else {
            None
        }
    }
}

/// One media range and its quality in thousandths; a quality that cannot be read counts as 1.
fn read(range: &str) -> (&str, u16) {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let quality = parts
        .filter_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")))
        .next()
        .map_or(1000, thousandths);
    (media, quality)
}

fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.trim() != "0" {
        return 1000;
    }
    let digits = fraction.bytes().map(|byte| u16::from(byte.saturating_sub(b'0').min(9)));
    digits.zip([100, 10, 1]).map(|(digit, place)| digit * place).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn xml_only_when_it_is_preferred_explicitly() {
        for (accept, format) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("application/json", Format::Json),
            ("application/xml", Format::Xml),
            ("text/xml", Format::Xml),
            ("application/xml, application/json", Format::Json),
            ("application/json;q=0.5, application/xml", Format::Xml),
            ("application/json;q=0.5, application/xml;q=0.4", Format::Json),
            ("application/xml;q=0", Format::Json),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", Format::Json),
            ("text/html,application/xml,*/*", Format::Json),
            ("text/csv", Format::Csv),
            ("text/csv, application/xml;q=0.9", Format::Csv),
            ("application/xml;q=abc", Format::Xml),
            ("garbage,;;;q=,,", Format::Json),
        ] {
            assert_eq!(preferred(accept), format, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read(accept in "\\PC{0,200}") {
            let _ = preferred(&accept);
        }
    }
}
