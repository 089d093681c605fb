//! What the modern token endpoints cost, beside node-oidc-provider with everything in memory; ours keeps and audits.

use super::cost::cost;
use crate::bench::Outcome;
use crate::bench::load::{Call, Client, form};
use crate::bench::report::{Figure, Limit, Report, spread};
use crate::bench::seed::{self, basic};
use crate::bench::server::{Installation, Peer, Running, peer};

/// Measurements of each.
const REPEATS: usize = 3;
/// Refresh tokens that take turns, so that no two calls meet at one.
const TOKENS: usize = 64;
/// Where the peer answers.
const PEER_TOKEN: &str = "/token";
const TOKEN: &str = "/oauth2/token";

/// Something that both servers are asked.
struct Question {
    what: &'static str,
    /// How many of our answers should cost what one of the peer's does.
    times: f64,
    note: &'static str,
    /// What answers must hold, when it is over as well.
    says: &'static str,
    ours: Asked,
    peers: Asked,
}

/// Forms that one client sends to one path, in turn.
#[derive(Clone)]
struct Asked {
    path: &'static str,
    client: String,
    forms: Vec<String>,
}

impl Asked {
    fn one(path: &'static str, client_id: &str, form: String) -> Self {
        Self { path, client: basic(client_id), forms: vec![form] }
    }

    fn call(&self, number: u64) -> Call {
        let at = usize::try_from(number).unwrap_or_default() % self.forms.len().max(1);
        form(self.path, &self.client, self.forms.get(at).cloned().unwrap_or_default())
    }
}

/// All five.
pub(super) async fn beside_the_peer(
    report: &mut Report,
    installation: &Installation,
    server: &Running,
) -> Outcome<()> {
    let peer = peer()?;
    for question in questions(server, &peer).await? {
        let (mut ratios, mut ours, mut peers) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..REPEATS {
            let asked = question.ours.clone();
            let our = cost(server, move |number| asked.call(number)).await?;
            let asked = question.peers.clone();
            let its = cost(&peer.running, move |number| asked.call(number)).await?;
            for (server, asked) in [(server, &question.ours), (&peer.running, &question.peers)] {
                let answer = Client::connect(server.address).await?.ask(asked.call(0)).await?;
                if !String::from_utf8_lossy(&answer).contains(question.says) {
                    return Err(format!("{}: an answer lacks {}", question.what, question.says));
                }
            }
            ratios.push(its / our);
            ours.push(our);
            peers.push(its);
        }
        let (ours, peers) = (spread(&ours).middle, spread(&peers).middle);
        report.add(&Figure {
            what: question.what,
            engine: installation.engine_name(),
            values: ratios,
            unit: " ×",
            limit: Limit::Least(question.times),
            note: format!("{ours:.0} µs against {peers:.0} µs; {}", question.note),
        });
    }
    Ok(())
}

async fn questions(server: &Running, peer: &Peer) -> Outcome<Vec<Question>> {
    let alone = |what, times, ours: &str, resource: &str| Question {
        what,
        times,
        note: "a token each of one grant",
        says: "\"access_token\"",
        ours: Asked::one(TOKEN, ours, "grant_type=client_credentials&scope=username".to_owned()),
        peers: Asked::one(
            PEER_TOKEN,
            "alone",
            format!("grant_type=client_credentials&scope=username{resource}"),
        ),
    };
    Ok(vec![
        // First: those that follow make so many tokens of the same grant that this one is replaced.
        Question {
            what: "Introspection of an opaque token",
            times: 5.0,
            note: "by the client it belongs to",
            says: "\"active\":true",
            ours: Asked::one(
                "/oauth2/introspect",
                seed::OPAQUE,
                introspect(server, TOKEN, seed::OPAQUE).await?,
            ),
            peers: Asked::one(
                "/token/introspection",
                "alone",
                introspect(&peer.running, PEER_TOKEN, "alone").await?,
            ),
        },
        alone("client_credentials, opaque", 3.0, seed::OPAQUE, ""),
        alone("client_credentials, JWT by ES256", 4.0, seed::ES256, "&resource=urn:bench:ES256"),
        alone("client_credentials, JWT by RS256", 1.3, seed::RS256, "&resource=urn:bench:RS256"),
        Question {
            what: "Refresh, opaque",
            times: 2.0,
            note: "the refresh token stays",
            says: "\"access_token\"",
            ours: Asked { path: TOKEN, client: basic(seed::REFRESHES), forms: our_refreshes(server).await? },
            peers: Asked {
                path: PEER_TOKEN,
                client: basic("app"),
                forms: peer.refresh.iter().map(|token| refresh(token)).collect(),
            },
        },
    ])
}

fn refresh(token: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={token}")
}

/// The question what a new token of this client is worth.
async fn introspect(server: &Running, path: &str, client_id: &str) -> Outcome<String> {
    let ask = form(path, &basic(client_id), "grant_type=client_credentials&scope=username".to_owned());
    let body = Client::connect(server.address).await?.ask(ask).await?;
    Ok(format!("token={}", super::member(&body, "access_token")?))
}

async fn our_refreshes(server: &Running) -> Outcome<Vec<String>> {
    let mut client = Client::connect(server.address).await?;
    let mut forms = Vec::with_capacity(TOKENS);
    for _ in 0..TOKENS {
        let body = format!("grant_type=password&username={}&password={}", seed::SCRIPT, seed::PASSWORD);
        let body = client.ask(form("/uaa/oauth/token", &basic(seed::REFRESHES), body)).await?;
        forms.push(refresh(&super::member(&body, "refresh_token")?));
    }
    Ok(forms)
}
