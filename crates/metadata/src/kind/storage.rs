//! Where the values of properties live.

use super::{EdgeNumber, OnDelete};

/// Where the values of a property live (rules of the metadata 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// A column of `object`.
    Column(Column),
    /// The object's JSON document, under the JSON name.
    Document,
    /// The typed side table of users.
    Account(AccountColumn),
    /// The typed side table of clients.
    Client(ClientColumn),
    /// Rows of `reference`: this object is the source.
    Edge {
        /// The edge's number.
        edge: EdgeNumber,
        /// What deleting the target does.
        on_delete: OnDelete,
    },
    /// Rows of `reference`: this object is the target; the edge is declared at its source.
    Inverse(EdgeNumber),
    /// An embedded collection or object; its scalars in the document, its references as edges of their
    /// own, one for each inner property of type reference (`Storage::Edge` there).
    Embedded,
    /// The embedded objects of another kind in which this object is the target of that inner edge:
    /// `dataElement.dataSetElements`.
    EmbeddedInverse(EdgeNumber),
    /// Inside an embedded object: the object that holds it. Checked on input, computed on output.
    Container,
    /// The `sharing` table and columns.
    Sharing,
    /// The `translation` table.
    Translations,
    /// The `attribute_value` table.
    AttributeValues,
    /// The `tree` table: `path` or `level`.
    Tree(TreeColumn),
    /// Computed on output.
    Computed(Computed),
    /// Taken on input, handed to `crypto`, never in a document and never projected.
    Secret,
}

/// Columns of `object`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// `uid`, JSON `id`.
    Uid,
    /// `code`.
    Code,
    /// `name`.
    Name,
    /// `created`.
    Created,
    /// `updated`, JSON `lastUpdated`.
    Updated,
    /// `created_by`, JSON `createdBy` (and its old name `user`): a uid, no edge.
    CreatedBy,
    /// `updated_by`, JSON `lastUpdatedBy`: a uid, no edge.
    UpdatedBy,
}

/// Columns of `account`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountColumn {
    /// `username`.
    Username,
    /// `disabled`.
    Disabled,
    /// `expiry`, JSON `accountExpiry`.
    Expiry,
    /// `external_auth`, JSON `externalAuth`.
    ExternalAuth,
    /// `two_factor`, JSON `twoFactorEnabled` and `twoFA`.
    TwoFactor,
    /// `two_factor_type`.
    TwoFactorType,
    /// `last_login`, JSON `lastLogin`.
    LastLogin,
    /// `password_updated`, JSON `passwordLastUpdated`.
    PasswordUpdated,
}

/// Columns of `client`. The form of a value is that of the property that shows it: a list, or a text with commas
/// between (`crate::client`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientColumn {
    /// `client_id`, JSON `cid` or `clientId`.
    ClientId,
    /// `profile`.
    Profile,
    /// `authentication`, JSON `clientAuthenticationMethods`.
    Authentication,
    /// `grant_types`, JSON `grantTypes` or `authorizationGrantTypes`.
    GrantTypes,
    /// `redirect_uris`, JSON `redirectUris`.
    RedirectUris,
    /// `post_logout_redirect_uris`, JSON `postLogoutRedirectUris`.
    PostLogoutRedirectUris,
    /// `scopes`.
    Scopes,
    /// The columns of `clientSettings`.
    Settings,
    /// The columns of `tokenSettings`.
    Tokens,
    /// `secret_expires`, JSON `clientSecretExpiresAt`.
    SecretExpires,
    /// `takes_otp`, JSON `takesOtp`.
    TakesOtp,
    /// `exchanges_for`, a JSON list in one column, JSON `exchangesFor`.
    ExchangesFor,
    /// `logout_uri`, JSON `backchannelLogoutUri`.
    LogoutUri,
    /// `logout_session`, JSON `backchannelLogoutSessionRequired`.
    LogoutSession,
}

impl ClientColumn {
    /// Does it hold several names?
    #[must_use]
    pub const fn is_list(self) -> bool {
        matches!(
            self,
            Self::Authentication
                | Self::GrantTypes
                | Self::RedirectUris
                | Self::PostLogoutRedirectUris
                | Self::Scopes
        )
    }
}

/// Columns of `tree`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TreeColumn {
    /// `path`, `/uid/uid`.
    Path,
    /// `level`, 1 at the root.
    Level,
}

/// Values made on output. The list is closed, as [`Rule`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Computed {
    /// The translation of the named property, or its base value.
    Display(&'static str),
    /// As [`Computed::Display`] of the first property, and where that has no value either, of the second:
    /// `displayFormName` falls back to the name.
    DisplayOr(&'static str, &'static str),
    /// Absolute address of the object.
    Href,
    /// What the caller may do (web-api reference 3.6).
    Access,
    /// Always false: favourites are not kept.
    Favorite,
    /// Always an empty list: what kinds that are not described yet would show of themselves here.
    EmptyList,
    /// The property of the same object that this one repeats under an older name.
    Alias(&'static str),
    /// `firstName` and `surname` with a space between: a user's `name`.
    FullName,
    /// The old `userCredentials` block: a view of the same user.
    UserCredentials,
    /// The ancestors of an organisation unit, root first.
    Ancestors,
    /// Has it no children?
    Leaf,
    /// Is it one of the kind's defaults?
    IsDefault,
    /// The kinds an attribute may be assigned to, as `DATA_ELEMENT`: one for each `…Attribute` that is true.
    ObjectTypes,
    /// Is the named reference present?
    IsPresent(&'static str),
    /// The names of the options, joined by `, `: an option combo's name.
    OptionNames,
    /// A constant text, such as `dimensionItemType`.
    Constant(&'static str),
}
