//! The clients people really use, unmodified from their registries, against the release binary.
//!
//! Their scripts stand in `clients/`; they and their libraries, in the versions of the lock files, are put
//! together in `target/clients`. Every client gets a server and data of its own.

use std::path::Path;
use std::process::Command;

use super::server::{Server, free_port};
use super::{Failure, finish};

/// Where scripts and libraries are put together.
pub(crate) const PLACE: &str = "target/clients";

/// Pastes the README's lines into a shell, as its reader would.
pub(super) fn readme() -> Result<(), Failure> {
    let text = std::fs::read_to_string("README.md").map_err(|error| format!("README.md: {error}"))?;
    let lines = pasted(&text);
    if !lines.contains("/uaa/oauth/token") {
        return Err("README.md shows no line that asks for a token".to_owned());
    }
    let server = Server::kibali("readme", None)?;
    let script = lines.replace("http://127.0.0.1:8080", &format!("http://127.0.0.1:{}", server.port));
    finish(Command::new("bash").args(["-e", "-u", "-o", "pipefail", "-c", &script]))
}

/// The `sh` blocks of the README's journey, those that talk to the server, one after the other.
fn pasted(text: &str) -> String {
    let journey = text.split("\n## ").find(|section| section.starts_with("The journey")).unwrap_or_default();
    let blocks = journey.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.collect::<Vec<_>>().join("\n")
}

/// What Node runs, each a script of its own.
const NODE: &[&str] = &[
    "openid-client",
    "openid-client-keys",
    "openid-client-dpop",
    "openid-client-registration",
    "oauth4webapi",
    "oauth4webapi-dpop",
    "simple-oauth2",
    "d2",
    "app-runtime",
];

/// newman's collections, openid-client, oauth4webapi, simple-oauth2, d2 and @dhis2/app-runtime.
pub(super) fn node() -> Result<(), Failure> {
    npm_install()?;
    all(&["tutorial", "modern"], |name| {
        let server = Server::kibali(name, None)?;
        let (collection, base) =
            (format!("newman/{name}.json"), format!("base=http://127.0.0.1:{}", server.port));
        let run = ["node_modules/.bin/newman", "run", &collection, "--env-var", &base];
        finish(Command::new("node").current_dir(PLACE).args(run)).map_err(|why| format!("{name}: {why}"))
    })?;
    all(NODE, |name| client(name, Command::new("node").arg(format!("node/{name}.js"))))
}

/// Authlib, requests-oauthlib and dhis2.py. Node lends them its person at a browser.
pub(super) fn python() -> Result<(), Failure> {
    pip_install()?;
    let python = Path::new(PLACE).join(".venv/bin/python").canonicalize().is_ok();
    if !python {
        return Err("the virtual environment has no python".to_owned());
    }
    all(&["authlib_flows", "requests_oauthlib_flows", "dhis2_py"], |name| {
        client(name, Command::new("./.venv/bin/python").arg(format!("python/{name}.py")))
    })
}

/// The crates `openidconnect` and `oauth2`, in a workspace of their own. Node lends them its person at a browser.
pub(super) fn rust() -> Result<(), Failure> {
    copy_scripts()?;
    let manifest = ["--manifest-path", "clients/rust/Cargo.toml"];
    finish(Command::new("cargo").arg("fmt").args(manifest).args(["--", "--check"]))?;
    let build = ["build", "--locked", "--quiet", "--target-dir", "target/clients/cargo"];
    finish(Command::new("cargo").args(build).args(manifest))?;
    all(&["openidconnect", "oauth2"], |name| client(name, &mut Command::new(format!("cargo/debug/{name}"))))
}

/// The walks of a person, in Debian's Chromium.
pub(super) fn browser() -> Result<(), Failure> {
    npm_install()?;
    let server = Server::kibali("browser", None)?;
    walk("journey", "direct", &format!("http://127.0.0.1:{}", server.port))
}

/// The same walks below `/dhis`, through Debian's nginx; there the server has a name, so that there can be passkeys.
pub(super) fn browser_behind_nginx() -> Result<(), Failure> {
    npm_install()?;
    let front = free_port()?;
    let base_url = format!("http://localhost:{front}/dhis");
    let server = Server::kibali("behind-nginx", Some(&base_url))?;
    let _nginx = Server::nginx(front, server.port)?;
    walk("journey", "nginx", &base_url)?;
    walk("passkeys", "passkeys", &base_url)
}

fn walk(script: &str, name: &str, base_url: &str) -> Result<(), Failure> {
    let mut command = Command::new("node");
    command.current_dir(PLACE).arg(format!("browser/{script}.js"));
    finish(command.env("KIBALI_URL", base_url).env("JOURNEY", name).env("SCREENSHOTS", "../screenshots"))
}

/// One client's script against a server of its own.
fn client(name: &str, command: &mut Command) -> Result<(), Failure> {
    println!("-- {name}");
    let server = Server::kibali(name, None)?;
    finish(command.current_dir(PLACE).env("KIBALI_URL", format!("http://127.0.0.1:{}", server.port)))
        .map_err(|why| format!("{name}: {why}"))
}

/// Runs `each` for every name, failures or not; the error names all that failed.
fn all(names: &[&str], each: impl Fn(&str) -> Result<(), Failure>) -> Result<(), Failure> {
    let failed: Vec<Failure> = names.iter().filter_map(|name| each(name).err()).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Puts the Node libraries and all scripts in place.
pub(crate) fn npm_install() -> Result<(), Failure> {
    copy_scripts()?;
    once("package-lock.json", || {
        finish(Command::new("npm").current_dir(PLACE).args(["ci", "--loglevel=error"]))
    })
}

fn pip_install() -> Result<(), Failure> {
    copy_scripts()?;
    once("requirements.txt", || {
        finish(Command::new("/usr/bin/python3").current_dir(PLACE).args(["-m", "venv", "--clear", ".venv"]))?;
        let install = ["-m", "pip", "install", "--quiet", "--no-deps", "--requirement", "requirements.txt"];
        finish(Command::new("./.venv/bin/python").current_dir(PLACE).args(install))
    })
}

/// Libraries are found beside the scripts; they must not lie in the source tree.
fn copy_scripts() -> Result<(), Failure> {
    std::fs::create_dir_all(PLACE).map_err(|error| error.to_string())?;
    finish(Command::new("cp").args(["-R", "clients/.", PLACE]))
}

/// Runs `install` unless it was last run for the same `lock` file.
fn once(lock: &str, install: impl Fn() -> Result<(), Failure>) -> Result<(), Failure> {
    let lock = Path::new(PLACE).join(lock);
    let mark = lock.with_extension("installed");
    let wanted = std::fs::read(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    if std::fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    std::fs::write(&mark, wanted).map_err(|error| error.to_string())
}
