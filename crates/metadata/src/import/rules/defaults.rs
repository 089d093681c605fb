//! System defaults are what every database has; nobody changes or deletes them.

use crate::import::facts::Needs;
use crate::import::plan::Work;
use crate::import::{Code, Fault};

/// A default reached through its own address is refused; imports have left it out before.
#[allow(clippy::unnecessary_wraps)] // The signature all rules share.
pub(super) fn apply(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    let caller = work.context.caller.username.clone();
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get(at) else { continue };
        if draft.head.is_some() && draft.kind().is_default(draft.uid.as_str()) {
            let label = Work::label(draft.kind(), draft.uid.as_str());
            work.fail(at, Fault::new(Code::E3001, [&caller, &label]));
        }
    }
    Ok(())
}
