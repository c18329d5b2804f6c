//! From text to tree. Bounded: at most 4,096 bytes, [`MAX_DEPTH`] levels.

use std::cmp::Ordering;
use std::net::IpAddr;

use medward_model::Attribute;
use thiserror::Error;

use crate::standing::{FINDINGS, LIFECYCLES, STATUSES, position_words};
use crate::tree::{Age, Field, Is, Node};

/// Deepest nesting of parentheses and negations.
pub const MAX_DEPTH: usize = 32;

/// Longest query, in bytes.
const MAX_LENGTH: usize = 4096;

/// Why a query was not understood. Columns count characters from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParseError {
    #[error("the query is longer than {MAX_LENGTH} bytes")]
    TooLong,
    #[error("column {0}: nested deeper than {MAX_DEPTH} levels")]
    TooDeep(usize),
    #[error("column {0}: the quote is not closed")]
    OpenQuote(usize),
    #[error("column {0}: this parenthesis has no partner")]
    LoneParenthesis(usize),
    #[error("column {column}: something to look for is missing{after}", after = after(.word))]
    Missing { column: usize, word: String },
    #[error("column {column}: no field is called '{name}'. There are: {names}", names = Field::NAMES)]
    UnknownField { column: usize, name: String },
    #[error("column {column}: '{value}' is not {wanted}")]
    BadValue { column: usize, value: String, wanted: &'static str },
}

fn after(word: &str) -> String {
    if word.is_empty() { String::new() } else { format!(" after '{word}'") }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Or,
    Not,
    /// Field, operator, value.
    Term(String, char, String),
    Word(String),
}

