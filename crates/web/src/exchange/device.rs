//! A token for a device code that its user approved (RFC 8628 section 3.4).

use kibali_crypto::sha256;
use kibali_model::GrantType;
use kibali_oauth::as_granted;
use kibali_oauth::device::{Decision, DeviceFacts, poll};
use kibali_store::door::accounts;
use kibali_store::door::devices::{self, SpendDevice};

use super::Asking;
use super::answer::TokenAnswer;
use super::mint::Order;
use crate::Refusal;

impl Asking<'_> {
    pub(super) async fn device(&self, code: &str) -> Result<TokenAnswer, Refusal> {
        let hash = sha256(code);
        let mut reader = self.app.store.reader().await?;
        let found = devices::find(&mut reader, hash).await?;
        let user = found.as_ref().and_then(|found| found.user);
        let account = match user {
            Some(user) => accounts::by_user(&mut reader, user).await?,
            None => None,
        };
        drop(reader);
        let facts = found.as_ref().map(|found| DeviceFacts {
            client: found.client,
            expires: found.expires,
            decision: match found.granted {
                None => Decision::Pending,
                Some(true) => Decision::Granted,
                Some(false) => Decision::Denied,
            },
            spent: found.spent,
            // Devices ask every few seconds; that is remembered here and written nowhere.
            asked: self.app.identity().device_polls.asked(hash, self.now),
        });
        poll(facts, self.client, self.now)?;
        let account = account.filter(|account| account.is_open(self.now));
        let (found, account) = found.zip(account).ok_or(Refusal::DeviceCodeUnknown)?;
        as_granted(self.resource, found.resource.as_deref())?;
        let order = Order {
            sign_in: found.sign_in,
            resource: found.resource,
            ..self.order(&account, self.still(&found.scopes))
        };
        let (answer, tokens) = self.mint(&order).await?;
        let grant = self.grant(GrantType::DeviceCode, &order);
        let spent = self.app.store.write(SpendDevice { hash, grant, tokens, now: self.now }).await?;
        if spent { Ok(answer) } else { Err(Refusal::DeviceCodeUnknown) }
    }
}
