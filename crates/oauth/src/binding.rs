//! A client that acts as a user (rules of the door 4).

use kibali_model::Authorities;

use crate::OAuthError;

/// Somebody on whose standing a binding rests, as far as it counts now.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The account is there and may be used.
    pub open: bool,
    /// What their roles give.
    pub authorities: &'a Authorities,
}

/// May the client have a token as `user`, whom `binder` bound it to? Whoever bound it must still have every
/// authority of the user, or `ALL`: nobody keeps through a client what was taken from them.
///
/// # Errors
/// [`OAuthError::NotBound`] where there is no such user, [`OAuthError::BindingLapsed`].
pub fn act_as(user: Option<Standing<'_>>, binder: Option<Standing<'_>>) -> Result<(), OAuthError> {
    let user = user.filter(|user| user.open).ok_or(OAuthError::NotBound)?;
    let covers = binder.is_some_and(|binder| binder.open && binder.authorities.includes(user.authorities));
    if covers { Ok(()) } else { Err(OAuthError::BindingLapsed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_stands_as_long_as_whoever_made_it_has_as_much() {
        let of = |names: &[&str]| Authorities::from_iter(names.iter().map(|name| (*name).to_owned()));
        let (small, large, all) = (of(&["A"]), of(&["A", "B"]), of(&["ALL"]));
        let open = |authorities| Some(Standing { open: true, authorities });
        let closed = |authorities| Some(Standing { open: false, authorities });
        for (user, binder, expected) in [
            (open(&small), open(&large), Ok(())),
            (open(&small), open(&small), Ok(())),
            (open(&large), open(&all), Ok(())),
            (open(&all), open(&all), Ok(())),
            (open(&large), open(&small), Err(OAuthError::BindingLapsed)),
            (open(&all), open(&large), Err(OAuthError::BindingLapsed)),
            (open(&small), closed(&all), Err(OAuthError::BindingLapsed)),
            (open(&small), None, Err(OAuthError::BindingLapsed)),
            (closed(&small), open(&all), Err(OAuthError::NotBound)),
            (None, open(&all), Err(OAuthError::NotBound)),
        ] {
            assert_eq!(act_as(user, binder), expected);
        }
    }
}
