//! SMB 1 (\[MS-CIFS\] 2.2, \[MS-SMB\] 2.2): one message with its AndX chain.

use medward_model::Verb;

use super::super::at::{array, byte, extension, le16, le32, slice, utf16};
use super::connection::{Answer, Connection, Request, disposition, made};
use super::ledger::{Key, Opened, opened_name, share_name};
use super::{
    DIALECT, DIALECTS, DOMAIN, NATIVE_LANMAN, NATIVE_OS, SERVER_NAME, SIGNING, SOFTWARE, server_guid,
};
use crate::{Context, Side, clean, clean_bytes};

const HEADER: usize = 32;
/// Commands in one AndX chain that are read.
const MAX_CHAIN: usize = 8;
const UNICODE: u16 = 0x8000;
const NT_STATUS: u16 = 0x4000;
const EXTENDED_SECURITY: u32 = 0x8000_0000;

/// One command of a message.
#[derive(Clone, Copy)]
struct Block<'a> {
    command: u8,
    /// The whole message, from the header on.
    message: &'a [u8],
    words: &'a [u8],
    bytes: &'a [u8],
    /// Where `bytes` stands in `message`.
    start: usize,
    unicode: bool,
}

impl Block<'_> {
    /// A string of the message's kind at `place` in `bytes`, and where the next begins. Unicode strings stand at even
    /// places of the message unless `packed`.
    fn string(&self, place: usize, packed: bool) -> (String, usize) {
        if !self.unicode {
            let rest = self.bytes.get(place..).unwrap_or(&[]);
            let length = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
            let text = clean_bytes(rest.get(..length).unwrap_or(rest));
            return (text, place.saturating_add(length).saturating_add(1));
        }
        let odd = !packed && self.start.saturating_add(place) % 2 == 1;
        let place = place.saturating_add(usize::from(odd));
        let rest = self.bytes.get(place..).unwrap_or(&[]);
        let pairs = rest.as_chunks::<2>().0;
        let length = pairs.iter().position(|pair| *pair == [0, 0]).unwrap_or(pairs.len());
        let text = utf16(rest.get(..length * 2).unwrap_or(rest));
        (clean(&text).into_owned(), place.saturating_add(length * 2 + 2))
    }
}

/// Whether the message moves the content of files.
pub(super) fn is_bulk(bytes: &[u8]) -> bool {
    matches!(
        (byte(bytes, 4), byte(bytes, 9).map(|flags| flags & 0x80)),
        (Some(0x2f | 0x0b | 0x1d), Some(0)) | (Some(0x2e | 0x0a), Some(0x80))
    )
}

/// Reads the message in `bytes`, which may be cut.
pub(super) fn read(bytes: &[u8], connection: &mut Connection, cx: &mut Context<'_>) {
    let (Some(first), Some(raw), Some(flags), Some(flags2)) =
        (byte(bytes, 4), le32(bytes, 5), byte(bytes, 9), le16(bytes, 10))
    else {
        return;
    };
    let (Some(tree), Some(process), Some(multiplex)) = (le16(bytes, 24), le16(bytes, 26), le16(bytes, 30))
    else {
        return;
    };
    let answer = flags & 0x80 != 0;
    if answer != (cx.side() == Side::Responder) {
        return;
    }
    // A DOS error (class, then code) is a failure that NTSTATUS has no number for.
    let status = if flags2 & NT_STATUS != 0 || raw == 0 { raw } else { 0xe000_0000 | raw };
    let id = u64::from(multiplex) | u64::from(process) << 16;
    let mut command = first;
    let mut place = HEADER;
    if !answer && command != 0x72 {
        cx.asks(Side::Originator, Verb::Command, "SMB1 request", "", &[]);
    }
    for link in 0..MAX_CHAIN {
        let Some(count) = byte(bytes, place) else { return };
        let words_length = usize::from(count) * 2;
        let Some(words) = slice(bytes, place + 1, words_length) else { return };
        let start = place + 3 + words_length;
        let length = usize::from(le16(bytes, start - 2).unwrap_or(0));
        let rest = bytes.get(start..).unwrap_or(&[]);
        let block = Block {
            command,
            message: bytes,
            words,
            bytes: rest.get(..length).unwrap_or(rest),
            start,
            unicode: flags2 & UNICODE != 0,
        };
        // Each link of a chain waits by itself.
        let id = id | (link as u64) << 40 | u64::from(command) << 48;
        let _ = if answer {
            let head = Answer { status, tree: u32::from(tree), ..Answer::default() };
            response(&block, id, head, connection, cx)
        } else {
            request(&block, id, u32::from(tree), connection, cx)
        };
        let chained = matches!(command, 0x24 | 0x2d | 0x2e | 0x2f | 0x73 | 0x74 | 0x75 | 0xa2);
        let (Some(next), Some(offset)) = (byte(words, 0), le16(words, 2)) else { return };
        if !chained || next == 0xff || usize::from(offset) < start {
            return;
        }
        command = next;
        place = usize::from(offset);
    }
}

