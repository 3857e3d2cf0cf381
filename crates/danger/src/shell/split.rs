//! Splits a text into commands and words, as a shell does.

/// What stands before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// An opening `$(`, `<(`, `(` or backtick.
    Inside,
    /// A `|`.
    Pipe,
    /// Nothing.
    Start,
    /// `;`, `&`, `&&`, `||` or a line break.
    Then,
}

/// A command with its words, quotes and escapes resolved.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) words: Vec<String>,
    pub(super) link: Link,
    /// Of a command in a substitution, the name of the one around it.
    pub(super) parent: String,
    /// Whether it stands in backticks with blanks around them.
    pub(super) is_code_span: bool,
    /// Whether a word before it was `name=value`.
    pub(super) is_assignment: bool,
}

/// Commands that run what they are given.
pub(super) const RUNS: [&str; 14] = [
    ".",
    "ash",
    "bash",
    "dash",
    "eval",
    "exec",
    "iex",
    "invoke-expression",
    "ksh",
    "python",
    "python3",
    "sh",
    "source",
    "zsh",
];

/// Words that stand before a command and are none.
const PREFIXES: [&str; 22] = [
    "!", "&", "builtin", "busybox", "command", "do", "doas", "else", "env", "exec", "if", "nice", "nohup",
    "npx", "setsid", "start", "stdbuf", "sudo", "then", "time", "while", "{",
];

impl Command {
    fn new(link: Link, parent: &str) -> Self {
        Self { words: Vec::new(), link, parent: parent.to_owned(), is_code_span: false, is_assignment: false }
    }

