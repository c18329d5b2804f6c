//! Fetching what dialogues ask for: one driver for all feeds.
//!
//! What was fetched lies in the store's `downloads` until it is taken in, by the same import as files carried in. A
//! download that breaks goes on where it stopped (Range with If-Range, RFC 9110, 14 and 13.1.5); what did not change is not
//! sent again (ETag, 13.1.2). A publisher that is busy is waited for (Retry-After, 10.2.3), then tried again after longer and
//! longer pauses. What fails for good leaves everything as it was.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use medward_knowledge::{Answer, Request, Role, SYNCS, SyncState};
use medward_model::Timestamp;
use sha2::{Digest, Sha256};

use crate::ImportError;
use crate::import::{FileOutcome, ImportOptions, hex, import};
use crate::signature::keep_key;
use crate::store::{Store, StoreError};

/// How to synchronise.
#[derive(Clone, Debug)]
pub struct SyncOptions {
    pub now: Timestamp,
    /// Feeds; none stands for all.
    pub feeds: Vec<String>,
    /// Addresses that take the place of official ones, by feed.
    pub sources: BTreeMap<String, String>,
    /// Keys of publishers' APIs, by feed.
    pub api_keys: BTreeMap<String, String>,
    pub accept_shrink: bool,
    /// Times that one address is tried.
    pub tries: u32,
    /// First pause between two tries; each further one is twice as long.
    pub backoff: Duration,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

impl Default for SyncOptions {
    fn default() -> SyncOptions {
        SyncOptions {
            now: Timestamp::default(),
            feeds: Vec::new(),
            sources: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            accept_shrink: false,
            tries: 5,
            backoff: Duration::from_secs(2),
            timeout: Duration::from_secs(60),
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct SyncStep<'s> {
    pub feed: &'s str,
    pub url: &'s str,
    /// Requests done, and bytes of the one under way.
    pub requests: usize,
    pub bytes: u64,
}

/// What became of one feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncOutcome {
    pub feed: String,
    pub requests: usize,
    /// Documents that came anew.
    pub documents: usize,
    pub unchanged: usize,
    pub files: Vec<FileOutcome>,
    /// Documents whose OpenPGP signature was found right.
    pub signed: u64,
    /// What could not be had, with why.
    pub problems: Vec<String>,
}

/// Largest body, and longest wait that a publisher may ask for.
const MOST_BODY: u64 = 8 << 30;
const MOST_WAIT: Duration = Duration::from_secs(120);

/// Bytes of a document that its dialogue sees.
const HEAD: u64 = 64 << 10;

/// Fetches what changed, feed by feed, and takes it in.
///
/// # Errors
/// Where the store cannot be written. What a publisher fails to give stands in the outcome.
pub fn synchronise(
    store: &Store,
    options: &SyncOptions,
    progress: &mut dyn FnMut(SyncStep<'_>),
) -> Result<Vec<SyncOutcome>, ImportError> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(options.timeout))
        .timeout_recv_response(Some(options.timeout))
        .user_agent(concat!("medward/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let mut outcomes = Vec::new();
    for sync in
        SYNCS.iter().filter(|sync| options.feeds.is_empty() || options.feeds.iter().any(|f| f == sync.feed))
    {
        let before = store.states()?.remove(sync.feed).unwrap_or_default();
        let base = options.sources.get(sync.feed).cloned();
        let state = SyncState {
            now: options.now,
            watermark: before.watermark.clone(),
            base: base.clone(),
            api_key: options.api_keys.get(sync.feed).cloned(),
        };
        let mut dialogue = (sync.begin)(&state, base.as_deref().unwrap_or(sync.base));
        let place = store.directory().join("downloads").join(sync.feed);
        let broken = |error: std::io::Error| StoreError::Broken {
            directory: place.display().to_string(),
            reason: error.to_string(),
        };
        std::fs::create_dir_all(&place).map_err(broken)?;
        let mut fetcher = Fetcher {
            agent: &agent,
            options,
            place: &place,
            validators: before.validators.clone(),
            last: None,
        };
        let mut outcome = SyncOutcome { feed: sync.feed.to_owned(), ..SyncOutcome::default() };
        let mut taken: Vec<PathBuf> = Vec::new();
        while let Some(request) = dialogue.next() {
            outcome.requests += 1;
            let requests = outcome.requests;
            let got = fetcher.fetch(&request, &mut |bytes| {
                progress(SyncStep { feed: sync.feed, url: &request.url, requests, bytes });
            });
            match got {
                Ok(Got::File(path)) => {
                    let body = match request.role {
                        Role::Directions | Role::Perhaps => std::fs::read(&path).unwrap_or_default(),
                        _ => head(&path),
                    };
                    dialogue.answer(&request, Answer::Body(&body));
                    if let Role::Key { fingerprint } = &request.role
                        && let Err(why) = keep_key(store.directory(), &path, fingerprint)
                    {
                        outcome.problems.push(format!("{}: {why}", request.url));
                    }
                    if matches!(request.role, Role::Document { .. }) {
                        outcome.documents += 1;
                        taken.push(path);
                    }
                }
                Ok(Got::Unchanged) => {
                    outcome.unchanged += 1;
                    dialogue.answer(&request, Answer::Unchanged);
                }
                Ok(Got::Missing) => {
                    if !matches!(request.role, Role::Beside { .. } | Role::Perhaps) {
                        outcome.problems.push(format!("{}: there is no such thing (404)", request.url));
                    }
                    dialogue.answer(&request, Answer::Missing);
                }
                // A name that nobody has, say: another place is asked next, and tells if that fails too.
                Err(_) if request.role == Role::Perhaps => dialogue.answer(&request, Answer::Failed),
                Err(why) => {
                    outcome.problems.push(format!("{}: {why}", request.url));
                    dialogue.answer(&request, Answer::Failed);
                }
            }
        }
        if !taken.is_empty() {
            let import_options = ImportOptions {
                now: options.now,
                accept_shrink: options.accept_shrink,
                trust_unsigned: false,
            };
            let report = import(store, &taken, &import_options, &mut |_| {})?;
            outcome.problems.extend(
                report.files.iter().filter_map(|file| {
                    file.problem.as_ref().map(|problem| format!("{}: {problem}", file.path))
                }),
            );
            outcome.problems.extend(
                report
                    .passed_over
                    .iter()
                    .map(|path| format!("{path}: is of no feed that is known: its shape may have changed")),
            );
            outcome.signed = report.signed;
            outcome.files = report.files;
        }
        let good = outcome.problems.is_empty();
        let watermark = dialogue.watermark();
        let validators = fetcher.validators;
        store.update_state(sync.feed, |state| {
            // What was refused must come again: neither place nor tags move on.
            if good {
                state.watermark = watermark.or(state.watermark.take());
                state.validators = validators;
            }
        })?;
        if good {
            std::fs::remove_dir_all(&place).map_err(broken)?;
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(file) = File::open(path) {
        // What cannot be read again is told when it is taken in.
        let _ = file.take(HEAD).read_to_end(&mut head);
    }
    head
}

enum Got {
    File(PathBuf),
    Unchanged,
    Missing,
}

struct Fetcher<'f> {
    agent: &'f ureq::Agent,
    options: &'f SyncOptions,
    place: &'f Path,
    validators: BTreeMap<String, String>,
    last: Option<Instant>,
}

enum Tried {
    Done(Got),
    /// Try again, after so long where the publisher says so.
    Again(String, Option<Duration>),
    Never(String),
}

impl Fetcher<'_> {
    fn fetch(&mut self, request: &Request, progress: &mut dyn FnMut(u64)) -> Result<Got, String> {
        if !request.url.starts_with("https://") && !is_near(&request.url) {
            return Err("is not fetched: only https, or http on this machine".to_owned());
        }
        let name = match &request.role {
            Role::Document { name } => name.clone(),
            Role::Beside { name, ending } => format!("{name}.{ending}"),
            Role::Key { .. } => {
                format!("key-{}", hex(&Sha256::digest(&request.url)).get(..12).unwrap_or("0"))
            }
            Role::Directions | Role::Perhaps => {
                format!("directions-{}", hex(&Sha256::digest(&request.url)).get(..12).unwrap_or("0"))
            }
        };
        let target = self.place.join(&name);
        let mut why = String::new();
        for attempt in 0..self.options.tries.max(1) {
            self.wait(request.pause);
            match self.try_once(request, &target, progress) {
                Tried::Done(got) => return Ok(got),
                Tried::Never(reason) => return Err(reason),
                Tried::Again(reason, asked) => {
                    why = reason;
                    let own = self.options.backoff.saturating_mul(1 << attempt.min(6));
                    if attempt + 1 < self.options.tries {
                        std::thread::sleep(asked.unwrap_or(own).min(MOST_WAIT));
                    }
                }
            }
        }
        Err(format!("{why}; tried {} times", self.options.tries.max(1)))
    }

    fn wait(&mut self, pause: u64) {
        let pause = Duration::from_millis(pause);
        if let Some(rest) = self.last.and_then(|last| pause.checked_sub(last.elapsed())) {
            std::thread::sleep(rest);
        }
        self.last = Some(Instant::now());
    }

    fn try_once(&mut self, request: &Request, target: &Path, progress: &mut dyn FnMut(u64)) -> Tried {
        let part = target.with_file_name(format!(
            "{}.part",
            target.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
        ));
        let tag_of_part = std::fs::read_to_string(part.with_extension("tag")).ok();
        let have = std::fs::metadata(&part).map(|metadata| metadata.len()).unwrap_or(0);
        let mut call = self.agent.get(&request.url);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        let resumes = have > 0 && tag_of_part.is_some();
        if let (true, Some(tag)) = (resumes, &tag_of_part) {
            call = call.header("Range", format!("bytes={have}-")).header("If-Range", tag);
        } else if matches!(request.role, Role::Document { .. })
            && let Some(validator) = self.validators.get(&request.url)
        {
            call = if validator.ends_with("GMT") {
                call.header("If-Modified-Since", validator)
            } else {
                call.header("If-None-Match", validator)
            };
        }
        let mut response = match call.call() {
            Ok(response) => response,
            Err(error) => return Tried::Again(error.to_string(), None),
        };
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let status = response.status().as_u16();
        let validator = header("etag").or_else(|| header("last-modified"));
        let after = header("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        match status {
            200 | 206 => {}
            304 => return Tried::Done(Got::Unchanged),
            404 | 410 => return Tried::Done(Got::Missing),
            416 => {
                let _ = std::fs::remove_file(&part);
                return Tried::Again("the part that was there does not fit any more".to_owned(), None);
            }
            408 | 425 | 429 | 500..=599 => return Tried::Again(format!("answered {status}"), after),
            other => return Tried::Never(format!("answered {other}")),
        }
        let goes_on = status == 206 && resumes;
        let file = OpenOptions::new().create(true).write(true).append(goes_on).truncate(!goes_on).open(&part);
        let mut file = match file {
            Ok(file) => file,
            Err(error) => return Tried::Never(format!("{}: {error}", part.display())),
        };
        if let Some(validator) = &validator {
            let _ = std::fs::write(part.with_extension("tag"), validator);
        }
        let mut done = if goes_on { have } else { 0 };
        let mut body = response.body_mut().with_config().limit(MOST_BODY).reader();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    if let Err(error) = file.write_all(buffer.get(..length).unwrap_or_default()) {
                        return Tried::Never(format!("{}: {error}", part.display()));
                    }
                    done += length as u64;
                    progress(done);
                }
                Err(error) => return Tried::Again(format!("broke off after {done} bytes: {error}"), None),
            }
        }
        if let Err(error) = file.sync_all().and_then(|()| std::fs::rename(&part, target)) {
            return Tried::Never(format!("{}: {error}", target.display()));
        }
        let _ = std::fs::remove_file(part.with_extension("tag"));
        if let (Some(validator), Role::Document { .. }) = (validator, &request.role) {
            self.validators.insert(request.url.clone(), validator);
        }
        Tried::Done(Got::File(target.to_owned()))
    }
}

/// Plain HTTP only on this machine: a mirror, a test.
fn is_near(url: &str) -> bool {
    ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|near| {
        url.strip_prefix(near).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}
