//! SMB 2 and 3 (\[MS-SMB2\] 2.2): one message, with those compounded behind it.

use super::super::at::{array, byte, le16, le32, le64, slice, utf16};
use super::connection::{Answer, Connection, Request, disposition, made};
use super::ledger::{Key, Opened, opened_name, share_name};
use super::{CAPABILITIES, CLIENT_GUID, DIALECT, DIALECTS, SIGNING, server_guid, signing};
use crate::{Context, Side};

const HEADER: usize = 64;
/// Messages in one compound that are read.
const MAX_COMPOUND: usize = 32;
const FSCTL_PIPE_TRANSCEIVE: u32 = 0x0011_c017;
const FILE_DELETE_ON_CLOSE: u32 = 0x1000;
const FILE_DIRECTORY_FILE: u32 = 1;

/// A single message of a compound.
struct Message<'a> {
    command: u16,
    status: u32,
    id: u64,
    tree: u32,
    /// From the header on.
    bytes: &'a [u8],
    body: &'a [u8],
}

/// Command of the first message, for deciding how much of it is wanted.
pub(super) fn is_bulk(bytes: &[u8]) -> bool {
    matches!(
        (le16(bytes, 12), le32(bytes, 16).map(|flags| flags & 1)),
        (Some(9), Some(0)) | (Some(8), Some(1))
    )
}

/// Reads the messages in `bytes`, which may be cut.
pub(super) fn read(mut bytes: &[u8], connection: &mut Connection, cx: &mut Context<'_>) {
    for _ in 0..MAX_COMPOUND {
        let (Some(0x424d_53fe), Some(64)) = (le32(bytes, 0), le16(bytes, 4)) else { return };
        let (Some(flags), Some(next), Some(body)) = (le32(bytes, 16), le32(bytes, 20), bytes.get(HEADER..))
        else {
            return;
        };
        let own = bytes.get(..next as usize).filter(|own| own.len() >= HEADER).unwrap_or(bytes);
        let message = Message {
            command: le16(bytes, 12).unwrap_or(u16::MAX),
            status: le32(bytes, 8).unwrap_or(0),
            id: le64(bytes, 24).unwrap_or(0),
            tree: if flags & 2 == 0 { le32(bytes, 36).unwrap_or(0) } else { 0 },
            bytes: own,
            body: own.get(HEADER..).unwrap_or(body),
        };
        let answer = flags & 1 != 0;
        if answer != (cx.side() == Side::Responder) {
            return;
        }
        let _ = if answer { response(&message, connection, cx) } else { request(&message, connection, cx) };
        if next == 0 {
            return;
        }
        bytes = bytes.get(next as usize..).unwrap_or(&[]);
    }
}

/// A buffer that an offset (from the header) and a length speak of.
fn buffer<'a>(message: &Message<'a>, offset: Option<u16>, length: Option<u16>) -> Option<&'a [u8]> {
    slice(message.bytes, usize::from(offset?), usize::from(length?))
}

fn request(message: &Message<'_>, connection: &mut Connection, cx: &mut Context<'_>) -> Option<()> {
    let body = message.body;
    let request = match message.command {
        0 => return negotiate(body, connection, cx),
        1 => {
            let blob = buffer(message, le16(body, 12), le16(body, 14)).unwrap_or(&[]);
            connection.token(blob, cx);
            Request::Login
        }
        2 | 4 => Request::Leave,
        3 => {
            let path = utf16(buffer(message, le16(body, 4), le16(body, 6))?);
            Request::Tree { share: share_name(&path) }
        }
        5 => open(message, connection)?,
        6 => Request::Close { key: array(body, 8)? },
        8 => Request::Read { key: array(body, 16)? },
        9 => {
            let key: Key = array(body, 16)?;
            let offset = usize::from(le16(body, 2)?);
            let data = message.bytes.get(offset..).unwrap_or(&[]);
            connection.ledger.pipe(&key, data, cx);
            Request::Write { key }
        }
        11 if le32(body, 4)? == FSCTL_PIPE_TRANSCEIVE => {
            let key: Key = array(body, 8)?;
            let offset = usize::try_from(le32(body, 24)?).ok()?;
            connection.ledger.pipe(&key, message.bytes.get(offset..).unwrap_or(&[]), cx);
            Request::Transceive { key }
        }
        14 => {
            connection.ledger.listed(message.tree);
            return Some(());
        }
        17 if byte(body, 2)? == 1 => set_file(message)?,
        _ => return Some(()),
    };
    connection.ask(message.id, message.tree, request);
    Some(())
}

fn negotiate(body: &[u8], connection: &mut Connection, cx: &mut Context<'_>) -> Option<()> {
    let count = usize::from(le16(body, 2)?).min(32);
    let mode = le16(body, 4)?;
    let dialects: Vec<String> = (0..count).filter_map(|n| le16(body, 36 + 2 * n)).map(dialect).collect();
    let guid: [u8; 16] = array(body, 12)?;
    let client = cx.sender();
    if connection.said.first("offer") {
        cx.evidence(client.clone(), &DIALECTS, &dialects.join(", "));
        cx.evidence(client.clone(), &SIGNING, signing(mode));
        if guid != [0; 16] {
            cx.evidence(client, &CLIENT_GUID, &uuid(&guid));
        }
    }
    Some(())
}