fn key(file: u16) -> Key {
    let mut key = [0; 16];
    let [low, high] = file.to_le_bytes();
    let [a, b, ..] = &mut key;
    (*a, *b) = (low, high);
    key
}

fn request(
    block: &Block<'_>,
    id: u64,
    tree: u32,
    connection: &mut Connection,
    cx: &mut Context<'_>,
) -> Option<()> {
    let words = block.words;
    let request = match block.command {
        0x72 => {
            let dialects: Vec<String> = block
                .bytes
                .split(|b| *b == 0)
                .filter_map(|dialect| dialect.strip_prefix(&[2]))
                .take(16)
                .map(clean_bytes)
                .collect();
            if connection.said.first("offer1") {
                cx.evidence(cx.sender(), &DIALECTS, &dialects.join(", "));
            }
            let offers = dialects.join(", ");
            cx.asks(Side::Originator, Verb::Connect, "SMB1 negotiate", "", &[("dialects", &offers)]);
            connection.offered(dialects);
            return Some(());
        }
        0x73 => {
            login(block, connection, cx);
            Request::Login
        }
        0x75 => {
            let password = usize::from(le16(words, 6)?);
            let (path, _) = block.string(password, false);
            Request::Tree { share: share_name(&path) }
        }
        0x71 | 0x74 => Request::Leave,
        0xa2 => {
            let (name, _) = block.string(0, false);
            let (name, pipe) = opened_name(&name, connection.ledger.is_pipe(tree));
            let opened = Opened {
                tree,
                name,
                pipe,
                disposition: disposition(le32(words, 35)?),
                access: le32(words, 15)?,
                directory: le32(words, 39)? & 1 != 0,
                delete: le32(words, 39)? & 0x1000 != 0,
                ..Opened::default()
            };
            Request::Open { opened }
        }
        0x2d => {
            let (name, _) = block.string(0, false);
            let (name, pipe) = opened_name(&name, connection.ledger.is_pipe(tree));
            let access = u32::from(le16(words, 6)?);
            Request::Open { opened: Opened { tree, name, pipe, access, ..Opened::default() } }
        }
        0x2e => Request::Read { key: key(le16(words, 4)?) },
        0x2f => {
            let key = key(le16(words, 4)?);
            let offset = usize::from(le16(words, 22)?);
            connection.ledger.pipe(&key, block.message.get(offset..).unwrap_or(&[]), cx);
            Request::Write { key }
        }
        0x04 => Request::Close { key: key(le16(words, 0)?) },
        0x06 => Request::DeletePath { extension: extension(&block.string(1, false).0) },
        0x07 => {
            let (from, next) = block.string(1, false);
            let (to, _) = block.string(next.saturating_add(1), false);
            Request::Rename { key: None, from: extension(&from), to: extension(&to) }
        }
        // A pipe transaction: setup is the function and the pipe's handle (MS-CIFS 2.2.5.6).
        0x25 if le16(words, 28) == Some(0x26) => {
            let key = key(le16(words, 30)?);
            let (length, offset) = (usize::from(le16(words, 22)?), usize::from(le16(words, 24)?));
            connection.ledger.pipe(&key, slice(block.message, offset, length).unwrap_or(&[]), cx);
            Request::Transceive { key }
        }
        0x25 => Request::Transaction { name: "TRANSACTION".to_owned() },
        0x32 => trans2(block, connection, tree)?,
        0x33 => Request::Transaction { name: "TRANS2_SECONDARY".to_owned() },
        0xa0 => Request::Transaction { name: nt_transaction(le16(words, 36)?) },
        0xa1 => Request::Transaction { name: "NT_TRANSACT_SECONDARY".to_owned() },
        _ => return Some(()),
    };
    // Secondary requests have no answer of their own; the first of a kind is told at once.
    if let (Request::Transaction { name }, 0x33 | 0xa1) = (&request, block.command) {
        connection.unanswered(name, cx);
        return Some(());
    }
    connection.ask(id, tree, request);
    Some(())
}

