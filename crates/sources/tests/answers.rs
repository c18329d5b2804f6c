//! Answers to accounting requests, beside those of FreeRADIUS to the same requests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod playing;

use medward_sources::{AccountingError, accounting_response};
use playing::read;

const SECRET: &[u8] = b"golden";

#[test]
fn an_answer_is_that_of_freeradius_to_the_byte() {
    let requests = read("radius-accounting-radclient.hex");
    let answers = read("radius-accounting-freeradius-answers.hex");
    assert_eq!(requests.len(), answers.len());
    for ((_, _, request), (_, _, answer)) in requests.iter().zip(&answers) {
        assert_eq!(accounting_response(request, SECRET).unwrap().as_slice(), answer);
    }
}

#[test]
fn a_request_made_with_another_secret_gets_no_answer() {
    let (_, _, request) = &read("radius-accounting-radclient.hex")[0];
    assert_eq!(accounting_response(request, b"other"), Err(AccountingError::WrongSecret));
}

#[test]
fn a_request_that_was_changed_on_the_way_gets_no_answer() {
    let (_, _, request) = &read("radius-accounting-radclient.hex")[0];
    for at in [1, 10, request.len() - 1] {
        let mut changed = request.clone();
        changed[at] ^= 1;
        assert_eq!(accounting_response(&changed, SECRET), Err(AccountingError::WrongSecret), "byte {at}");
    }
}

#[test]
fn what_is_no_request_gets_no_answer() {
    let (_, _, answer) = &read("radius-accounting-freeradius-answers.hex")[0];
    assert_eq!(accounting_response(answer, SECRET), Err(AccountingError::NoRequest));
    assert_eq!(accounting_response(&[4, 0, 0], SECRET), Err(AccountingError::NoRequest));
}