    /// What is run, in lower case, without folders and `.exe`.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The words behind the name.
    pub(super) fn args(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    fn finish(mut self) -> Self {
        let is_assignment = |word: &String| word.split_once('=').is_some_and(|(name, _)| is_name(name));
        let is_before =
            |word: &&String| PREFIXES.contains(&word.to_ascii_lowercase().as_str()) || is_assignment(word);
        self.is_assignment = self.words.first().is_some_and(is_assignment);
        let mut n = self.words.iter().take_while(is_before).count();
        if n > 0 {
            // Flags of `sudo`, `env` and the like.
            n += self.words.iter().skip(n).take_while(|word| word.starts_with('-')).count();
        }
        self.words.drain(..n.min(self.words.len()));
        if let Some([first]) = self.words.get_mut(..1) {
            let name = first.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
            *first = name.strip_suffix(".exe").unwrap_or(&name).to_owned();
        }
        self
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The commands of a text in the order in which they start.
pub(super) fn split(text: &str) -> Vec<Command> {
    let mut splitter = Splitter::default();
    splitter.open(Link::Start, '\0');
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(ch) = chars.next() {
        crate::work::add(1);
        let next = chars.peek().copied().unwrap_or('\n');
        let n_skipped = splitter.take(ch, next, before);
        before = ch;
        for _ in 0..n_skipped {
            before = chars.next().unwrap_or(before);
        }
    }
    splitter.finish()
}

#[derive(Debug, Default)]
struct Splitter {
    done: Vec<(usize, Command)>,
    frames: Vec<Frame>,
    n_opened: usize,
}

/// A command that is being read, in a substitution or not.
#[derive(Debug)]
struct Frame {
    order: usize,
    command: Command,
    word: Option<String>,
    quote: Quote,
    closes: char,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    Double,
    None,
    Single,
}

impl Splitter {
    fn open(&mut self, link: Link, closes: char) {
        let parent = self.frames.last().map_or_else(String::new, |frame| frame.command.clone_name());
        self.n_opened += 1;
        let command = Command::new(link, &parent);
        self.frames.push(Frame { order: self.n_opened, command, word: None, quote: Quote::None, closes });
    }

    fn end_word(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            let Some(word) = frame.word.take() else { return };
            match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
                Some(list) if list.contains(',') => {
                    frame.command.words.extend(list.split(',').map(str::to_owned))
                }
                Some(_) | None => frame.command.words.push(word),
            }
        }
    }

    fn end_command(&mut self, link: Link) {
        self.end_word();
        self.n_opened += 1;
        let order = self.n_opened;
        let Some(frame) = self.frames.last_mut() else { return };
        let next =
            Command { is_code_span: frame.command.is_code_span, ..Command::new(link, &frame.command.parent) };
        let command = std::mem::replace(&mut frame.command, next);
        self.done.push((std::mem::replace(&mut frame.order, order), command));
    }

    fn close(&mut self) {
        if self.frames.len() > 1 {
            self.end_command(Link::Then);
            self.frames.pop();
            if let Some(frame) = self.frames.last_mut() {
                frame.word.get_or_insert_default();
            }
        } else {
            self.end_command(Link::Then);
        }
    }

    fn push(&mut self, ch: char) {
        if let Some(frame) = self.frames.last_mut() {
            frame.word.get_or_insert_default().push(ch);
        }
    }

    /// Takes a character, and returns how many after it belong to it.
    fn take(&mut self, ch: char, next: char, before: char) -> usize {
        let (quote, closes) =
            self.frames.last().map_or((Quote::None, '\0'), |frame| (frame.quote, frame.closes));
        match (quote, ch) {
            (Quote::Single, '\'') => self.set_quote(Quote::None),
            (Quote::Single, ch) => self.push(ch),
            (_, '\\') if next == '\n' => return 1,
            // Before a letter, a backslash is kept too: it may be in a path of Windows.
            (_, '\\') if next.is_ascii_uppercase() || next.is_ascii_digit() || before == ':' => self.push(ch),
            (_, '\\') => {
                self.push(next);
                return 1;
            }
            (_, '$') if next == '(' => {
                self.open(Link::Inside, ')');
                return 1;
            }
            (_, '`') if closes == '`' => self.close(),
            (_, '`') => {
                self.open(Link::Inside, '`');
                if let Some(frame) = self.frames.last_mut() {
                    frame.command.is_code_span = matches!(before, ' ' | '\n' | '(' | '"' | '\'');
                }
            }
            (Quote::Double, '"') => self.set_quote(Quote::None),
            (Quote::Double, ch) => self.push(ch),
            (Quote::None, ch) => return self.unquoted(ch, next, closes),
        }
        0
    }

    fn unquoted(&mut self, ch: char, next: char, closes: char) -> usize {
        match ch {
            '\'' => self.set_quote(Quote::Single),
            '"' => self.set_quote(Quote::Double),
            ')' if closes == ')' => self.close(),
            '<' | '>' if next == '(' => {
                self.open(Link::Inside, ')');
                return 1;
            }
            '(' => self.open(Link::Inside, ')'),
            '>' | '<' => {
                self.end_word();
                self.push(ch);
                self.end_word();
                return usize::from(matches!(next, '>' | '|'));
            }
            '|' if next == '|' => {
                self.end_command(Link::Then);
                return 1;
            }
            '|' => {
                self.end_command(Link::Pipe);
                return usize::from(next == '&');
            }
            '&' if next == '>' => {}
            '&' if self.ends_with_redirect() => self.push(ch),
            ';' | '&' | '\n' | '\r' => {
                self.end_command(Link::Then);
                return usize::from(ch == '&' && next == '&');
            }
            ch if ch.is_whitespace() => self.end_word(),
            ch => self.push(ch),
        }
        0
    }

    fn ends_with_redirect(&self) -> bool {
        let frame = self.frames.last().filter(|frame| frame.word.is_none());
        frame.and_then(|frame| frame.command.words.last()).is_some_and(|word| word == ">" || word == "<")
    }

    fn set_quote(&mut self, quote: Quote) {
        if let Some(frame) = self.frames.last_mut() {
            frame.quote = quote;
            frame.word.get_or_insert_default();
        }
    }

    fn finish(mut self) -> Vec<Command> {
        while self.frames.len() > 1 {
            self.close();
        }
        self.end_command(Link::Then);
        self.done.sort_by_key(|(order, _)| *order);
        let commands = self.done.into_iter().map(|(_, command)| command.expanded().finish());
        commands.filter(|command| !command.words.is_empty() || command.is_assignment).collect()
    }
}

impl Command {
    fn clone_name(&self) -> String {
        // Bounded, since every substitution in a command asks for it.
        let mut words = self.words.iter().take(8);
        let name = words.find(|word| !PREFIXES.contains(&word.as_str()) && word.len() <= 32);
        name.map(|word| word.to_ascii_lowercase()).unwrap_or_default()
    }

    /// Splits words at `$IFS`, and leaves out variables that are empty.
    fn expanded(mut self) -> Self {
        if self.words.iter().any(|word| word.contains('$')) {
            let ifs = |word: String| {
                word.replace("${IFS}", " ").replace("$IFS$9", " ").replace("$IFS", " ").replace("$@", "")
            };
            let words = self.words.into_iter().map(|word| {
                if word.contains('$') && !word.contains(' ') {
                    ifs(word)
                } else {
                    word.replace(' ', "\u{a0}")
                }
            });
            self.words = words
                .flat_map(|word| word.split(' ').map(|word| word.replace('\u{a0}', " ")).collect::<Vec<_>>())
                .collect();
            self.words.retain(|word| !word.is_empty());
        }
        self
    }
}
