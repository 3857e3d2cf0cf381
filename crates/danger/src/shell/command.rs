//! What one command does.

use std::collections::BTreeSet;

use super::split::{Command, Link};
use crate::Danger;

impl Command {
    /// Adds the classes of what the command does by itself.
    pub(super) fn classify(&self, found: &mut BTreeSet<Danger>) {
        if self.deletes() {
            found.insert(Danger::ShellDelete);
        }
        if self.writes_to_disk() {
            found.insert(Danger::ShellDisk);
        }
        if self.opens_shell() {
            found.insert(Danger::ShellReverse);
        }
        if self.runs_encoded() {
            found.insert(Danger::ShellPipe);
        }
    }

    fn has(&self, words: &[&str]) -> bool {
        self.args().iter().any(|arg| words.iter().any(|word| arg.eq_ignore_ascii_case(word)))
    }

    /// Whether a short flag such as `-rf` holds one of `letters`.
    fn has_flag(&self, letters: &[char]) -> bool {
        let short = |arg: &&String| arg.starts_with('-') && !arg.starts_with("--") && arg.len() <= 8;
        self.args().iter().filter(short).any(|arg| arg.contains(letters))
    }

    fn has_switch(&self, start: &str) -> bool {
        self.args().iter().any(|arg| arg.to_ascii_lowercase().starts_with(start))
    }

    fn contains(&self, parts: &[&str]) -> bool {
        self.words.iter().any(|word| {
            let word = word.to_ascii_lowercase();
            parts.iter().any(|part| word.contains(part))
        })
    }

    /// Whether it has an argument that is no flag.
    fn has_object(&self) -> bool {
        self.args().iter().any(|arg| !arg.starts_with('-'))
    }

    fn deletes(&self) -> bool {
        let recursive =
            || self.has_flag(&['r', 'R']) || self.has_switch("--recurs") || self.has_switch("-rec");
        match self.name() {
            "rm" => recursive() || self.args().iter().any(|arg| arg.contains('*')),
            "find" => {
                self.has(&["-delete"])
                    || self.has(&["-exec", "-execdir", "-ok"])
                        && self.has(&["rm", "/bin/rm", "shred", "unlink"])
            }
            "xargs" | "parallel" => self.has(&["rm", "/bin/rm", "shred", "unlink"]),
            "shred" | "srm" | "wipe" | "rimraf" => {
                self.args().iter().any(|arg| arg.contains(['/', '.', '*', '_'])) || self.args().len() == 1
            }
            "remove-item" | "ri" | "rd" | "rmdir" | "del" | "erase" => recursive() || self.has_switch("/s"),
            "git" => self.has(&["clean"]) && (self.has_flag(&['f']) || self.has(&["--force"])),
            "format" => self.is_drive(),
            "python" | "python3" | "perl" | "ruby" | "node" | "php" => {
                self.has_flag(&['c', 'e', 'r'])
                    && self.contains(&["rmtree", "rm_rf", "rmsync", "rm -rf", "remove_entry"])
            }
            name => name == "mkfs" || name.starts_with("mkfs."),
        }
    }

    fn is_drive(&self) -> bool {
        self.args().iter().any(|arg| matches!(arg.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic()))
    }

    fn writes_to_disk(&self) -> bool {
        let device = || self.args().iter().any(|arg| is_disk(arg));
        let redirects =
            self.words.windows(2).any(|pair| matches!(pair, [to, disk] if to == ">" && is_disk(disk)));
        let writes = match self.name() {
            "dd" => self.args().iter().any(|arg| arg.strip_prefix("of=").is_some_and(is_disk)),
            "fdisk" | "sfdisk" | "gdisk" | "sgdisk" | "cfdisk" | "parted" => {
                device() && !self.has(&["-l", "--list", "print", "-p"])
            }
            "wipefs" | "blkdiscard" | "shred" | "tee" | "cp" | "badblocks" | "hdparm" | "pvcreate"
            | "cryptsetup" => device(),
            "diskpart" => true,
            "format" => self.is_drive(),
            "diskutil" => self.has_switch("erase") || self.has_switch("partition"),
            "clear-disk" | "format-volume" | "initialize-disk" => !self.args().is_empty(),
            name => name == "mkfs" && self.has_object() || name.starts_with("mkfs."),
        };
        writes || redirects
    }

