//! The spool against crashes, torn tails and its bound.

use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn settings() -> SpoolSettings {
    SpoolSettings::new("ward", "sensor-1")
}

fn open(folder: &Path) -> Spool {
    Spool::open(folder, settings()).unwrap()
}

fn all(spool: &Spool) -> Vec<Parcel> {
    let mut out = Vec::new();
    loop {
        let more = spool.take(100, usize::MAX).unwrap();
        if more.is_empty() {
            return out;
        }
        out.extend(more);
    }
}

fn last_segment(folder: &Path) -> PathBuf {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    files.sort();
    files.pop().unwrap()
}

#[test]
fn parcels_come_back_in_order_after_the_spool_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let numbers: Vec<_> = (0..50_u8).map(|n| spool.append(&[n; 100]).unwrap()).collect();
    drop(spool);
    let parcels = all(&open(folder.path()));
    assert_eq!(parcels.iter().map(Parcel::number).collect::<Vec<_>>(), numbers);
    assert!(parcels.iter().zip(0_u8..).all(|(parcel, n)| parcel.body[..] == [n; 100]));
}

#[test]
fn what_is_done_does_not_come_back_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let numbers: Vec<_> = (0..5).map(|_| spool.append(b"x").unwrap()).collect();
    spool.done(numbers[2]).unwrap();
    drop(spool);
    let spool = open(folder.path());
    assert_eq!(spool.statistics().spooled, 2);
    assert_eq!(spool.append(b"y").unwrap().sequence, 6);
    assert_eq!(all(&spool).iter().map(|parcel| parcel.sequence).collect::<Vec<_>>(), [4, 5, 6]);
}

#[test]
fn an_emptied_spool_keeps_its_epoch_and_count() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let number = spool.append(b"x").unwrap();
    spool.done(number).unwrap();
    drop(spool);
    let next = open(folder.path()).append(b"y").unwrap();
    assert_eq!(next, Number { epoch: number.epoch, sequence: 2 });
}

#[test]
fn a_torn_tail_is_cut_off_and_a_new_epoch_begins() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let first = spool.append(b"first").unwrap();
    spool.append(b"second").unwrap();
    drop(spool);
    let file = std::fs::OpenOptions::new().write(true).open(last_segment(folder.path())).unwrap();
    file.set_len(file.metadata().unwrap().len() - 3).unwrap();
    let spool = open(folder.path());
    let third = spool.append(b"third").unwrap();
    let bodies: Vec<_> = all(&spool).into_iter().map(|parcel| parcel.body).collect();
    assert_eq!(bodies, ["first", "third"]);
    assert_ne!(third.epoch, first.epoch);
}

#[test]
fn a_lost_spool_draws_a_new_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let before = open(folder.path()).append(b"x").unwrap();
    std::fs::remove_file(last_segment(folder.path())).unwrap();
    let after = open(folder.path()).append(b"x").unwrap();
    assert_ne!(before.epoch, after.epoch);
    assert_eq!(after.sequence, 1);
}

#[test]
fn a_disk_that_fell_behind_the_core_does_not_use_a_number_twice() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let numbers: Vec<_> = (0..3).map(|_| spool.append(b"report").unwrap()).collect();
    spool.done(numbers[2]).unwrap();
    drop(spool);
    let file = std::fs::OpenOptions::new().write(true).open(last_segment(folder.path())).unwrap();
    file.set_len(record::HEAD + record::RECORD_HEAD + 6).unwrap();
    assert_ne!(open(folder.path()).append(b"x").unwrap().epoch, numbers[0].epoch);
}

#[test]
fn the_oldest_parcels_are_given_up_at_the_bound_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let bound = SpoolSettings::LEAST;
    let spool = Spool::open(folder.path(), SpoolSettings { bound, ..settings() }).unwrap();
    let body = vec![7; 4 << 20];
    for _ in 0..48 {
        spool.append(&body).unwrap();
        assert!(spool.statistics().bytes <= bound);
    }
    let statistics = spool.statistics();
    assert!(statistics.lost_reports > 0);
    assert_eq!(statistics.lost_reports + statistics.spooled, 48);
    let kept = all(&spool);
    assert_eq!(kept.len() as u64, statistics.spooled);
    assert_eq!(kept.last().unwrap().sequence, 48);
    assert_eq!(kept.first().unwrap().sequence, statistics.lost_reports + 1);
    drop(spool);
    assert_eq!(open(folder.path()).statistics().lost_reports, statistics.lost_reports);
}

#[test]
fn a_parcel_that_was_given_up_under_way_and_arrived_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let spool =
        Spool::open(folder.path(), SpoolSettings { bound: SpoolSettings::LEAST, ..settings() }).unwrap();
    let body = vec![7; 4 << 20];
    let first = spool.append(&body).unwrap();
    spool.take(1, 1).unwrap();
    while spool.statistics().lost_reports == 0 {
        spool.append(&body).unwrap();
    }
    let lost = spool.statistics().lost_reports;
    spool.done(first).unwrap();
    assert_eq!(spool.statistics().lost_reports, lost - 1);
}

#[test]
fn two_processes_do_not_share_a_spool() {
    let folder = tempfile::tempdir().unwrap();
    let _spool = open(folder.path());
    assert!(matches!(Spool::open(folder.path(), settings()), Err(SpoolError::InUse(_))));
}

#[test]
fn segments_of_which_all_is_done_leave_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let numbers: Vec<_> = (0..30).map(|_| spool.append(&vec![1; 4 << 20]).unwrap()).collect();
    assert_eq!(all(&spool).len(), 30);
    for number in numbers {
        spool.done(number).unwrap();
    }
    let statistics = spool.statistics();
    assert_eq!(statistics.spooled, 0);
    assert!(statistics.bytes <= 33 << 20, "{statistics:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_behind_the_cut_the_whole_parcels_before_it_survive(
        sizes in prop::collection::vec(0_usize..300, 1..20),
        cut in any::<prop::sample::Index>(),
        garbage in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(folder.path());
        for (place, size) in sizes.iter().enumerate() {
            spool.append(&vec![place as u8; *size]).unwrap();
        }
        drop(spool);
        let path = last_segment(folder.path());
        let length = std::fs::metadata(&path).unwrap().len();
        let cut = record::HEAD + cut.index((length - record::HEAD) as usize + 1) as u64;
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.set_len(cut).unwrap();
        file.write_all(&garbage).unwrap();
        let mut whole = 0;
        let mut end = record::HEAD;
        for size in &sizes {
            end += record::RECORD_HEAD + *size as u64;
            if end <= cut { whole += 1; }
        }
        let parcels = all(&open(folder.path()));
        prop_assert_eq!(parcels.len(), whole);
        for (place, (parcel, size)) in parcels.iter().zip(&sizes).enumerate() {
            prop_assert_eq!(&parcel.body[..], &vec![place as u8; *size][..]);
        }
    }
}