fn login(block: &Block<'_>, connection: &mut Connection, cx: &mut Context<'_>) -> Option<()> {
    let words = block.words;
    let place = match words.len() {
        24 => {
            let length = usize::from(le16(words, 14)?);
            connection.token(block.bytes.get(..length).unwrap_or(block.bytes), cx);
            length
        }
        26 => {
            let passwords = usize::from(le16(words, 14)?) + usize::from(le16(words, 16)?);
            let (account, next) = block.string(passwords, false);
            connection.plain_login(account.is_empty());
            let (_domain, next) = block.string(next, false);
            next
        }
        _ => return None,
    };
    natives(block, place, connection, cx);
    Some(())
}

/// NativeOS and NativeLanMan of the sender.
fn natives(block: &Block<'_>, place: usize, connection: &mut Connection, cx: &mut Context<'_>) {
    let (os, next) = block.string(place, false);
    let (lanman, _) = block.string(next, false);
    if !connection.said.first(("native", cx.side(), &os, &lanman)) {
        return;
    }
    for (field, text) in [(&NATIVE_OS, &os), (&NATIVE_LANMAN, &lanman)] {
        // Forged requests have rubbish here.
        if text.len() >= 3 && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic() || b >= 0x80) {
            cx.evidence(cx.sender(), field, text);
        }
    }
    if let Some(version) = lanman.strip_prefix("Samba ") {
        cx.software(cx.sender(), &SOFTWARE, "Samba", Some(version));
    }
}

fn trans2(block: &Block<'_>, connection: &mut Connection, tree: u32) -> Option<Request> {
    let words = block.words;
    let function = le16(words, 28)?;
    let part = |length: usize, offset: usize| {
        let (length, offset) = (usize::from(le16(words, length)?), usize::from(le16(words, offset)?));
        slice(block.message, offset, length)
    };
    // SET_FILE_INFORMATION and SET_PATH_INFORMATION (2.2.6.9, 2.2.6.7): disposition 0x102, or the NT level behind 1000.
    if matches!(function, 6 | 8) {
        let parameters = part(18, 20)?;
        let content = part(22, 24)?;
        if function == 8 {
            let key = key(le16(parameters, 0)?);
            match le16(parameters, 2)? {
                0x102 | 1013 => return Some(Request::Delete { key, on: byte(content, 0)? & 1 != 0 }),
                1010 => {
                    let length = usize::try_from(le32(content, 16)?).ok()?;
                    let name = utf16(slice(content, 20, length)?);
                    return Some(Request::Rename {
                        key: Some(key),
                        from: String::new(),
                        to: extension(&name),
                    });
                }
                _ => {}
            }
        }
    }
    if matches!(function, 1 | 2) {
        connection.ledger.listed(tree);
    }
    let name = match function {
        0 => "OPEN2",
        1 => "FIND_FIRST2",
        2 => "FIND_NEXT2",
        3 => "QUERY_FS_INFORMATION",
        4 => "SET_FS_INFORMATION",
        5 => "QUERY_PATH_INFORMATION",
        6 => "SET_PATH_INFORMATION",
        7 => "QUERY_FILE_INFORMATION",
        8 => "SET_FILE_INFORMATION",
        0x0d => "CREATE_DIRECTORY",
        0x0e => "SESSION_SETUP",
        0x10 => "GET_DFS_REFERRAL",
        other => return Some(Request::Transaction { name: format!("TRANS2 0x{other:04x}") }),
    };
    Some(Request::Transaction { name: format!("TRANS2_{name}") })
}