fn open(message: &Message<'_>, connection: &Connection) -> Option<Request> {
    let body = message.body;
    let name = utf16(buffer(message, le16(body, 44), le16(body, 46))?);
    let options = le32(body, 40)?;
    let (name, pipe) = opened_name(&name, connection.ledger.is_pipe(message.tree));
    let opened = Opened {
        tree: message.tree,
        name,
        pipe,
        disposition: disposition(le32(body, 36)?),
        access: le32(body, 24)?,
        directory: options & FILE_DIRECTORY_FILE != 0,
        delete: options & FILE_DELETE_ON_CLOSE != 0,
        ..Opened::default()
    };
    Some(Request::Open { opened })
}

/// SET_INFO of a file: disposition and rename (MS-FSCC 2.4.11, 2.4.42).
fn set_file(message: &Message<'_>) -> Option<Request> {
    let body = message.body;
    let key: Key = array(body, 16)?;
    let offset = usize::from(le16(body, 8)?);
    let content = message.bytes.get(offset..)?;
    match byte(body, 3)? {
        13 | 64 => Some(Request::Delete { key, on: byte(content, 0)? & 1 != 0 }),
        10 | 65 => {
            let length = usize::try_from(le32(content, 16)?).ok()?;
            let name = utf16(slice(content, 20, length)?);
            Some(Request::Rename {
                key: Some(key),
                from: String::new(),
                to: super::super::at::extension(&name),
            })
        }
        _ => None,
    }
}

fn response(message: &Message<'_>, connection: &mut Connection, cx: &mut Context<'_>) -> Option<()> {
    let body = message.body;
    let mut answer = Answer { status: message.status, tree: message.tree, ..Answer::default() };
    let full = message.status == 0 || message.status == 0x8000_0005;
    match message.command {
        0 if message.status == 0 => return negotiated(body, connection, cx),
        1 => {
            let flags = le16(body, 2).unwrap_or(0);
            if message.status == 0 && flags & 3 != 0 {
                answer.guest = if flags & 1 != 0 { "guest" } else { "null" };
            }
            if let Some(blob) = buffer(message, le16(body, 4), le16(body, 6)) {
                connection.token(blob, cx);
            }
        }
        5 if full => {
            answer.key = array(body, 64);
            answer.made = made(le32(body, 4)?);
        }
        8 if full => {
            answer.length = u64::from(le32(body, 4).unwrap_or(0));
            answer.bytes = message.bytes.get(usize::from(byte(body, 2)?)..).unwrap_or(&[]);
        }
        9 if full => answer.length = u64::from(le32(body, 4).unwrap_or(0)),
        11 if full => {
            let (offset, length) = (le32(body, 32)?, le32(body, 36)?);
            answer.length = u64::from(length);
            answer.bytes = message.bytes.get(usize::try_from(offset).ok()?..).unwrap_or(&[]);
        }
        _ => {}
    }
    connection.answer(message.id, &answer, cx);
    Some(())
}

fn negotiated(body: &[u8], connection: &mut Connection, cx: &mut Context<'_>) -> Option<()> {
    let (mode, chosen) = (le16(body, 2)?, le16(body, 4)?);
    let guid: [u8; 16] = array(body, 8)?;
    let abilities = capabilities(le32(body, 24)?);
    // 0x02FF only asks for another negotiation.
    if chosen == 0x02ff {
        return Some(());
    }
    let name = dialect(chosen);
    let (client, server) = (cx.host(Side::Originator), cx.sender());
    if connection.said.first(("dialect", chosen)) {
        cx.evidence(client, &DIALECT, &name);
        cx.evidence(server.clone(), &DIALECT, &name);
        cx.evidence(server.clone(), &SIGNING, signing(mode));
        cx.evidence(server, &CAPABILITIES, &abilities);
        server_guid(&guid, cx);
    }
    connection.agreed(&name, signing(mode), cx);
    Some(())
}

/// Dialect as it is spoken of (2.2.3).
fn dialect(revision: u16) -> String {
    match revision {
        0x0202 => "SMB 2.0.2",
        0x0210 => "SMB 2.1",
        0x0300 => "SMB 3.0",
        0x0302 => "SMB 3.0.2",
        0x0311 => "SMB 3.1.1",
        other => return format!("0x{other:04x}"),
    }
    .to_owned()
}

/// Capabilities of a server (2.2.4).
fn capabilities(bits: u32) -> String {
    const NAMES: [&str; 7] = [
        "dfs",
        "leasing",
        "large-mtu",
        // Several connections for one session: says nothing of the machine.
        "",
        "persistent-handles",
        "directory-leasing",
        "encryption",
    ];
    let names: Vec<&str> = NAMES
        .iter()
        .enumerate()
        .filter(|(bit, name)| bits >> bit & 1 == 1 && !name.is_empty())
        .map(|(_, name)| *name)
        .collect();
    names.join(", ")
}

/// A GUID as it is written (MS-DTYP 2.3.4).
pub(super) fn uuid(bytes: &[u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let hex = super::super::reader::hex;
    let (node, rest) = (rest.get(2..).unwrap_or(&[]), rest.get(..2).unwrap_or(&[]));
    format!("{}-{}-{}-{}-{}", hex(&[*d, *c, *b, *a]), hex(&[*f, *e]), hex(&[*h, *g]), hex(rest), hex(node))
}

#[cfg(test)]
mod tests {
    use super::{capabilities, dialect, uuid};

    #[test]
    fn names_are_those_of_the_standard() {
        assert_eq!(dialect(0x0311), "SMB 3.1.1");
        assert_eq!(capabilities(0x41), "dfs, encryption");
        let guid = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        assert_eq!(uuid(&guid), "03020100-0504-0706-0809-0a0b0c0d0e0f");
    }
}
