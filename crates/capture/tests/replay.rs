//! Recorded captures as a tap.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use medward_capture::{PcapWriter, Pull, Replay, ReplayOptions, Speed, Tap, TapError, TapState};
use medward_model::Timestamp;
use medward_wire::LinkType;

const START: i64 = 1_700_000_000;

/// A capture with one frame at each of the milliseconds; the first byte is its number.
fn capture(folder: &tempfile::TempDir, milliseconds: &[i64]) -> Vec<PathBuf> {
    let path = folder.path().join("a.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&path).unwrap(), LinkType::Ethernet).unwrap();
    for (at, time) in milliseconds.iter().enumerate() {
        let time = Timestamp::from_nanos(START * 1_000_000_000 + time * 1_000_000);
        writer.write(time, &[at as u8; 60], 60).unwrap();
    }
    writer.finish().unwrap();
    vec![path]
}

/// What came up to the end or so many frames: number, first byte, time; and how many batches.
fn play(tap: &mut Replay, most: usize) -> (Vec<(u64, u8, Timestamp)>, usize) {
    let (mut frames, mut batches) = (Vec::new(), 0);
    while frames.len() < most {
        match tap.pull(Duration::from_secs(10)).unwrap() {
            Pull::Batch(batch) => {
                batches += 1;
                frames.extend(batch.frames().map(|frame| (frame.number, frame.bytes[0], frame.time)));
            }
            Pull::Idle => {}
            Pull::End => break,
        }
    }
    (frames, batches)
}

fn open(paths: &[PathBuf], options: &ReplayOptions) -> Replay {
    Replay::open(paths, options).expect("it can be read")
}

#[test]
fn at_full_speed_everything_comes_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let paths = capture(&folder, &[0, 1000, 3_600_000]);
    let mut tap = open(&paths, &ReplayOptions::default());
    let (frames, _) = play(&mut tap, usize::MAX);
    let at = |seconds| Timestamp::from_parts(START + seconds, 0);
    assert_eq!(frames, [(1, 0, at(0)), (2, 1, at(1)), (3, 2, at(3600))]);
}

#[test]
fn at_the_end_counters_and_files_are_complete() {
    let folder = tempfile::tempdir().unwrap();
    let mut tap = open(&capture(&folder, &[0, 1, 2]), &ReplayOptions::default());
    play(&mut tap, usize::MAX);
    assert_eq!((tap.counters().received, tap.counters().bytes), (3, 180));
    assert_eq!((tap.state(), tap.files()[0].packets), (TapState::Ended, 3));
}

#[test]
fn a_frame_never_comes_before_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let paths = capture(&folder, &[0, 2000, 4000]);
    let mut tap = open(&paths, &ReplayOptions { speed: Speed::Times(10.0), ..ReplayOptions::default() });
    let start = Instant::now();
    let (frames, batches) = play(&mut tap, usize::MAX);
    assert_eq!((frames.len(), batches), (3, 3));
    assert!(start.elapsed() >= Duration::from_millis(390), "{:?}", start.elapsed());
}

#[test]
fn a_tap_is_idle_until_the_next_frame_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let paths = capture(&folder, &[0, 3_600_000]);
    let mut tap = open(&paths, &ReplayOptions { speed: Speed::Times(1.0), ..ReplayOptions::default() });
    assert!(matches!(tap.pull(Duration::ZERO), Ok(Pull::Batch(batch)) if batch.len() == 1));
    assert!(matches!(tap.pull(Duration::from_millis(10)), Ok(Pull::Idle)));
}

#[test]
fn frames_out_of_order_in_time_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let paths = capture(&folder, &[100, 0, 200, 150]);
    let mut tap = open(&paths, &ReplayOptions { speed: Speed::Times(10.0), ..ReplayOptions::default() });
    let (frames, _) = play(&mut tap, usize::MAX);
    assert_eq!(frames.iter().map(|frame| frame.1).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn current_times_keep_the_distances_scaled_by_the_speed() {
    let folder = tempfile::tempdir().unwrap();
    let paths = capture(&folder, &[0, 1000, 4000]);
    let before = now();
    let options =
        ReplayOptions { speed: Speed::Times(100.0), current_times: true, ..ReplayOptions::default() };
    let (frames, _) = play(&mut open(&paths, &options), usize::MAX);
    let times: Vec<i64> = frames.iter().map(|frame| frame.2.as_nanos()).collect();
    assert!(times[0] >= before && times[0] <= now());
    assert_eq!([times[1] - times[0], times[2] - times[0]], [10_000_000, 40_000_000]);
}

#[test]
fn current_times_at_full_speed_are_now_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let paths = capture(&folder, &[0, 1000, 500, 4_000_000]);
    let before = now();
    let options = ReplayOptions { current_times: true, ..ReplayOptions::default() };
    let (frames, _) = play(&mut open(&paths, &options), usize::MAX);
    let times: Vec<i64> = frames.iter().map(|frame| frame.2.as_nanos()).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    assert!(times[0] >= before && times[3] <= now() + 1000);
}

#[test]
fn a_repeated_capture_goes_on_with_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let options = ReplayOptions { repeat: true, ..ReplayOptions::default() };
    let (frames, _) = play(&mut open(&capture(&folder, &[0, 1]), &options), 6);
    let seen: Vec<(u64, u8)> = frames.iter().map(|frame| (frame.0, frame.1)).collect();
    assert_eq!(seen, [(1, 0), (2, 1), (3, 0), (4, 1), (5, 0), (6, 1)]);
}

#[test]
fn an_empty_capture_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let options = ReplayOptions { repeat: true, ..ReplayOptions::default() };
    assert!(matches!(open(&capture(&folder, &[]), &options).pull(Duration::ZERO), Ok(Pull::End)));
}

#[test]
fn what_is_no_capture_is_a_final_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcap");
    std::fs::write(&path, "no capture at all").unwrap();
    let error = Replay::open(&[path], &ReplayOptions::default()).unwrap_err();
    assert!(error.is_final() && matches!(error, TapError::Replay(_)), "{error}");
}

#[test]
fn speeds_are_read_from_text() {
    assert_eq!("max".parse(), Ok(Speed::Max));
    assert_eq!("0.5".parse(), Ok(Speed::Times(0.5)));
    for wrong in ["0", "-1", "NaN", "inf", "fast"] {
        assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as i64
}