fn nt_transaction(function: u16) -> String {
    match function {
        1 => "NT_TRANSACT_CREATE",
        2 => "NT_TRANSACT_IOCTL",
        3 => "NT_TRANSACT_SET_SECURITY_DESC",
        4 => "NT_TRANSACT_NOTIFY_CHANGE",
        5 => "NT_TRANSACT_RENAME",
        6 => "NT_TRANSACT_QUERY_SECURITY_DESC",
        other => return format!("NT_TRANSACT 0x{other:04x}"),
    }
    .to_owned()
}

fn response<'a>(
    block: &Block<'a>,
    id: u64,
    mut answer: Answer<'a>,
    connection: &mut Connection,
    cx: &mut Context<'_>,
) -> Option<()> {
    let words = block.words;
    let good = answer.status == 0 || answer.status == 0x8000_0005;
    match block.command {
        0x72 if good => return negotiated(block, connection, cx),
        0x73 => {
            if answer.status == 0 && le16(words, 4).is_some_and(|action| action & 1 != 0) {
                answer.guest = "guest";
            }
            match words.len() {
                8 => {
                    let length = usize::from(le16(words, 6)?);
                    connection.token(block.bytes.get(..length).unwrap_or(block.bytes), cx);
                    natives(block, length, connection, cx);
                }
                6 => natives(block, 0, connection, cx),
                _ => {}
            }
        }
        0xa2 if good => {
            answer.key = le16(words, 5).map(key);
            answer.made = made(le32(words, 7)?);
        }
        0x2d if good => answer.key = le16(words, 4).map(key),
        0x2e if good => {
            let high = u64::from(le16(words, 14).unwrap_or(0));
            answer.length = u64::from(le16(words, 10)?) | high << 16;
            let length = usize::try_from(answer.length).ok()?;
            let rest = block.message.get(usize::from(le16(words, 12)?)..).unwrap_or(&[]);
            answer.bytes = rest.get(..length).unwrap_or(rest);
        }
        0x2f if good => {
            answer.length = u64::from(le16(words, 4)?) | u64::from(le16(words, 8).unwrap_or(0)) << 16;
        }
        0x25 if good => {
            let (length, offset) = (le16(words, 12)?, le16(words, 14)?);
            answer.length = u64::from(length);
            answer.bytes = slice(block.message, usize::from(offset), usize::from(length)).unwrap_or(&[]);
        }
        _ => {}
    }
    if block.command == 0x32 && !connection.is_waiting(id) {
        // Its multiplex number is not that of any request: nothing that follows the standard answers so.
        cx.weird("smb_answer_to_nothing");
    }
    connection.answer(id, &answer, cx);
    Some(())
}

fn negotiated(block: &Block<'_>, connection: &mut Connection, cx: &mut Context<'_>) -> Option<()> {
    let words = block.words;
    let dialect = connection.chosen(usize::from(le16(words, 0)?))?;
    let (client, server) = (cx.host(Side::Originator), cx.sender());
    cx.label("smb1");
    if connection.said.first(("dialect", &dialect)) {
        cx.evidence(client, &DIALECT, &dialect);
        cx.evidence(server.clone(), &DIALECT, &dialect);
    }
    // Only NT LM 0.12 tells more (2.2.4.52.2).
    if words.len() != 34 {
        connection.agreed(&dialect, "", cx);
        return Some(());
    }
    let mode = byte(words, 2)?;
    let signing = if mode & 8 != 0 {
        "required"
    } else if mode & 4 != 0 {
        "enabled"
    } else {
        "disabled"
    };
    connection.agreed(&dialect, signing, cx);
    if !connection.said.first("server1") {
        return Some(());
    }
    cx.evidence(server.clone(), &SIGNING, signing);
    if le32(words, 19)? & EXTENDED_SECURITY != 0 {
        let guid: [u8; 16] = array(block.bytes, 0)?;
        server_guid(&guid, cx);
    } else {
        let (domain, next) = block.string(usize::from(byte(words, 33)?), true);
        let (name, _) = block.string(next, true);
        cx.evidence(server.clone(), &DOMAIN, &domain);
        if super::super::nearby::is_host_name(&name) {
            cx.evidence(server, &SERVER_NAME, &name);
        }
    }
    Some(())
}
