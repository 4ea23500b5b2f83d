"""Which tests hold each attack of the list: one named alone is in test_rows.py."""

from __future__ import annotations

# Every row of the list that is about serving over HTTP, and the tests that hold it: here, or at the path.
ROWS: dict[str, tuple[str, ...]] = {
    "A01": (
        "tests/test_settings_http.py::test_nobody_is_served_who_has_shown_nothing",
        "tests/test_start.py::test_a_mistake_stops_the_start_and_names_the_remedy",
    ),
    "A02": ("test_without_a_good_token_there_is_a_challenge_and_no_detail",),
    "A03": ("test_the_metadata_is_at_both_places_and_names_the_public_url_whatever_the_host",),
    "A04": (
        "test_a_session_opens_no_door_and_a_token_that_was_revoked_between_calls_is_turned_away",
        "tests/http/test_keys.py::test_a_key_that_is_revoked_while_the_server_runs_is_turned_away",
        "tests/http/test_who_may_call.py::test_a_token_is_looked_at_with_every_request",
    ),
    "A05": ("test_a_forged_token_lets_nobody_in", "tests/auth/inbound/test_corpus.py"),
    "A06": ("test_a_forged_token_lets_nobody_in", "tests/auth/inbound/test_corpus.py"),
    "A07": ("test_a_forged_token_lets_nobody_in", "test_a_token_for_graph_is_no_token_for_us"),
    "A08": ("test_a_forged_token_lets_nobody_in", "tests/auth/inbound/test_corpus.py"),
    "A09": (
        "test_a_forged_token_lets_nobody_in",
        "tests/auth/inbound/test_entra_door.py::test_clocks_may_differ_by_a_minute",
    ),
    "A10": ("test_a_forged_token_lets_nobody_in", "test_an_app_is_no_person"),
    "A11": ("test_too_narrow_a_scope_is_challenged_with_the_whole_one",),
    "A12": ("test_a_tool_beyond_the_scope_is_neither_listed_nor_done",),
    "A13": ("test_a_flood_of_unknown_keys_fetches_nothing", "tests/auth/inbound/test_jwks.py"),
    "A14": ("tests/auth/inbound/test_entra_emulated.py", "tests/auth/inbound/test_jwks.py"),
    "A15": ("test_a_token_anywhere_but_in_the_one_header_is_refused",),
    "A16": ("test_a_forged_token_lets_nobody_in", "test_a_token_of_a_megabyte_is_not_read"),
    "A17": (
        "tests/http/test_keys.py::test_guesses_are_limited_and_stop_nobody_who_has_a_key",
        "tests/auth/inbound/test_api_keys.py::test_every_key_is_compared_whether_or_not_its_id_is_known",
        "tests/auth/inbound/test_key_form.py::test_what_is_kept_says_nothing_of_the_key",
    ),
    "T01": ("tests/test_settings_http.py::test_tokens_do_not_travel_in_the_clear",),
    "T02": ("test_only_our_own_names_are_answered",),
    "T03": ("test_pages_of_other_sites_are_refused",),
    "T04": ("test_only_listed_pages_may_call_and_a_preflight_opens_nothing",),
    "T05": ("test_headers_that_disagree_with_the_body_are_refused",),
    "T06": ("test_what_two_readers_could_take_in_two_ways_is_refused", "tests/http/test_connections.py"),
    "T07": ("test_forwarding_headers_count_from_our_proxies_alone",),
    "T08": ("test_the_metadata_is_at_both_places_and_names_the_public_url_whatever_the_host",),
    "T09": ("test_what_is_too_long_too_many_or_too_deep_is_refused",),
    "T10": ("test_slow_senders_and_hogs_are_turned_away", "tests/http/test_hostile.py"),
    "T11": ("tests/http/test_connections.py::test_a_reader_that_stops_is_dropped_and_the_app_hears_of_it",),
    "T12": (
        "test_each_address_has_its_rate_and_guesses_a_smaller_one",
        "test_each_caller_has_their_rate_and_so_many_calls_at_once",
    ),
    "T14": ("test_a_session_is_nothing_to_another_person",),
    "T15": ("test_of_many_callers_with_the_same_id_each_gets_their_own_answer",),
    "T16": ("test_states_handles_and_cursors_of_one_are_nothing_to_another",),
    "T17": ("test_a_client_that_leaves_ends_the_work_for_it",),
    "T18": ("test_only_what_is_needed_is_served_and_nothing_says_by_what",),
    "T19": ("test_health_says_one_word_and_asks_nobody_twice",),
    "T20": ("tests/http/test_hostile.py::test_what_is_no_message_is_answered_shortly",),
    "T21": ("tests/test_stdio.py",),
    "T22": (
        "tests/test_settings_http.py::test_tokens_do_not_travel_in_the_clear",
        "tests/web/test_tls.py::test_a_key_that_others_may_read_is_refused",
        "tests/web/test_tls.py::test_older_tls_is_refused",
    ),
    "M01": ("tests/tools/test_isolation.py",),
    "M02": ("tests/http/test_stress.py",),
    "M03": ("tests/http/test_stress.py",),
    "M04": ("test_each_caller_has_their_rate_and_so_many_calls_at_once",),
    "M05": ("tests/auth/test_on_behalf_of.py",),
    "M06": ("test_an_app_is_no_person", "tests/http/test_keys.py::test_a_key_works_within_its_limits"),
    "M07": ("test_states_handles_and_cursors_of_one_are_nothing_to_another",),
}
# T13 is for the proxy: the service has no list of addresses.
NOT_OURS = {"T13"}
