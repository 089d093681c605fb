//! Parameters of a request, from query and body together (rules of the door 2).

use crate::OAuthError;

/// The parameters as sent, in order.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads sources in `application/x-www-form-urlencoded`: the query, the body. Any text is readable.
    #[must_use]
    pub fn read<'a>(sources: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let pairs = sources.into_iter().flat_map(url::form_urlencoded::parse);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The value of a parameter. One without a value counts as not sent (RFC 6749 section 3.2); equal
    /// repeats count once.
    ///
    /// # Errors
    /// [`OAuthError::Repeated`] when it was sent with different values.
    pub fn get(&self, name: &'static str) -> Result<Option<&str>, OAuthError> {
        let mut values = self.0.iter().filter(|(key, value)| key == name && !value.is_empty());
        let Some((_, value)) = values.next() else { return Ok(None) };
        if values.any(|(_, other)| other != value) {
            return Err(OAuthError::Repeated(name));
        }
        Ok(Some(value))
    }

    /// Every value of a parameter that may stand there more than once.
    pub fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The parameters with those called `from` in the place of those called `to`.
    #[must_use]
    pub fn replaced(&self, to: &str, from: &str) -> Self {
        let kept = self.0.iter().filter(|(name, _)| name != to);
        Self(
            kept.map(|(name, value)| (if name == from { to } else { name }.to_owned(), value.clone()))
                .collect(),
        )
    }

    /// The parameters but those named, as a form again.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> String {
        let kept = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// [`OAuthError::Missing`], or as [`Parameters::get`].
    pub fn require(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.get(name)?.ok_or(OAuthError::Missing(name))
    }
}

impl std::fmt::Debug for Parameters {
    /// Names only: values may be passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(query: &str, body: &str) -> Parameters {
        Parameters::read([query.as_bytes(), body.as_bytes()])
    }

    #[test]
    fn query_and_body_are_one_and_equal_repeats_count_once() {
        let both = read("grant_type=password&username=a%40b", "password=x+y&grant_type=password");
        assert_eq!(both.get("grant_type"), Ok(Some("password")));
        assert_eq!(both.get("username"), Ok(Some("a@b")));
        assert_eq!(both.get("password"), Ok(Some("x y")));
        assert_eq!(both.get("scope"), Ok(None));
        assert_eq!(read("a=1", "a=2").get("a"), Err(OAuthError::Repeated("a")));
        assert_eq!(read("scope=", "").get("scope"), Ok(None));
        assert_eq!(read("scope=&scope=ALL", "").get("scope"), Ok(Some("ALL")));
        assert_eq!(read("", "").require("code"), Err(OAuthError::Missing("code")));
    }

    #[test]
    fn one_name_takes_the_place_of_another() {
        let form = read("scope=a&scope=b&asked=a+b&x=1", "").replaced("scope", "asked");
        assert_eq!(
            (form.get("scope"), form.get("asked"), form.get("x")),
            (Ok(Some("a b")), Ok(None), Ok(Some("1")))
        );
        assert_eq!(read("scope=a", "").replaced("scope", "asked").get("scope"), Ok(None));
    }

    #[test]
    fn values_are_not_shown() {
        assert_eq!(format!("{:?}", read("password=district", "")), "[\"password\"]");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _ = Parameters::read([bytes.as_slice()]).get("grant_type");
        }
    }
}
