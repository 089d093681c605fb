//! What steps need beside Rust, and how to get it on Debian.

use std::process::{Command, Stdio};

/// A program of the machine.
pub(super) struct Tool {
    /// Debian's package for it.
    pub(super) package: &'static str,
    /// A shell test that succeeds where it is installed.
    test: &'static str,
}

pub(super) const COMPILER: Tool = Tool { package: "gcc", test: "command -v cc" };
pub(super) const POSTGRESQL: Tool =
    Tool { package: "postgresql", test: "ls /usr/lib/postgresql/*/bin/initdb" };
pub(super) const CURL: Tool = Tool { package: "curl", test: "command -v curl" };
pub(super) const NODE: Tool = Tool { package: "nodejs", test: "command -v node" };
pub(super) const NPM: Tool = Tool { package: "npm", test: "command -v npm" };
pub(super) const PYTHON: Tool =
    Tool { package: "python3-venv", test: "/usr/bin/python3 -c 'import ensurepip'" };
pub(super) const CHROMIUM: Tool = Tool { package: "chromium", test: "test -x /usr/bin/chromium" };
pub(super) const NGINX: Tool = Tool { package: "nginx-light", test: "test -x /usr/sbin/nginx" };

impl Tool {
    pub(super) fn is_there(&self) -> bool {
        shell(self.test)
    }
}

/// Installs the packages of the tools that are absent, as root on Debian. Elsewhere nothing happens; the
/// steps say what they lack.
pub(super) fn install_missing(tools: &[&Tool]) {
    let mut missing: Vec<&str> =
        tools.iter().filter(|tool| !tool.is_there()).map(|tool| tool.package).collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() || !shell("test \"$(id -u)\" = 0 && command -v apt-get") {
        return;
    }
    println!("== installing {}", missing.join(" "));
    let install = "install --yes --quiet --no-install-recommends";
    for arguments in ["update --quiet".to_owned(), format!("{install} {}", missing.join(" "))] {
        let done = Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments.split(' '))
            .stdout(Stdio::null())
            .status();
        if !done.is_ok_and(|status| status.success()) {
            println!("apt-get {arguments}: failed");
        }
    }
}

fn shell(line: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", line]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
