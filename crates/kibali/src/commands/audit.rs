//! `kibali audit`.

use kibali_web::audit::{Verdict, verify};

use super::{Absent, open};
use crate::cli::{Audit, AuditVerify};
use crate::failure::Failure;
use crate::terminal;

/// Does what was asked.
///
/// # Errors
/// The trail is not as it was written, or the database refuses.
pub(crate) async fn run(command: &Audit) -> Result<(), Failure> {
    let Audit::Verify(asked) = command;
    let app = open(&asked.settings, Absent::Refuse).await?;
    let verdict = verify(&app, &asked.head).await;
    app.store.close().await;
    told(&verdict?, asked)
}

fn told(verdict: &Verdict, asked: &AuditVerify) -> Result<(), Failure> {
    if !verdict.findings.is_empty() {
        let findings: Vec<String> = verdict.findings.iter().map(|finding| format!("  {finding}")).collect();
        return Err(Failure::Said(format!(
            "the audit trail is not as it was written:\n{}",
            findings.join("\n")
        )));
    }
    let Verdict { events, seals, waiting, too_old, .. } = verdict;
    let since = verdict.since.map(|at| format!(" since {}Z", at.to_dhis2())).unwrap_or_default();
    terminal::say(format!("{events} events under {seals} seals{since} are as they were written."));
    if *waiting > 0 {
        terminal::say(format!(
            "{waiting} newer ones wait to be sealed; a running server does that each second."
        ));
    }
    for number in too_old {
        terminal::say(format!(
            "Seal {number} was noted before the trail begins, and tells nothing any more."
        ));
    }
    if let Some(head) = verdict.head {
        terminal::say(format!("Head: {head}"));
    }
    if asked.head.is_empty() {
        terminal::say(
            "Without --head this tells nothing about an end that was cut off, or a trail that was written anew with \
             the master key: note heads from the log of the server in another place.",
        );
    }
    Ok(())
}
