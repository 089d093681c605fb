//! Mail: a real SMTP conversation on this machine, and files in `kibali dev`.

use std::sync::Arc;
use std::time::Duration;

use kibali_testkit::{MailServer, Mood, TempDir, TestApp, both};
use kibali_web::Refusal;
use kibali_web::mail::Message;
use serde_json::{Value, json};

use crate::foundation::admin;

const CERTIFICATE: &[u8] = include_bytes!("binary/tls.crt");
const KEY: &[u8] = include_bytes!("binary/tls.key");
/// No test waits for its end.
const LONG: Duration = Duration::from_secs(60);

fn message(text: &str) -> Message {
    Message { to: "amina@example.org".to_owned(), subject: "Grüße".to_owned(), text: text.to_owned() }
}

async fn set(t: &TestApp, settings: Value) {
    let answer = admin(t.post("/api/systemSettings")).json(&settings).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A node that waits for nothing between attempts.
async fn hasty(t: &TestApp, patience: Duration) -> TestApp {
    t.another(5, |settings| {
        settings.mail.pauses = vec![Duration::ZERO; 3];
        settings.mail.patience = patience;
        settings.mail.authorities = Some(Arc::from(CERTIFICATE));
    })
    .await
}

both!(
    fn a_message_goes_by_smtp_with_tls_and_the_sealed_password(t) {
        let server = MailServer::start(Some((CERTIFICATE, KEY))).await;
        let node = hasty(t, LONG).await;
        assert!(!node.app.mailer().works(&mut node.app.store.reader().await.unwrap()).await.unwrap());
        set(t, json!({
            "keyEmailHostName": "localhost", "keyEmailPort": server.port, "keyEmailUsername": "post",
            "keyEmailPassword": "s3cret", "keyEmailSender": "no-reply@example.org", "applicationTitle": "HMIS",
        })).await;
        assert!(node.app.mailer().works(&mut node.app.store.reader().await.unwrap()).await.unwrap());
        node.app.mailer().send(message("Hello Amina,\n.\nA line with a dot.\n")).unwrap();
        assert!(node.app.mailer().settle(LONG).await);
        let inbox = server.inbox();
        assert_eq!(inbox.len(), 1);
        let got = &inbox[0];
        assert!(got.tls);
        assert_eq!(got.signed_in, Some(("post".to_owned(), "s3cret".to_owned())));
        assert_eq!((got.from.as_str(), got.to.as_slice()), ("no-reply@example.org", &["amina@example.org".to_owned()][..]));
        for part in [
            "From: HMIS <no-reply@example.org>\n", "To: amina@example.org\n", "Subject: =?utf-8?b?R3LDvMOfZQ==?=\n",
            "Date: Thu, 15 Jan 2026 08:00:00 +0000\n", "Auto-Submitted: auto-generated\n", "@localhost>\n",
            "\n\nHello Amina,\n.\nA line with a dot.\n",
        ] {
            assert!(got.text.contains(part), "{part:?}: {}", got.text);
        }
        assert_eq!((node.app.mailer().sent(), node.app.mailer().lost()), (1, 0));
    }
);

both!(
    fn neither_password_nor_message_goes_out_in_the_clear_where_tls_is_wanted(t) {
        let server = MailServer::start(None).await;
        let node = hasty(t, LONG).await;
        set(t, json!({
            "keyEmailHostName": "localhost", "keyEmailPort": server.port, "keyEmailUsername": "post",
            "keyEmailPassword": "s3cret", "keyEmailSender": "no-reply@example.org",
        })).await;
        node.app.mailer().send(message("x")).unwrap();
        assert!(node.app.mailer().settle(LONG).await);
        assert_eq!((server.attempts(), node.app.mailer().lost()), (0, 1), "no STARTTLS, no mail");
        set(t, json!({ "keyEmailTls": false })).await;
        node.app.mailer().send(message("x")).unwrap();
        assert!(node.app.mailer().settle(LONG).await);
        assert_eq!(server.inbox().len(), 1);

        let known = MailServer::start(Some((CERTIFICATE, KEY))).await;
        let stranger = t.another(6, |settings| settings.mail.pauses.clear()).await;
        set(t, json!({ "keyEmailTls": true, "keyEmailPort": known.port })).await;
        stranger.app.mailer().send(message("x")).unwrap();
        assert!(stranger.app.mailer().settle(LONG).await);
        assert_eq!((known.attempts(), stranger.app.mailer().lost()), (0, 1), "nobody known signed it");
    }
);

both!(
    fn what_the_mail_server_cannot_take_now_is_tried_again_and_what_it_refuses_is_not(t) {
        let server = MailServer::start(Some((CERTIFICATE, KEY))).await;
        let node = hasty(t, LONG).await;
        set(t, json!({
            "keyEmailHostName": "localhost", "keyEmailPort": server.port, "keyEmailSender": "no-reply@example.org",
        })).await;
        for (mood, attempts, sent) in
            [(Mood::NotNow(2), 3, 1), (Mood::NotNow(9), 4, 0), (Mood::Refuses, 1, 0), (Mood::Takes, 1, 1)]
        {
            let (before, had) = (server.attempts(), server.inbox().len());
            server.set_mood(mood);
            node.app.mailer().send(message("x")).unwrap();
            assert!(node.app.mailer().settle(LONG).await);
            assert_eq!(server.attempts() - before, attempts, "{mood:?}");
            assert_eq!(server.inbox().len() - had, sent, "{mood:?}");
        }
        for wrong in ["nobody", "a@b\r\nBcc: c@d", ""] {
            node.app.mailer().send(Message { to: wrong.to_owned(), ..message("x") }).unwrap();
        }
        let two_lines = "One\r\nBcc: evil@example.org".to_owned();
        node.app.mailer().send(Message { subject: two_lines, ..message("x") }).unwrap();
        assert!(node.app.mailer().settle(LONG).await);
        let inbox = server.inbox();
        assert_eq!(inbox.len(), 3, "three addresses cannot be");
        assert!(!inbox[2].text.contains("\nBcc"), "{}", inbox[2].text);
    }
);

both!(
    fn a_mail_server_that_hangs_holds_up_nobody_and_the_queue_has_an_end(t) {
        let server = MailServer::start(Some((CERTIFICATE, KEY))).await;
        let node = hasty(t, LONG).await;
        set(t, json!({
            "keyEmailHostName": "localhost", "keyEmailPort": server.port, "keyEmailSender": "no-reply@example.org",
        })).await;
        server.set_mood(Mood::Hangs);
        let mut taken = 0;
        let refused = loop {
            match node.app.mailer().send(message("x")) {
                Ok(()) => taken += 1,
                Err(refusal) => break refusal,
            }
            assert!(taken < 300, "the queue has an end");
            tokio::task::yield_now().await;
        };
        assert_eq!(refused, Refusal::Busy { seconds: 30 });
        assert!(taken >= 256, "{taken}");
        assert!(!node.app.mailer().settle(Duration::ZERO).await);

        let impatient = t.another(7, |settings| {
            settings.mail.pauses.clear();
            settings.mail.patience = Duration::from_millis(200);
            settings.mail.authorities = Some(Arc::from(CERTIFICATE));
        }).await;
        impatient.app.mailer().send(message("x")).unwrap();
        assert!(impatient.app.mailer().settle(LONG).await);
        assert_eq!(impatient.app.mailer().lost(), 1);
    }
);

both!(
    fn a_folder_takes_the_messages_of_a_server_that_sends_none(t) {
        let folder = TempDir::new("mail");
        let path = folder.path().join("below");
        let node = t.another(5, |settings| settings.mail.folder = Some(path.clone())).await;
        assert!(node.app.mailer().works(&mut node.app.store.reader().await.unwrap()).await.unwrap());
        node.app.mailer().send(message("Open https://example.org/?token=abc now.\n")).unwrap();
        assert!(node.app.mailer().settle(LONG).await);
        let files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 1);
        assert!(files[0].to_str().unwrap().ends_with(".eml"));
        let text = std::fs::read_to_string(&files[0]).unwrap();
        assert!(text.contains("To: amina@example.org\r\n") && text.contains("?token=abc now."), "{text}");
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&files[0]).unwrap().permissions()) & 0o777,
            0o600
        );
    }
);

#[test]
fn a_message_is_never_shown() {
    assert_eq!(format!("{:?}", message("the link")), "Message(…)");
}
