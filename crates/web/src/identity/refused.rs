//! A refusal with the user it is told of, for the trail.

use kibali_model::ObjectId;

/// Why somebody is refused, and who they would have been.
#[derive(Debug)]
pub(super) struct Refused<R> {
    /// Why.
    pub(super) refusal: R,
    /// Whose account it is, where that is known.
    pub(super) user: Option<ObjectId>,
}

impl<R> Refused<R> {
    /// Of this user, where there is one.
    pub(super) fn of(user: Option<ObjectId>) -> impl FnOnce(R) -> Self {
        move |refusal| Self { refusal, user }
    }
}

/// Before it is known whose account it is.
impl<R> From<R> for Refused<R> {
    fn from(refusal: R) -> Self {
        Self { refusal, user: None }
    }
}
