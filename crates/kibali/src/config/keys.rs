//! The keys of `kibali.conf`: one table, from which files, the environment and the documentation are read.

use super::Config;
use super::values;

/// What a value does to the configuration; the error says what to write instead.
pub(super) type Take = fn(&mut Config, &str) -> Result<(), String>;

/// A key.
pub(super) struct Key {
    /// Its name in `kibali.conf`.
    pub(super) name: &'static str,
    /// What it means, with its unit.
    pub(super) about: &'static str,
    /// The value that holds when it is not set, as it would be written.
    pub(super) default: &'static str,
    pub(super) take: Take,
}

impl Key {
    /// The environment variable that overrides it: `KIBALI_SERVER_BASE_URL` for `server.base.url`.
    pub(super) fn variable(&self) -> String {
        format!("KIBALI_{}", self.words().to_uppercase())
    }

    /// Its name as far as every shell takes it for one.
    pub(super) fn words(&self) -> String {
        self.name.replace(['.', '-'], "_")
    }
}

const fn key(name: &'static str, default: &'static str, about: &'static str, take: Take) -> Key {
    Key { name, about, default, take }
}

/// Every key. Names that DHIS2's `dhis.conf` has mean what they mean there.
pub(super) const KEYS: &[Key] = &[
    key(
        "server.base.url",
        "",
        "The address people use, with its context path, like https://dhis2.example.org/dhis; the only source of \
         absolute addresses. When not set: the address listened on",
        |config, value| values::base_url(value).map(|url| config.base_url = url),
    ),
    key("server.listen", "127.0.0.1:8080", "The address and port to listen on", |config, value| {
        values::socket(value).map(|address| config.listen = address)
    }),
    key("server.as.version", "2.41", "The DHIS2 version to speak as", |config, value| {
        value.parse().map(|version| config.web.as_version = version)
    }),
    key("server.connections", "2000", "Connections at once; one address may have half", |config, value| {
        values::number(value, 1, 100_000).map(|number| config.connections = number)
    }),
    key(
        "server.head.seconds",
        "30",
        "Seconds that the head of a request or a TLS handshake may take, and that an unused connection or an unread answer is kept",
        |config, value| values::seconds(value, 1, 3600).map(|patience| config.head_patience = patience),
    ),
    key(
        "server.body.seconds",
        "20",
        "Seconds that the body of a request may take to arrive; an import has fifteen times as long",
        |config, value| values::seconds(value, 1, 3600).map(|patience| config.web.body_patience = patience),
    ),
    key(
        "limits.address.per_minute",
        "120000",
        "Requests a minute from one address, of IPv6 from one /64; 0: any number",
        |config, value| {
            values::number(value, 0, 10_000_000).map(|number| config.web.limits.address.per_minute = number)
        },
    ),
    key(
        "limits.address.at_once",
        "500",
        "Requests answered at once from one address, of IPv6 from one /64; 0: any number",
        |config, value| {
            values::number(value, 0, 100_000).map(|number| config.web.limits.address.at_once = number)
        },
    ),
    key(
        "limits.doors.per_minute",
        "1200",
        "Requests a minute from one address for tokens, to sign in, to register, forms of pages, and any whose password \
         for HTTP Basic must be hashed; 0: any number",
        |config, value| {
            values::number(value, 0, 10_000_000).map(|number| config.web.limits.doors.per_minute = number)
        },
    ),
    key(
        "limits.doors.at_once",
        "200",
        "Requests answered at once from one address for tokens, to sign in, to register, forms of pages, and any whose \
         password for HTTP Basic must be hashed; 0: any number",
        |config, value| {
            values::number(value, 0, 100_000).map(|number| config.web.limits.doors.at_once = number)
        },
    ),
    key(
        "limits.tokens.per_minute",
        "6000",
        "Requests a minute for tokens of one client, of a public one from one address; 0: any number",
        |config, value| {
            values::number(value, 0, 10_000_000).map(|number| config.web.limits.tokens.per_minute = number)
        },
    ),
    key(
        "limits.tokens.at_once",
        "200",
        "Requests answered at once for tokens of one client, of a public one from one address; 0: any number",
        |config, value| {
            values::number(value, 0, 100_000).map(|number| config.web.limits.tokens.at_once = number)
        },
    ),
    key(
        "limits.client.per_minute",
        "120000",
        "Requests a minute of one client with its access tokens, and about tokens; 0: any number",
        |config, value| {
            values::number(value, 0, 10_000_000).map(|number| config.web.limits.client.per_minute = number)
        },
    ),
    key(
        "limits.client.at_once",
        "500",
        "Requests answered at once of one client with its access tokens, and about tokens; 0: any number",
        |config, value| {
            values::number(value, 0, 100_000).map(|number| config.web.limits.client.at_once = number)
        },
    ),
    key(
        "limits.user.per_minute",
        "60000",
        "Requests a minute to the Web API of one user; 0: any number",
        |config, value| {
            values::number(value, 0, 10_000_000).map(|number| config.web.limits.user.per_minute = number)
        },
    ),
    key(
        "limits.user.at_once",
        "64",
        "Requests answered at once to the Web API of one user; 0: any number",
        |config, value| {
            values::number(value, 0, 100_000).map(|number| config.web.limits.user.at_once = number)
        },
    ),
    key(
        "server.tls.certificate",
        "",
        "A PEM file with the certificate and its chain; with server.tls.key, Kibali speaks https itself",
        |config, value| {
            config.tls_certificate = values::path(config, value);
            Ok(())
        },
    ),
    key("server.tls.key", "", "A PEM file with the private key of the certificate", |config, value| {
        config.tls_key = values::path(config, value);
        Ok(())
    }),
    key(
        "proxy.trusted",
        "",
        "IP addresses, separated by commas, of proxies whose X-Forwarded-For is believed",
        |config, value| values::addresses(value).map(|trusted| config.web.trusted_proxies = trusted),
    ),
    key(
        "connection.url",
        "kibali.db",
        "An SQLite file, or postgres://user:password@host/database (jdbc:postgresql: is understood)",
        |config, value| {
            config.connection.url = kibali_crypto::Secret::new(value.to_owned());
            Ok(())
        },
    ),
    key("connection.username", "", "The PostgreSQL user, where the address has none", |config, value| {
        config.connection.username = values::optional(value);
        Ok(())
    }),
    key("connection.password", "", "Its password, where the address has none", |config, value| {
        config.connection.password = values::optional(value).map(kibali_crypto::Secret::new);
        Ok(())
    }),
    key(
        "connection.pool.max_size",
        "8",
        "Connections that read, at most; on PostgreSQL as many again write, and one more listens",
        |config, value| values::number(value, 1, 1000).map(|number| config.connection.pool = number),
    ),
    key(
        "secrets.master_key_file",
        "master.key",
        "The file with the key of the installation; made when absent and the database is new",
        |config, value| {
            config.master_key_file = values::path(config, value);
            Ok(())
        },
    ),
    key("system.session.timeout", "3600", "Seconds after which an unused session ends", |config, value| {
        values::number(value, 60, 31_536_000).map(|seconds| config.web.session_seconds = seconds)
    }),
    key(
        "max.sessions.per_user",
        "10",
        "Browsers that one user may be signed in with; the least recently used is signed out",
        |config, value| values::number(value, 1, 1000).map(|n| config.web.sessions_per_user = n),
    ),
    key(
        "administration.proof.seconds",
        "900",
        "Seconds for which the administration pages believe a second factor that was proved",
        |config, value| {
            values::number(value, 60, 86_400).map(|n| config.web.administration_proof_seconds = n)
        },
    ),
    key(
        "oauth2.authorization.server.enabled",
        "on",
        "The endpoints of DHIS2 up to 2.41 (`/uaa/oauth`), and the password grant with them",
        |config, value| values::switch(value).map(|on| config.web.old_generation = on),
    ),
    key(
        "oauth2.server.enabled",
        "on",
        "The endpoints of DHIS2 from 2.42 on (`/oauth2`, `/userinfo`, `/connect`)",
        |config, value| values::switch(value).map(|on| config.web.new_generation = on),
    ),
    key(
        "oauth2.access_token.seconds",
        "43200",
        "Seconds an access token of `/uaa` lives; one of `/oauth2` lives 300, or what its client says",
        |config, value| {
            values::number(value, 60, 31_536_000).map(|seconds| config.web.access_token_seconds = seconds)
        },
    ),
    key(
        "oauth2.refresh_token.seconds",
        "2592000",
        "Seconds a refresh token of `/uaa` lives; one of `/oauth2` lives 3600; at either, one of a public client lives 30 \
         days, and all that follow from one sign-in a year. What its client says goes before",
        |config, value| {
            values::number(value, 60, 315_360_000).map(|seconds| config.web.refresh_token_seconds = seconds)
        },
    ),
    key("oauth2.code.seconds", "300", "Seconds an authorization code lives", |config, value| {
        values::number(value, 10, 600).map(|seconds| config.web.code_seconds = seconds)
    }),
    key(
        "oauth2.legacy.password_grants",
        "100",
        "Live grants that one user may hold through one client without a browser: by password, token exchange or as a client's user",
        |config, value| values::number(value, 1, 10_000).map(|n| config.web.password_grants_per_user = n),
    ),
    key(
        "oauth2.legacy.query_token",
        "off",
        "Accept ?access_token= in addresses, where it ends up in logs: on or off",
        |config, value| values::switch(value).map(|on| config.web.query_token = on),
    ),
    key(
        "enable.api_token.authentication",
        "on",
        "Accept personal access tokens (Authorization: ApiToken), and let users make them: on or off",
        |config, value| values::switch(value).map(|on| config.web.api_tokens = on),
    ),
    key(
        "login.security.totp_2fa.enabled",
        "on",
        "Users may protect their account with an authenticator app; off stops new ones: on or off",
        |config, value| values::switch(value).map(|on| config.web.totp = on),
    ),
    key(
        "login.security.passkeys.enabled",
        "on",
        "Users may make passkeys, which sign them in with and without a password; they need https and a name, or localhost, \
         in server.base.url, and serve under that name only; off stops new ones: on or off",
        |config, value| values::switch(value).map(|on| config.web.passkeys = on),
    ),
    key(
        "login.security.email_2fa.enabled",
        "off",
        "Users may protect their account with codes that are mailed to them; off stops new ones: on or off",
        |config, value| values::switch(value).map(|on| config.web.mailed_codes = on),
    ),
    key(
        "oauth2.server.jwt.keystore.path",
        "",
        "A PKCS #12 file with the key that signs tokens; when not set, Kibali makes its keys and changes them",
        |config, value| {
            config.keystore.path = values::path(config, value);
            Ok(())
        },
    ),
    key("oauth2.server.jwt.keystore.password", "", "The password of that file", |config, value| {
        config.keystore.password = kibali_crypto::Secret::new(value.to_owned());
        Ok(())
    }),
    key(
        "oauth2.server.jwt.keystore.alias",
        "",
        "The name of the key in that file, and of the key in tokens (kid)",
        |config, value| {
            value.clone_into(&mut config.keystore.alias);
            Ok(())
        },
    ),
    key(
        "oauth2.server.jwt.keystore.key-password",
        "",
        "The password of the key, where it is not that of the file",
        |config, value| {
            config.keystore.key_password = values::optional(value).map(kibali_crypto::Secret::new);
            Ok(())
        },
    ),
    key(
        "oauth2.server.jwt.keystore.generate-if-missing",
        "on",
        "Make keys where no keystore is set; off: refuse to start then",
        |config, value| values::switch(value).map(|on| config.keystore.generate = on),
    ),
    key(
        "oauth2.server.dcr.refresh-token-ttl",
        "2592000",
        "Seconds a refresh token lives of a client that registers itself; each use gives it a new one. Written into the \
         client then: those that are there keep theirs",
        |config, value| {
            values::number(value, 60, 315_360_000)
                .map(|seconds| config.web.registered_refresh_seconds = seconds)
        },
    ),
    key(
        "oauth2.server.dcr.open",
        "off",
        "Anybody may register a client at /connect/register, a thousand in all; off: only with an initial access \
         token: on or off",
        |config, value| values::switch(value).map(|on| config.web.open_registration = on),
    ),
    key(
        "password.bcrypt.cost",
        "10",
        "Work put into each new password hash; one more doubles it",
        |config, value| values::number(value, 4, 16).map(|cost| config.web.bcrypt_cost = cost),
    ),
    key("password.hash.threads", "0", "Threads that hash passwords; 0: half the cores", |config, value| {
        values::number(value, 0, 64).map(|threads| config.hash_threads = threads)
    }),
    key(
        "mail.tls.authorities",
        "",
        "A PEM file with certificates of authorities that may sign the mail server's, beside the public ones",
        |config, value| {
            config.mail_authorities = values::path(config, value);
            Ok(())
        },
    ),
    key(
        "outbound.networks",
        "",
        "Networks or addresses, separated by commas, like 10.20.0.0/16: hosts there may be called where a client says \
         that its keys are there, or wants to hear of logouts there, although they are not public",
        |config, value| values::networks(value).map(|listed| config.web.outbound.listed = listed),
    ),
    key(
        "outbound.tls.authorities",
        "",
        "A PEM file with certificates of authorities that may sign those of such hosts, beside the public ones",
        |config, value| {
            config.outbound_authorities = values::path(config, value);
            Ok(())
        },
    ),
    key("logging.format", "text", "text or json", |config, value| {
        values::log_format(value).map(|format| config.log_format = format)
    }),
    key("logging.level", "info", "error, warn, info, debug or trace", |config, value| {
        values::log_level(value).map(|level| config.log_level = level)
    }),
];

/// The key with this name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_in_the_table_is_the_value_that_holds() {
        for key in KEYS {
            let mut config = Config::at(std::path::Path::new("/home"));
            let before = format!("{config:?}");
            assert_eq!((key.take)(&mut config, key.default), Ok(()), "{}", key.name);
            assert_eq!(format!("{config:?}"), before, "{}", key.name);
        }
    }
}
