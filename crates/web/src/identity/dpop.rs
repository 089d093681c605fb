//! Proofs that a caller holds a key (RFC 9449): each serves one request, and is spent by it on every node (rules of the
//! door 3, 7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, Method, Request};
use kibali_crypto::jose::Jws;
use kibali_crypto::{Purpose, sha256};
use kibali_model::{Client, ClientProfile, Rules};
use kibali_oauth::dpop::{DpopFault, DpopProof, Proved, check};
use kibali_store::door::spent::{self, Spend};

use crate::speech::seen_address;
use crate::{App, Refusal, Settings};

/// The header that carries a proof.
const HEADER: HeaderName = HeaderName::from_static("dpop");
/// Seconds for which one nonce is given; it counts for as long again. The same on every node.
const NONCE_SECONDS: i64 = 120;

/// The proof that came with a request, not believed yet, and what it must be of.
#[derive(Clone)]
pub(crate) struct SentProof {
    /// None: there are several, or it is no text.
    jwt: Option<String>,
    method: Method,
    /// As the sender sees it.
    address: String,
}

impl SentProof {
    /// The proof of a request whose path is still the one that was sent.
    pub(crate) fn of<B>(request: &Request<B>, settings: &Settings) -> Option<Self> {
        let mut headers = request.headers().get_all(HEADER).iter();
        let first = headers.next()?;
        let jwt = first.to_str().ok().filter(|_| headers.next().is_none()).map(str::to_owned);
        let address = seen_address(request.uri().path(), settings);
        Some(Self { jwt, method: request.method().clone(), address })
    }
}

/// Why a proof is not taken.
enum Fault {
    /// What is wrong with it.
    Wrong(String),
    /// It lacks the nonce.
    Nonce(String),
    /// It could not be spent.
    Undecided(Refusal),
}

/// The thumbprint of the key that `client` holds, for tokens to be bound to; none where it proves none.
///
/// # Errors
/// [`Refusal::DpopProof`], [`Refusal::DpopNonce`].
pub(crate) async fn key(
    app: &App,
    sent: Option<&SentProof>,
    client: &Client,
) -> Result<Option<String>, Refusal> {
    let Some(sent) = sent else { return Ok(None) };
    let found = prove(app, sent, None, None, client.rules()).await;
    found.map(Some).map_err(|fault| match fault {
        Fault::Wrong(why) => Refusal::DpopProof(why),
        Fault::Nonce(nonce) => Refusal::DpopNonce { nonce, of_token: false },
        Fault::Undecided(refusal) => refusal,
    })
}

/// Has the proof the nonce that `client` must put into it? One that is wrong in another way has, and is refused later.
///
/// # Errors
/// [`Refusal::DpopNonce`].
pub(crate) fn nonce(app: &App, sent: Option<&SentProof>, client: &Client) -> Result<(), Refusal> {
    let rules = client.rules();
    match sent.filter(|_| rules.bound).map(|sent| read(app, sent, None, rules)) {
        Some(Err(Fault::Nonce(nonce))) => Err(Refusal::DpopNonce { nonce, of_token: false }),
        _ => Ok(()),
    }
}

/// How an access token was sent.
#[derive(Clone, Copy)]
pub(crate) enum Presented<'a> {
    /// As `Bearer`: whoever has it may use it.
    Bearer,
    /// As `DPoP`, with the proof beside it.
    Dpop { token: &'a str, proof: Option<&'a SentProof> },
}

