//! One suite that every engine must pass: SQLite case by case, PostgreSQL in one server with a database a case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod audit;
mod devices;
mod documents;
mod findings;
mod fixtures;
mod history;
mod ingest;
mod merging;
mod searching;
mod server;
mod summing;
mod upkeep;

use medward_store::Database;

/// An open database with where it is; removed at the end.
pub struct Home {
    pub database: Database,
    pub address: String,
    /// A folder for files.
    pub folder: tempfile::TempDir,
}

impl Home {
    async fn sqlite() -> Home {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("medward.db").display());
        Home { database: Database::open(&address).await.unwrap(), address, folder }
    }
}

macro_rules! suite {
    ($($module:ident :: $case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$module::$case(super::Home::sqlite().await).await;
            })*
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgresql_passes_the_same_suite() {
            let Some(server) = server::Server::start() else {
                eprintln!("skipped: PostgreSQL is not installed (package postgresql)");
                return;
            };
            let mut failed = Vec::new();
            $({
                let home = server.home(stringify!($case)).await;
                if let Err(error) = tokio::spawn($module::$case(home)).await {
                    failed.push(format!("{}: {error}", stringify!($case)));
                }
            })*
            assert!(failed.is_empty(), "{}", failed.join("\n"));
        }
    };
}

suite!(
    ingest::a_new_site_remembers_nothing,
    ingest::a_site_remembers_what_was_committed,
    ingest::a_commit_is_taken_once,
    ingest::a_commit_that_is_new_in_part_is_taken,
    ingest::a_refused_commit_changes_nothing,
    ingest::decisions_are_kept_and_undone_on_record,
    ingest::conversations_of_devices_not_yet_told_are_kept,
    ingest::sites_commit_side_by_side_and_no_event_is_missed,
    ingest::a_device_that_comes_again_unchanged_stays_as_it_was,
    devices::a_device_is_read_back_as_it_was_written,
    devices::a_device_of_another_site_moves_there,
    devices::sightings_move_times_forward_only,
    devices::what_people_say_survives_a_new_row,
    devices::an_annotation_with_an_old_version_is_refused,
    devices::many_devices_are_annotated_at_once,
    devices::each_device_is_worth_its_own_value,
    devices::pages_hold_each_device_once_in_every_order,
    devices::a_cursor_of_another_list_is_refused,
    devices::long_lists_are_walked_in_order,
    devices::facets_count_what_the_list_holds,
    devices::completion_offers_frequent_values_first,
    devices::sites_that_may_not_be_seen_are_not,
    devices::odd_texts_are_kept,
    merging::a_merged_device_is_found_by_either_id,
    merging::merging_sums_up_what_collides,
    merging::a_device_that_never_was_goes_with_all_its_rows,
    merging::a_merge_that_is_taken_back_leaves_two_devices,
    searching::the_store_finds_what_memory_finds,
    searching::too_many_terms_are_refused,
    searching::single_letters_are_found_where_words_are,
    findings::what_is_found_begins_stays_and_ends,
    findings::each_judge_replaces_only_its_own,
    findings::findings_are_paged_worst_first_and_filtered,
    findings::what_they_are_about_is_paged,
    findings::devices_are_found_by_what_is_wrong_with_them,
    findings::devices_are_judged_anew_when_they_or_the_knowledge_are_others,
    findings::new_grave_findings_are_told_once,
    findings::a_device_that_goes_loses_its_findings,
    findings::ended_findings_are_kept_as_long_as_events,
    documents::documents_have_versions_and_expire,
    documents::of_two_who_write_at_once_one_is_refused,
    audit::the_trail_is_chained_under_concurrency,
    audit::a_changed_or_removed_record_is_noticed,
    audit::the_trail_is_paged_and_searched,
    history::conversations_are_paged_by_time_and_volume,
    history::links_are_drawn_together,
    history::links_follow_what_is_added,
    history::a_busy_device_is_paged_like_others,
    history::volume_adds_up_by_hour_and_day,
    history::use_is_counted_by_the_hour_of_the_week,
    history::long_times_are_counted_by_days,
    history::events_are_numbered_in_order,
    history::stays_end_where_the_next_begins,
    history::attribute_values_are_read_latest_first,
    history::coverage_names_blind_spots,
    summing::sums_in_memory_follow_what_is_stored,
    upkeep::old_rows_are_pruned_and_new_ones_kept,
    upkeep::devices_nobody_spoke_of_are_forgotten,
    upkeep::health_and_sizes_are_told,
    upkeep::a_backup_is_restored_on_both_engines,
    upkeep::a_backup_of_the_first_schema_is_brought_up_to_date,
    upkeep::a_damaged_backup_is_refused,
    upkeep::a_backup_is_not_restored_over_something,
);
