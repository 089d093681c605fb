//! A message as it goes out: headers and text (RFC 5322).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kibali_crypto::Random;
use kibali_model::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MessageBuilder};
use lettre::{Address, Message as Mime};

use super::{MailFault, Message};
use crate::Settings;
use crate::system_settings::Stored;

/// A message ready to be sent.
pub(super) struct Letter {
    pub(super) mime: Mime,
    /// Names it: unlike any other, and unlike what it holds.
    pub(super) name: String,
}

impl Letter {
    /// Writes a message from the sender in the settings, which without a mail server may be missing.
    pub(super) fn write(
        message: &Message,
        settings: &Settings,
        stored: &Stored,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Self, MailFault> {
        let host = settings.base_url.host_str().unwrap_or("localhost");
        let sender = sender(stored).unwrap_or_else(|| format!("kibali@{host}"));
        let from = sender.parse::<Address>().or_else(|_| "kibali@localhost".parse());
        let from = from.map_err(|_| MailFault::Setting("keyEmailSender"))?;
        let to =
            message.to.parse::<Address>().map_err(|_| MailFault::Unwritable("no such address can be"))?;
        let title = stored.named("applicationTitle").as_str().map(str::to_owned);
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        let name = format!("{}-{}", now.millis(), URL_SAFE_NO_PAD.encode(bytes));
        let mime = automatic(Mime::builder())
            .from(Mailbox::new(title, from))
            .to(Mailbox::new(None, to))
            .subject(message.subject.replace(['\r', '\n'], " "))
            .date(date(now))
            .message_id(Some(format!("<{name}@{host}>")))
            .header(ContentType::TEXT_PLAIN)
            .body(body(&message.text))
            .map_err(|_| MailFault::Unwritable("a header is missing"))?;
        Ok(Self { mime, name })
    }
}

/// Says that no person wrote it, so that no absence note answers (RFC 3834).
fn automatic(builder: MessageBuilder) -> MessageBuilder {
    let header = HeaderName::new_from_ascii_str("Auto-Submitted");
    builder.raw_header(HeaderValue::new(header, "auto-generated".to_owned()))
}

/// Longest line that every mail server passes on (RFC 5322 section 2.1.1).
const LONGEST_LINE: usize = 998;

/// The text as it stands, where it can be sent so: a link stays one that can be read and copied. Other texts
/// are encoded.
fn body(text: &str) -> Body {
    let plain = text.lines().all(|line| {
        line.len() <= LONGEST_LINE && line.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
    });
    if !plain {
        return Body::new(text.to_owned());
    }
    let lines: String = text.lines().flat_map(|line| [line, "\r\n"]).collect();
    Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
}

/// `keyEmailSender`, else the name that signs in to the mail server where it is an address.
pub(super) fn sender(stored: &Stored) -> Option<String> {
    let text = |name: &str| stored.text(name, "").map(str::trim).filter(|text| !text.is_empty());
    let user = || text("keyEmailUsername").filter(|name| name.parse::<Address>().is_ok());
    text("keyEmailSender").or_else(user).map(str::to_owned)
}

fn date(now: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or_default())
}