/// Was a token sent as its binding asks: one that is bound to the key `jkt` with a proof of that key, another
/// without (section 7.1)?
///
/// # Errors
/// [`Refusal::TokenScheme`], [`Refusal::DpopProofOfToken`], [`Refusal::DpopNonce`].
pub(crate) async fn require(
    app: &App,
    jkt: Option<&str>,
    presented: Presented<'_>,
    profile: Option<ClientProfile>,
) -> Result<(), Refusal> {
    let (jkt, token, proof) = match (jkt, presented) {
        (None, Presented::Bearer) => return Ok(()),
        (Some(_), Presented::Bearer) => {
            return Err(Refusal::TokenScheme(
                "The access token is bound to a key: send it as DPoP, with a proof",
            ));
        }
        (None, Presented::Dpop { .. }) => {
            return Err(Refusal::TokenScheme("The access token is bound to no key: send it as Bearer"));
        }
        (Some(jkt), Presented::Dpop { token, proof }) => (jkt, token, proof),
    };
    let missing = || Refusal::DpopProofOfToken("it is missing".to_owned());
    let sent = proof.ok_or_else(missing)?;
    let rules = profile.unwrap_or(ClientProfile::Legacy).rules();
    let proved = prove(app, sent, Some(token), Some(jkt), rules).await;
    proved.map(drop).map_err(|fault| match fault {
        Fault::Wrong(why) => Refusal::DpopProofOfToken(why),
        Fault::Nonce(nonce) => Refusal::DpopNonce { nonce, of_token: true },
        Fault::Undecided(refusal) => refusal,
    })
}

/// The thumbprint of the key that signed a proof of this request; `jkt`, where it must be that one. The proof is spent by
/// that, once all else is known to be right.
async fn prove(
    app: &App,
    sent: &SentProof,
    token: Option<&str>,
    jkt: Option<&str>,
    rules: &Rules,
) -> Result<String, Fault> {
    let (found, proof) = read(app, sent, token, rules)?;
    if jkt.is_some_and(|jkt| jkt != found) {
        return Err(Fault::Wrong("it is signed by another key than the token's".to_owned()));
    }
    let value = format!("{found}:{}", URL_SAFE_NO_PAD.encode(sha256(&proof.jti)));
    let spend = Spend { purpose: spent::Purpose::Dpop, value, expires: proof.until };
    match app.store.write(spend).await {
        Ok(true) => Ok(found),
        Ok(false) => Err(Fault::Wrong("it was used already".to_owned())),
        Err(error) => Err(Fault::Undecided(error.into())),
    }
}

fn read(
    app: &App,
    sent: &SentProof,
    token: Option<&str>,
    rules: &Rules,
) -> Result<(String, DpopProof), Fault> {
    let wrong = |why: &dyn std::fmt::Display| Fault::Wrong(why.to_string());
    let jwt = sent.jwt.as_deref().ok_or_else(|| wrong(&"there must be one header with one JWT"))?;
    let jws = Jws::read_proof(jwt).map_err(|error| wrong(&error))?;
    let claims = jws.verified_proof(rules.algorithms).map_err(|error| wrong(&error))?;
    let key = jws.own_key().ok_or_else(|| wrong(&"it brings no key"))?.thumbprint();
    let token_hash = token.map(|token| URL_SAFE_NO_PAD.encode(sha256(token)));
    let [now, before] = nonces(app);
    let counting = [now.as_str(), before.as_str()];
    let request = Proved {
        method: sent.method.as_str(),
        address: &sent.address,
        token_hash: token_hash.as_deref(),
        nonces: rules.bound.then_some(&counting[..]),
    };
    match check(jws.typ(), &claims, request, app.now()) {
        Ok(proof) => Ok((key, proof)),
        Err(DpopFault::Nonce) => Err(Fault::Nonce(now.clone())),
        Err(fault) => Err(wrong(&fault)),
    }
}

/// The nonce that is given now, and the one before it. Made of the time under a key that all nodes have, so that none is
/// kept.
fn nonces(app: &App) -> [String; 2] {
    let key = app.master_key.mac_key(Purpose::DpopNonce);
    let window = app.now().seconds().div_euclid(NONCE_SECONDS);
    [window, window - 1].map(|window| URL_SAFE_NO_PAD.encode(key.tag(window.to_be_bytes())))
}
