//! One suite for every store: the one in memory is the reference, each other has to do the same.

mod anchors;
mod batches;
mod checkup;
mod coupons;
mod erase;
mod export;
mod forget;
mod forget_history;
mod log;
mod outbox;
mod people;
pub(crate) mod postgres;
mod reports;
mod sample;
mod sqlite_file;
mod taken;
mod upgrade;

use kurant_store::{Memory, Sqlite};

/// A SQLite store in a folder that goes when the test ends.
async fn sqlite() -> (tempfile::TempDir, Sqlite) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let store = Sqlite::open(&folder.path().join("state.db"))
        .await
        .expect("a new store");
    (folder, store)
}

/// Runs each check over each store.
macro_rules! conformance {
    ($($file:ident: $($check:ident)*;)*) => {
        mod on_memory {
            $($(#[tokio::test] async fn $check() { super::$file::$check(&super::Memory::new()).await; })*)*
        }
        mod on_sqlite {
            $($(#[tokio::test] async fn $check() { let (_folder, store) = super::sqlite().await; super::$file::$check(&store).await; })*)*
        }
        mod on_postgres {
            $($(#[tokio::test] async fn $check() {
                let schema = super::postgres::database::Schema::new().await;
                super::$file::$check(&schema.open().await).await;
            })*)*
        }
    };
}

conformance! {
    people: a_person_comes_back_as_written an_unknown_customer_is_absent history_holds_what_is_kept_oldest_first
        whoever_may_come_back_is_read_with_what_came_since_the_entry customers_come_in_pages_by_id;
    batches: an_event_takes_effect_once a_batch_with_a_known_event_writes_nothing the_same_event_twice_in_a_batch_is_a_conflict
        a_state_is_written_over_the_one_before_it_only marks_are_set_and_forgotten a_large_batch_is_written_whole
        a_batch_is_written_in_its_turn_or_never a_mark_that_others_may_write_is_written_over_what_was_read;
    anchors: a_firing_is_a_range_read anchors_move_with_their_attribute pages_of_anchors_end zones_are_listed;
    outbox: due_customers_come_in_order a_share_holds_its_own_customers
        those_who_are_due_first_come_first_whatever_their_slots outbox_rows_move_on only_the_own_claim_settles
        what_is_withdrawn_is_claimed_as_that where_commands_stand_is_told_by_their_keys
        a_claim_whose_lease_has_passed_is_claimed_anew one_worker_has_a_piece_of_work_until_its_time_is_up
        a_worker_alone_has_everybody each_route_is_claimed_by_itself what_is_tried_again_keeps_its_order_for_each_customer what_was_given_up_is_kept_and_can_be_tried_again;
    log: the_log_is_read_in_pages_in_the_order_of_commits one_customers_log_is_read_alone a_time_has_its_place_in_the_log;
    reports: the_log_is_kept_by_customer enrollments_are_counted members_are_those_inside_by_id pinned_versions_are_those_held definitions_are_replaced
        dead_letters_are_kept_once;
    forget: repeats_are_forgotten_and_histories_tell_them_still the_log_is_forgotten_from_its_beginning letters_are_forgotten
        counts_are_added_up;
    forget_history: histories_are_forgotten_but_for_what_is_looked_back_on what_tells_of_a_consent_stays_in_the_history
        bodies_are_forgotten_and_their_lines_stay a_body_whose_clock_is_out_of_order_is_not_jumped_over
        what_stands_beside_the_log_is_touched_by_no_forgetting;
    export: all_that_is_held_of_one_customer_is_told of_an_erased_customer_only_the_bones_are_told;
    erase: nobody_who_was_erased_leaves_an_anchor lines_about_who_is_back_stand_under_the_own_name
        of_a_reason_told_after_the_erasure_the_code_stays what_was_decided_before_an_erasure_makes_nobody
        a_dead_letter_that_comes_late_has_no_body dead_letters_are_found_however_they_spell_a_name;
    coupons: codes_that_expire_first_come_first_and_hold_long_enough a_code_is_given_once a_code_stands_in_one_pool
        codes_are_counted_and_those_that_nobody_has_go of_an_erased_customer_the_code_stays_given
        what_is_put_aside_is_given_to_nobody_until_it_is_released whoever_left_for_a_reason_is_found;
    taken: what_was_taken_is_found_by_its_name commands_are_given_whole_while_they_are_in_the_outbox names_are_forgotten
        of_somebody_erased_no_name_is_kept;
    checkup: what_waits_is_counted sums_are_of_one_moment a_state_is_held_against_the_index;
}