    fn opens_shell(&self) -> bool {
        const SOCKETS: &[&str] =
            &["socket", "fsockopen", "tcpclient", "tcpsocket", "net.connect", "child_process"];
        const SHELLS: &[&str] = &[
            "dup2",
            "/bin/sh",
            "/bin/bash",
            "cmd.exe",
            "pty.spawn",
            "exec(",
            "exec ",
            "subprocess",
            "iex",
            "invoke-expression",
            "getstream",
            "proc_open",
        ];
        match self.name() {
            "nc" | "ncat" | "netcat" | "nc.traditional" => {
                self.has_flag(&['e', 'c']) || self.has(&["--exec", "--sh-exec"])
            }
            "socat" => {
                self.has_switch("exec:")
                    || self.has_switch("system:")
                    || self.contains(&[",exec:", "exec:'", "exec:\""])
            }
            "powershell" | "pwsh" => self.contains(&["net.sockets.tcpclient"]),
            "python" | "python2" | "python3" | "perl" | "ruby" | "php" | "node" | "lua" => {
                self.contains(SOCKETS) && self.contains(SHELLS)
            }
            "awk" | "gawk" => self.contains(&["/inet/tcp/"]),
            "" => false,
            name => {
                let redirects = self
                    .words
                    .iter()
                    .any(|word| word.starts_with("/dev/tcp/") || word.starts_with("/dev/udp/"));
                redirects && (self.words.iter().any(|word| word == ">" || word == "<") || name == "cat")
            }
        }
    }

    /// Whether it runs what is encoded in, or fetched by, its own arguments.
    fn runs_encoded(&self) -> bool {
        let fetches =
            || self.contains(&["downloadstring", "webclient", "frombase64string", "invoke-webrequest"]);
        match self.name() {
            "powershell" | "pwsh" => {
                self.has_switch("-e")
                    && self.args().iter().any(|arg| arg.len() > 40)
                    && !self.has_switch("-ex")
                    || fetches()
            }
            "iex" | "invoke-expression" => fetches() || self.has(&["iwr", "irm"]),
            "mshta" | "regsvr32" | "rundll32" => self.contains(&["http:", "https:"]),
            "python" | "python3" | "perl" | "ruby" | "node" | "php" => {
                self.contains(&["exec(", "eval("])
                    && self.contains(&["urlopen", "b64decode", "base64_decode", "requests.get"])
            }
            _ => false,
        }
    }

    /// The command line that an argument is.
    pub(super) fn inner_line(&self) -> Option<String> {
        let after = |flags: &[&str]| {
            let at =
                self.args().iter().position(|arg| flags.iter().any(|flag| arg.eq_ignore_ascii_case(flag)))?;
            Some(self.args().get(at + 1..)?.join(" "))
        };
        match self.name() {
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "fish" | "su" | "script" => {
                let at = self.args().iter().position(|arg| arg.starts_with('-') && arg.ends_with('c'))?;
                self.args().get(at + 1).cloned()
            }
            "eval" | "exec" | "iex" | "invoke-expression" | "watch" | "xargs" => Some(self.args().join(" ")),
            "timeout" => Some(self.args().get(1..)?.join(" ")),
            "cmd" => after(&["/c", "/k"]),
            "powershell" | "pwsh" => after(&["-c", "-command", "/c"]).or_else(|| Some(self.args().join(" "))),
            "docker" | "kubectl" | "podman" => after(&["exec", "run"])
                .and_then(|line| line.split_once(" -- ").map(|(_, line)| line.to_owned())),
            "ssh" => self.args().last().filter(|arg| arg.contains(' ')).cloned(),
            _ => None,
        }
        .filter(|line| !line.is_empty())
    }

    /// Whether its name is one of a command.
    pub(super) fn is_known(&self) -> bool {
        PLAIN.contains(&self.name()) || WORDS.contains(&self.name())
    }

