//! The words of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kibali_model::ApiVersion;
use kibali_web::audit::Head;

/// The OAuth2 door of DHIS2, and the Web API behind it.
#[derive(Debug, Parser)]
#[command(name = "kibali", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a server to try things on: no configuration, demonstration data
    Dev(Dev),
    /// Start the server
    Serve(Settings),
    /// The people who can sign in
    #[command(subcommand)]
    User(User),
    /// The applications that may ask for tokens
    #[command(subcommand)]
    Client(Client),
    /// The keys that tokens are signed with
    #[command(subcommand)]
    Key(Key),
    /// Import metadata from JSON files, as DHIS2 exports them
    Import(Import),
    /// Show why a call was refused, and what would allow it
    Why(Why),
    /// The trail of what happened
    #[command(subcommand)]
    Audit(Audit),
    /// Bring the database up to date ahead of a start
    Migrate(Settings),
}

/// `kibali user`.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make a user; the password is asked for, or read from standard input
    Add(UserAdd),
    /// Show every user
    List(Settings),
    /// Give a user a new password, and end every session and token of that user
    Password(Named),
    /// Take away a second factor that was lost: every session ends, and what was obtained with it
    ResetFactor(Named),
    /// Switch a user off: every session and token is refused from now on
    Disable(Named),
    /// Switch a user on again
    Enable(Named),
}

/// `kibali user add`.
#[derive(Debug, Args)]
pub(crate) struct UserAdd {
    /// The name to sign in with
    pub(crate) username: String,
    /// May do everything
    #[arg(long, conflicts_with = "role")]
    pub(crate) superuser: bool,
    /// A role, by name, code or identifier; more than once for more
    #[arg(long, value_name = "ROLE", required_unless_present = "superuser")]
    pub(crate) role: Vec<String>,
    /// First name
    #[arg(long, value_name = "NAME")]
    pub(crate) first_name: Option<String>,
    /// Surname
    #[arg(long, value_name = "NAME")]
    pub(crate) surname: Option<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// Somebody or something by name.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The user name, or the client ID
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// `kibali client`.
#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// Register a client and show its secret, this once
    Add(Box<ClientAdd>),
    /// Make an initial access token, by which somebody else registers a client at /connect/register
    Invite(ClientInvite),
    /// Show the initial access tokens that work
    Invitations(Settings),
    /// Take back an initial access token: no client registers with it from now on
    Uninvite(ClientUninvite),
    /// Show every client
    List(Settings),
    /// Make a new secret for a client and show it, this once
    Secret(ClientSecret),
    /// Remove a client: all its tokens are refused from now on
    Remove(Named),
}

/// `kibali client secret`.
#[derive(Debug, Args)]
pub(crate) struct ClientSecret {
    /// The client ID
    pub(crate) client_id: String,
    /// How long the old secret works on
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub(crate) old_secret: OldSecretWorks,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// How long an old secret works on.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OldSecretWorks {
    /// A day
    #[value(name = "24h")]
    Day,
    /// A week
    #[value(name = "7d")]
    Week,
    /// Not at all
    #[value(name = "now")]
    Ends,
}

/// `kibali client invite`.
#[derive(Debug, Args)]
pub(crate) struct ClientInvite {
    /// What it is for
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Clients that it lets register
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(crate) uses: i64,
    /// Hours that it works, 2160 at most
    #[arg(long, default_value_t = 24, value_name = "NUMBER")]
    pub(crate) hours: i64,
    /// The one address that its clients may have codes sent to; any when not given
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// `kibali client uninvite`.
#[derive(Debug, Args)]
pub(crate) struct ClientUninvite {
    /// The ID of the token, as `kibali client invitations` shows it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// `kibali client add`.
#[derive(Debug, Args)]
pub(crate) struct ClientAdd {
    /// The client ID
    pub(crate) client_id: String,
    /// What people see when it asks; the client ID when not given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// password, refresh_token, authorization_code, client_credentials …; more than once for more
    #[arg(long, value_name = "GRANT", default_values = ["password", "refresh_token"])]
    pub(crate) grant: Vec<String>,
    /// What it may ask for: ALL, username, api:read, openid, profile or email; more than once for more. What fits
    /// its grants when not given
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// How it proves itself: client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, or none for
    /// one that cannot keep a secret; more than once for more
    #[arg(long, value_name = "METHOD", default_values = ["client_secret_basic", "client_secret_post"])]
    pub(crate) authentication: Vec<String>,
    /// legacy, standard (PKCE always) or fapi2; what fits its grants when not given
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// With client_credentials: the user it works as, by user name
    #[arg(long, value_name = "USER")]
    pub(crate) acts_as: Option<String>,
    /// With token exchange: the client whose tokens it may exchange, by client ID; more than once for more
    #[arg(long, value_name = "CLIENT")]
    pub(crate) exchanges_for: Vec<String>,
    /// Its public keys, a file with a JWK set
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    pub(crate) jwks: Option<PathBuf>,
    /// Where its public keys are; https only
    #[arg(long, value_name = "URL")]
    pub(crate) jwks_uri: Option<String>,
    /// People are not asked before it gets a token
    #[arg(long)]
    pub(crate) no_consent: bool,
    /// A password may come with a second factor
    #[arg(long)]
    pub(crate) takes_otp: bool,
    /// Where codes may be sent; more than once for more
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Vec<String>,
    /// Where a browser may be sent after sign-out; more than once for more
    #[arg(long, value_name = "URI")]
    pub(crate) post_logout_redirect_uri: Vec<String>,
    /// Where it is told that somebody signed out or was signed out; https only
    #[arg(long, value_name = "URL")]
    pub(crate) backchannel_logout_uri: Option<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// `kibali key`.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Show every key, and what it is for
    List(Settings),
    /// Retire a key that somebody else may have: another signs at once, and tokens that it signed are refused
    Retire(KeyRetire),
}

/// `kibali key retire`.
#[derive(Debug, Args)]
pub(crate) struct KeyRetire {
    /// The name of the key, the kid of tokens
    // Of those that Kibali makes, one in 64 begins with a hyphen.
    #[arg(allow_hyphen_values = true)]
    pub(crate) kid: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// `kibali import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The files, in the order they build on each other
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Show what would happen, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// `kibali why`.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The number of the request: the X-Request-Id of its answer
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// `kibali audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Tell whether the audit trail is the one that was written; fails where it is not
    Verify(AuditVerify),
}

/// `kibali audit verify`.
#[derive(Debug, Args)]
pub(crate) struct AuditVerify {
    /// A head that was noted, as the log of the server shows it; more than once for more
    #[arg(long, value_name = "HEAD")]
    pub(crate) head: Vec<Head>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// The configuration; kibali.conf in KIBALI_HOME or the working directory when not named
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `kibali dev`.
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Listen on an address that others can reach, although everybody knows the passwords
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// Keep the data in this directory; a temporary one otherwise
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The DHIS2 version to speak as
    #[arg(long, default_value = "2.41", value_name = "VERSION")]
    pub(crate) as_version: ApiVersion,
    /// The address people use, when a proxy stands in front; http://<listen> otherwise
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<url::Url>,
    /// Also trust the certificates signed by this authority, in a PEM file, of hosts that clients name
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// Show a line for each request
    #[arg(long)]
    pub(crate) verbose: bool,
}