pub(crate) fn parse(text: &str) -> Result<Node, ParseError> {
    if text.len() > MAX_LENGTH {
        return Err(ParseError::TooLong);
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let node = parser.alternatives(0)?;
    match parser.peek() {
        None => Ok(node),
        Some((column, _)) => Err(ParseError::LoneParenthesis(*column)),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ParseError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().enumerate().map(|(i, c)| (i + 1, c)).peekable();
    while let Some((column, c)) = chars.peek().copied() {
        match c {
            c if c.is_whitespace() => {
                chars.next();
            }
            '(' => {
                chars.next();
                tokens.push((column, Token::Open));
            }
            ')' => {
                chars.next();
                tokens.push((column, Token::Close));
            }
            '-' => {
                chars.next();
                tokens.push((column, Token::Not));
            }
            _ => {
                let (before, quoted) = piece(&mut chars, true)?;
                // Blanks may stand around `=`, and around no other operator.
                let mut ahead = chars.clone();
                blanks(&mut ahead);
                if !quoted && matches!(ahead.peek(), Some((_, '='))) {
                    chars = ahead;
                }
                match chars.peek().copied() {
                    Some((at, operator @ (':' | '<' | '>' | '='))) if !quoted => {
                        chars.next();
                        if operator == '=' {
                            blanks(&mut chars);
                        }
                        let (value, quoted) = piece(&mut chars, false)?;
                        if value.is_empty() && !quoted {
                            return Err(ParseError::Missing {
                                column: at,
                                word: format!("{before}{operator}"),
                            });
                        }
                        tokens.push((column, Token::Term(before.to_ascii_lowercase(), operator, value)));
                    }
                    _ if !quoted && before.eq_ignore_ascii_case("or") => tokens.push((column, Token::Or)),
                    _ if !quoted && before.eq_ignore_ascii_case("and") => {}
                    _ if !quoted && before.eq_ignore_ascii_case("not") => tokens.push((column, Token::Not)),
                    _ => tokens.push((column, Token::Word(before))),
                }
            }
        }
    }
    Ok(tokens)
}

fn blanks(chars: &mut std::iter::Peekable<impl Iterator<Item = (usize, char)>>) {
    while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
}

/// A bare word or quoted text; a field name (`name`) also ends at an operator.
fn piece(
    chars: &mut std::iter::Peekable<impl Iterator<Item = (usize, char)>>,
    name: bool,
) -> Result<(String, bool), ParseError> {
    let mut text = String::new();
    if let Some((start, '"')) = chars.peek().copied() {
        chars.next();
        loop {
            match chars.next() {
                Some((_, '"')) => return Ok((text, true)),
                Some((_, '\\')) => text.extend(chars.next().map(|(_, c)| c)),
                Some((_, c)) => text.push(c),
                None => return Err(ParseError::OpenQuote(start)),
            }
        }
    }
    while let Some((_, c)) = chars.peek().copied() {
        if c.is_whitespace() || matches!(c, '(' | ')') || (name && matches!(c, ':' | '<' | '>' | '=')) {
            break;
        }
        text.push(c);
        chars.next();
    }
    Ok((text, false))
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a (usize, Token)> {
        self.tokens.get(self.at)
    }

    fn alternatives(&mut self, depth: usize) -> Result<Node, ParseError> {
        let mut all = vec![self.conjunction(depth)?];
        while let Some((column, Token::Or)) = self.peek() {
            self.at += 1;
            let next = self.conjunction(depth)?;
            if next == Node::And(Vec::new()) || all.last() == Some(&Node::And(Vec::new())) {
                return Err(ParseError::Missing { column: *column, word: "or".to_owned() });
            }
            all.push(next);
        }
        Ok(if all.len() == 1 { all.pop().unwrap_or(Node::And(Vec::new())) } else { Node::Or(all) })
    }

    fn conjunction(&mut self, depth: usize) -> Result<Node, ParseError> {
        let mut all = Vec::new();
        while let Some((_, token)) = self.peek() {
            if matches!(token, Token::Close | Token::Or) {
                break;
            }
            all.push(self.single(depth)?);
        }
        Ok(if all.len() == 1 { all.pop().unwrap_or(Node::And(Vec::new())) } else { Node::And(all) })
    }

    fn single(&mut self, depth: usize) -> Result<Node, ParseError> {
        let Some((column, token)) = self.peek() else {
            let column = self.tokens.last().map_or(1, |(column, _)| *column);
            return Err(ParseError::Missing { column, word: "-".to_owned() });
        };
        if depth > MAX_DEPTH {
            return Err(ParseError::TooDeep(*column));
        }
        self.at += 1;
        match token {
            Token::Not => Ok(Node::Not(Box::new(self.single(depth + 1)?))),
            Token::Open => {
                let inner = self.alternatives(depth + 1)?;
                match self.peek() {
                    Some((_, Token::Close)) => {
                        self.at += 1;
                        Ok(inner)
                    }
                    _ => Err(ParseError::LoneParenthesis(*column)),
                }
            }
            Token::Close => Err(ParseError::LoneParenthesis(*column)),
            Token::Or => Err(ParseError::Missing { column: *column, word: String::new() }),
            Token::Word(word) => Ok(Node::Anywhere(word.clone())),
            Token::Term(field, operator, value) => term(*column, field, *operator, value),
        }
    }
}

fn term(column: usize, field: &str, operator: char, value: &str) -> Result<Node, ParseError> {
    let bad = |wanted| ParseError::BadValue { column, value: value.to_owned(), wanted };
    match (field, operator) {
        ("seen" | "last" | "first", '<' | '>') => {
            let seconds = duration(value).ok_or_else(|| bad("a duration like 30m, 24h, 7d or 2w"))?;
            let which = if field == "first" { Age::First } else { Age::Last };
            Ok(Node::Seen { which, younger: operator == '<', seconds })
        }
        ("criticality", _) => match value.parse::<u8>() {
            Ok(value) => {
                let order = match operator {
                    '<' => Ordering::Less,
                    '>' => Ordering::Greater,
                    _ => Ordering::Equal,
                };
                Ok(Node::Criticality { order, value })
            }
            Err(_) => Err(bad("a criticality (1 to 5)")),
        },
        (_, '<' | '>') => Err(bad("comparable here: < and > go with seen, first and criticality")),
        ("ip" | "net", _) => network(value).ok_or_else(|| bad("an address or network like 10.20.0.0/16")),
        ("port", _) if value.bytes().all(|b| b.is_ascii_digit()) => {
            value.parse().map(Node::Port).map_err(|_| bad("a port number (0 to 65535)"))
        }
        ("port", _) => match position_words(value) {
            words if words.trim().is_empty() => Err(bad("a port number or a switch port like sw-3/12")),
            words => Ok(Node::Position(words)),
        },
        ("is", _) => {
            let wanted = value.to_lowercase().replace(['_', ' '], "-");
            Is::ALL.into_iter().find(|is| is.name() == wanted).map(Node::Is).ok_or_else(|| {
                bad("something a device is: medical, missing, unheard, new, external or life-supporting")
            })
        }
        ("status", _) => one_of(STATUSES, value)
            .map(|value| Node::Text { field: Field::Status, value })
            .ok_or_else(|| bad("a status: active, silent, missing or unheard")),
        ("lifecycle", _) => one_of(LIFECYCLES, value)
            .map(|value| Node::Text { field: Field::Lifecycle, value })
            .ok_or_else(|| bad("a stage of life: ordered, in-service, stored, retired or lost")),
        ("finding" | "findings", _) => one_of(FINDINGS, value)
            .map(|value| Node::Text { field: Field::Finding, value })
            .ok_or_else(|| bad("a severity (critical, high, medium, low, info), exploited, or a kind of finding (recall, vulnerability, weak-protocol …)")),
        ("vlan", _) => value.parse().map(Node::Vlan).map_err(|_| bad("a VLAN number (0 to 4095)")),
        ("has", _) => Attribute::by_name(&value.to_ascii_lowercase().replace(['-', ' '], "_"))
            .map(Node::Has)
            .ok_or_else(|| bad("an attribute (vendor, model, serial …)")),
        _ => Field::by_name(field)
            .map(|field| match (operator, value.to_owned()) {
                ('=', value) => Node::Equal { field, value },
                (_, value) => Node::Text { field, value },
            })
            .ok_or_else(|| ParseError::UnknownField { column, name: field.to_owned() }),
    }
}

/// The name among `all` that is meant.
fn one_of(all: &[&str], value: &str) -> Option<String> {
    let wanted = value.to_lowercase().replace(['_', ' '], "-");
    all.iter().find(|name| **name == wanted).map(|name| (*name).to_owned())
}

fn duration(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<u32>().ok().and_then(|n| i64::from(n).checked_mul(seconds))
}

fn network(text: &str) -> Option<Node> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address.parse::<IpAddr>().ok()?, prefix.parse::<u8>().ok()?),
        None => {
            let address = text.parse::<IpAddr>().ok()?;
            (address, if address.is_ipv4() { 32 } else { 128 })
        }
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= longest).then_some(Node::Network { address, prefix })
}
