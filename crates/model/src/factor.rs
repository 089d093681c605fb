//! Second factors: what a user proves beside a password.

/// How far a user is with a second factor: DHIS2's `twoFactorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TwoFactorType {
    /// A password is all there is.
    #[default]
    NotEnabled,
    /// An authenticator app was given a seed and has not shown a code yet.
    EnrollingTotp,
    /// Signing in takes a code of an authenticator app.
    TotpEnabled,
    /// A code was mailed and has not come back yet.
    EnrollingEmail,
    /// Signing in takes a code that is mailed.
    EmailEnabled,
}

impl TwoFactorType {
    const EVERY: [Self; 5] =
        [Self::NotEnabled, Self::EnrollingTotp, Self::TotpEnabled, Self::EnrollingEmail, Self::EmailEnabled];

    /// DHIS2's name of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotEnabled => "NOT_ENABLED",
            Self::EnrollingTotp => "ENROLLING_TOTP",
            Self::TotpEnabled => "TOTP_ENABLED",
            Self::EnrollingEmail => "ENROLLING_EMAIL",
            Self::EmailEnabled => "EMAIL_ENABLED",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|state| state.as_str() == name)
    }

    /// Does signing in take a code?
    #[must_use]
    pub const fn is_enabled(self) -> bool {
        matches!(self, Self::TotpEnabled | Self::EmailEnabled)
    }

    /// Is a first code waited for?
    #[must_use]
    pub const fn is_enrolling(self) -> bool {
        matches!(self, Self::EnrollingTotp | Self::EnrollingEmail)
    }

    /// What it becomes once a first code of this kind was right; none where none of it is waited for.
    #[must_use]
    pub const fn confirmed_by(self, factor: Factor) -> Option<Self> {
        match (self, factor) {
            (Self::EnrollingTotp, Factor::Totp) => Some(Self::TotpEnabled),
            (Self::EnrollingEmail, Factor::Email) => Some(Self::EmailEnabled),
            _ => None,
        }
    }
}

/// What proved a user beside the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// A code of an authenticator app.
    Totp,
    /// A code that was mailed.
    Email,
    /// One of the codes kept for the day the factor is lost.
    Recovery,
    /// A passkey that stays in the device it was made in.
    Passkey,
    /// A passkey that its owner's devices may share.
    SharedPasskey,
}

impl Factor {
    const EVERY: [Self; 5] = [Self::Totp, Self::Email, Self::Recovery, Self::Passkey, Self::SharedPasskey];

    /// Its name in the database and in the audit trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "email",
            Self::Recovery => "recovery",
            Self::Passkey => "passkey",
            Self::SharedPasskey => "shared_passkey",
        }
    }

    /// How it proves who somebody is, in the words of RFC 8176.
    #[must_use]
    pub const fn ways(self) -> &'static [&'static str] {
        match self {
            Self::Totp | Self::Email | Self::Recovery => &["otp"],
            // Nobody vouches for the hardware; but only a key in one cannot be copied.
            Self::Passkey => &["hwk", "user"],
            Self::SharedPasskey => &["swk", "user"],
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|factor| factor.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_only_enrolling_is_confirmed() {
        for state in TwoFactorType::EVERY {
            assert_eq!(TwoFactorType::from_name(state.as_str()), Some(state));
            let confirmed: Vec<_> =
                Factor::EVERY.into_iter().filter_map(|by| state.confirmed_by(by)).collect();
            assert_eq!(confirmed.len(), usize::from(state.is_enrolling()));
            assert!(
                confirmed.iter().all(|next| next.is_enabled())
                    && !(state.is_enabled() && state.is_enrolling())
            );
        }
        for factor in Factor::EVERY {
            assert_eq!(Factor::from_name(factor.as_str()), Some(factor));
        }
        assert_eq!(TwoFactorType::from_name("TOTP"), None);
    }
}