    /// Whether it is a command and no part of a sentence.
    pub(super) fn is_sure(&self) -> bool {
        let is_argument = |arg: &String| {
            arg.len() > 1
                && (arg.starts_with(['-', '/', '~', '.', '$', '%'])
                    || arg.contains("://")
                    || arg.contains('/')
                    || arg.contains(".."))
                || arg.bytes().all(|byte| byte.is_ascii_digit())
                || arg == ">"
        };
        let argues = self.args().iter().any(is_argument);
        let is_alone = self.args().is_empty();
        let is_pointed = self.link == Link::Inside || self.link == Link::Pipe || self.link == Link::Then;
        is_pointed
            && (PLAIN.contains(&self.name()) && (argues || is_alone)
                || WORDS.contains(&self.name()) && (argues || is_alone && self.link == Link::Inside))
    }
}

/// Whether it fetches or decodes what is then piped on.
pub(super) fn is_fetch(command: &Command) -> bool {
    match command.name() {
        "curl" | "wget" | "iwr" | "irm" | "invoke-webrequest" | "invoke-restmethod" | "aria2c" | "lynx"
        | "fetch" => !command.args().is_empty(),
        "base64" | "base32" => command.has_flag(&['d', 'D']) || command.has(&["--decode"]),
        "openssl" => command.has(&["enc", "base64", "-d"]),
        "xxd" => command.has_flag(&['r']),
        "rev" | "uudecode" => true,
        "printf" | "echo" => command.contains(&["\\x", "\\u00"]),
        "new-object" => command.contains(&["webclient"]),
        "[system.convert]::frombase64string" => true,
        _ => false,
    }
}

/// Whether it runs what it reads.
pub(super) fn is_interpreter(command: &Command) -> bool {
    let reads_input = command.args().iter().all(|arg| arg == "-" || arg == "-s" || arg == "/dev/stdin")
        || command.has(&["-s", "/dev/stdin"]);
    match command.name() {
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "fish" | "python" | "python2" | "python3"
        | "perl" | "ruby" | "node" | "php" | "pwsh" | "powershell" | "cmd" => {
            reads_input
                || command.args().iter().all(|arg| arg.starts_with('-')) && !command.has(&["-c", "-m", "-e"])
        }
        "iex" | "invoke-expression" | "source" | "." | "eval" => true,
        "xargs" => command.has(&["sh", "bash", "eval"]),
        _ => false,
    }
}

/// Whether a path names a disk or the memory.
fn is_disk(path: &str) -> bool {
    const DISKS: [&str; 12] =
        ["sd", "hd", "vd", "xvd", "nvme", "mmcblk", "disk", "rdisk", "mem", "kmem", "mapper/", "md"];
    match path.strip_prefix("/dev/") {
        Some(name) => DISKS.iter().any(|disk| name.starts_with(disk)),
        None => path.to_ascii_lowercase().starts_with(r"\\.\physicaldrive"),
    }
}

/// Names of commands that are no words of a language.
const PLAIN: [&str; 60] = [
    "awk",
    "bash",
    "base64",
    "cd",
    "certutil",
    "chmod",
    "chown",
    "cmd",
    "cp",
    "crontab",
    "curl",
    "dd",
    "del",
    "dig",
    "dir",
    "docker",
    "git",
    "grep",
    "hostname",
    "id",
    "ifconfig",
    "ipconfig",
    "iwr",
    "kubectl",
    "ls",
    "mkdir",
    "mkfifo",
    "mv",
    "nc",
    "ncat",
    "netcat",
    "netstat",
    "nmap",
    "npm",
    "nslookup",
    "perl",
    "php",
    "powershell",
    "printenv",
    "printf",
    "ps",
    "pwd",
    "pwsh",
    "python",
    "python3",
    "reboot",
    "rm",
    "rmdir",
    "scp",
    "sed",
    "sh",
    "socat",
    "ssh",
    "sudo",
    "systeminfo",
    "tar",
    "telnet",
    "uname",
    "wget",
    "whoami",
];

/// Names of commands that are words of a language too.
const WORDS: [&str; 34] = [
    "cat", "date", "echo", "env", "eval", "export", "file", "find", "format", "head", "host", "kill", "less",
    "make", "more", "node", "ping", "ruby", "set", "shutdown", "sleep", "sort", "source", "strings", "su",
    "tail", "tee", "test", "top", "touch", "type", "w", "who", "xargs",
];
