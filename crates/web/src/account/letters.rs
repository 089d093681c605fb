//! What the messages say. Plain text; what they name came from people and is put on one line.

use kibali_store::door::links::Purpose;

use crate::Settings;
use crate::mail::Message;

/// What a message with a link is made of.
pub(super) struct Letter<'a> {
    pub(super) purpose: Purpose,
    /// What the installation is called.
    pub(super) title: &'a str,
    pub(super) username: &'a str,
    pub(super) email: &'a str,
    /// The whole address.
    pub(super) link: &'a str,
    /// How long it works, as `an hour`.
    pub(super) time: &'a str,
    /// Somebody with the right to do so had it sent.
    pub(super) by_another: bool,
}

impl Letter<'_> {
    pub(super) fn write(&self, settings: &Settings) -> Message {
        let (title, name) = (one_line(self.title), as_a_name(self.username));
        let place = settings.absolute("");
        let (link, time) = (self.link, self.time);
        let (subject, text) = match (self.purpose, self.by_another) {
            (Purpose::Restore, false) => (
                format!("A new password for {title}"),
                format!(
                    "Somebody, probably you, asked for a new password for the user name {name} at {title}, \
                     {place}.\n\nTo choose one, open this link within {time}:\n\n{link}\n\nIt works once. If it was \
                     not you who asked, do nothing: the password stays as it is.\n"
                ),
            ),
            (Purpose::Restore, true) => (
                format!("A new password for {title}"),
                format!(
                    "An administrator of {title}, {place}, asks you to choose a new password for the user name \
                     {name}.\n\nOpen this link within {time}:\n\n{link}\n\nIt works once. Until then the present \
                     password works.\n"
                ),
            ),
            (Purpose::Invite, _) => (
                format!("An invitation to {title}"),
                format!(
                    "You are invited to {title}, {place}.\n\nTo accept, open this link within {time} and choose a \
                     password:\n\n{link}\n\nIt works once. If you expect no invitation, do nothing.\n"
                ),
            ),
            (Purpose::Verify, _) => (
                format!("Your e-mail address at {title}"),
                format!(
                    "The user {name} at {title}, {place}, says that this is their e-mail address.\n\nIf that is \
                     you, open this link within {time}:\n\n{link}\n\nIf it is not, do nothing.\n"
                ),
            ),
        };
        Message { to: self.email.to_owned(), subject, text: wrapped(&text) }
    }
}

/// A message with a code of a second factor.
pub(crate) fn code(settings: &Settings, title: &str, username: &str, email: &str, code: &str) -> Message {
    let (title, name) = (one_line(title), as_a_name(username));
    let place = settings.absolute("");
    let text = format!(
        "Your code for the user name {name} at {title}, {place}, is\n\n{code}\n\nIt works once, for fifteen minutes. \
         Nobody who works for {title} asks you for it. If you asked for no code, somebody else knows your password: \
         change it.\n"
    );
    Message { to: email.to_owned(), subject: format!("Your code for {title}"), text: wrapped(&text) }
}

/// A message to the address that a user had until now.
pub(super) fn address_changed(settings: &Settings, title: &str, username: &str, email: &str) -> Message {
    let (title, name) = (one_line(title), as_a_name(username));
    let place = settings.absolute("");
    let text = format!(
        "The user name {name} at {title}, {place}, has another e-mail address from now on; until now it was this \
         one.\n\nIf it was not you who changed it, somebody else knows your password: change it, and tell an \
         administrator.\n"
    );
    let subject = format!("Your e-mail address at {title} was changed");
    Message { to: email.to_owned(), subject, text: wrapped(&text) }
}

/// The same in lines of 72 characters, as mail is read; a word that is longer, such as a link, stays whole.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut width = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > 72 {
                out.push('\n');
                width = 0;
            } else if width > 0 {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += length;
        }
        out.push('\n');
    }
    out
}

/// Nobody writes a line of the message through a title.
fn one_line(text: &str) -> String {
    text.chars().take(160).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A user name, which is no address and no sentence.
fn as_a_name(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
    text.chars().take(160).map(|c| if plain(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    #[test]
    fn each_message_holds_its_link_on_a_line_of_its_own_and_names_write_no_lines() {
        let settings = Settings::new("https://dhis2.example.org/dhis".parse().unwrap());
        for purpose in [Purpose::Restore, Purpose::Invite, Purpose::Verify] {
            for by_another in [false, true] {
                let letter = Letter {
                    purpose,
                    title: "HMIS\r\nBcc: x",
                    username: "amina\n\nhttps://evil.example/",
                    email: "amina@example.org",
                    link: "https://dhis2.example.org/dhis/x?token=abc",
                    time: "an hour",
                    by_another,
                };
                let message = letter.write(&settings);
                assert!(message.text.lines().any(|line| line == letter.link), "{}", message.text);
                assert!(message.text.contains("https://dhis2.example.org/dhis"), "{}", message.text);
                assert!(
                    !message.text.lines().any(|line| line.starts_with("https://evil")),
                    "{}",
                    message.text
                );
                assert!(message.text.lines().all(|line| line.len() <= 72), "{}", message.text);
                assert!(!message.subject.contains(['\r', '\n']), "{}", message.subject);
            }
        }
    }
}
