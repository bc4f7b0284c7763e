# What a variable refuses, and what Terraform warns of.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  project             = "example-project"
  package             = "tests/kpi-export-0123456789ab.zip"
  source_users        = "example-project.app.users"
  source_measurements = "example-project.app.measurements"
  alert_emails        = ["oncall@example.com"]
}

run "alerts_that_reach_nobody" {
  command = plan

  variables {
    alert_emails = []
  }

  expect_failures = [check.somebody_is_told]
}

run "the_public" {
  command = plan

  variables {
    bi_readers          = ["allUsers"]
    bi_query_runners    = ["allAuthenticatedUsers"]
    publishers          = ["allUsers"]
    dead_letter_readers = ["allAuthenticatedUsers"]
    status_readers      = ["allAuthenticatedUsers"]
    http_invokers       = ["allUsers"]
  }

  expect_failures = [var.bi_readers, var.bi_query_runners, var.publishers, var.dead_letter_readers, var.status_readers, var.http_invokers]
}

run "the_public_in_the_release" {
  command = plan

  variables {
    release_readers = ["allAuthenticatedUsers"]
  }

  expect_failures = [var.release_readers]
}

run "names_that_are_none" {
  command = plan

  variables {
    project             = "Example"
    package             = "../dist/kpi.zip"
    source_users        = "users"
    source_measurements = "app.measurements"
    source_first_tests  = "first_tests"
    region              = "US"
    dataset             = "kpi_release"
    bigquery_location   = ""
  }

  expect_failures = [var.project, var.package, var.source_users, var.source_measurements, var.source_first_tests, var.region, var.dataset, var.bigquery_location]
}

run "a_schedule_that_is_none" {
  command = plan

  variables {
    schedule           = "daily"
    schedule_time_zone = "06:00"
    schedule_message   = "{\"date\":\"{{ds}}\"}"
    report_time_zone   = "+01:00"
  }

  expect_failures = [var.schedule, var.schedule_time_zone, var.schedule_message, var.report_time_zone]
}

run "a_message_that_is_empty" {
  command = plan

  variables {
    schedule_message = ""
  }

  expect_failures = [var.schedule_message]
}

run "numbers_out_of_range" {
  command = plan

  variables {
    retention_days       = 7
    max_bytes_billed     = 0
    max_rejected_share   = 5
    max_unknown_share    = 5
    source_max_age_hours = -1
    release_min_people   = 10
    first_tests_view     = { refresh_hours = 0 }
  }

  expect_failures = [var.retention_days, var.max_bytes_billed, var.max_rejected_share, var.max_unknown_share, var.source_max_age_hours, var.release_min_people, var.first_tests_view]
}

run "a_rounding_coarser_than_the_groups" {
  command = plan

  variables {
    release_round_to = 50
  }

  expect_failures = [var.release_round_to]
}

run "a_grain_that_is_none" {
  command = plan

  variables {
    release_grain = "year"
  }

  expect_failures = [var.release_grain]
}

run "weeks_by_period_date" {
  command = plan

  variables {
    release_grain          = "week"
    release_by_period_date = true
  }

  expect_failures = [var.release_by_period_date]
}

run "a_log_level_that_blinds_the_alerts" {
  command = plan

  variables {
    log_level             = "error"
    notification_channels = ["1"]
    alert_emails          = ["nobody"]
  }

  expect_failures = [var.log_level, var.notification_channels, var.alert_emails]
}

run "readers_of_the_release_who_see_exact_numbers" {
  command = plan

  variables {
    bi_readers      = ["group:partners@example.org"]
    release_readers = ["group:partners@example.org"]
  }

  expect_failures = [var.release_readers]
}

run "two_views_of_first_tests" {
  command = plan

  variables {
    source_first_tests = "example-project.app.first_tests"
    first_tests_view   = {}
  }

  expect_failures = [var.source_first_tests]
}

run "the_public_by_another_name" {
  command = plan

  variables {
    publishers      = ["principalSet://goog/public:all"]
    release_readers = ["principalSet://goog/public:all", "user:b@example.org"]
  }

  expect_failures = [var.publishers, var.release_readers]
}

run "a_member_of_deny_policies" {
  command = plan

  variables {
    publishers      = ["principal://goog/subject/a@example.com"]
    release_readers = ["principal://goog/subject/b@example.com", "user:b@example.org"]
  }

  expect_failures = [var.publishers, var.release_readers]
}

run "a_message_with_date_that_never_was" {
  command = plan

  variables {
    schedule_message = "{\"date\":\"2025-02-30\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_both_a_date_and_a_range" {
  command = plan

  variables {
    schedule_message = "{\"date\":\"today\",\"from\":\"today\",\"to\":\"today\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_from_without_to" {
  command = plan

  variables {
    schedule_message = "{\"from\":\"today\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_to_without_from" {
  command = plan

  variables {
    schedule_message = "{\"to\":\"today\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_an_unknown_key" {
  command = plan

  variables {
    schedule_message = "{\"day\":\"today\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_null_for_a_date" {
  command = plan

  variables {
    schedule_message = "{\"date\":null}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_a_number_for_a_date" {
  command = plan

  variables {
    schedule_message = "{\"date\":20251223}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_a_list" {
  command = plan

  variables {
    schedule_message = "[\"today\"]"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_broken_json" {
  command = plan

  variables {
    schedule_message = "{\"date\":"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_the_wrong_way_round" {
  command = plan

  variables {
    schedule_message = "{\"from\":\"today\",\"to\":\"yesterday\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_dates_the_wrong_way_round" {
  command = plan

  variables {
    schedule_message = "{\"from\":\"2025-12-02\",\"to\":\"2025-12-01\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_thirty_two_dates" {
  command = plan

  variables {
    schedule_message = "{\"from\":\"2025-12-01\",\"to\":\"2026-01-01\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_message_with_a_range_that_grows" {
  command = plan

  variables {
    schedule_message = "{\"from\":\"2025-12-01\",\"to\":\"today\"}"
  }

  expect_failures = [var.schedule_message]
}

run "a_schedule_with_minute_60" {
  command = plan

  variables {
    schedule = "60 6 * * *"
  }

  expect_failures = [var.schedule]
}

run "a_schedule_with_hour_24" {
  command = plan

  variables {
    schedule = "0 24 * * *"
  }

  expect_failures = [var.schedule]
}

run "a_schedule_with_day_0" {
  command = plan

  variables {
    schedule = "0 6 0 * *"
  }

  expect_failures = [var.schedule]
}

run "a_schedule_with_month_13" {
  command = plan

  variables {
    schedule = "0 6 1 13 *"
  }

  expect_failures = [var.schedule]
}

run "a_schedule_with_weekday_8" {
  command = plan

  variables {
    schedule = "0 6 * * 8"
  }

  expect_failures = [var.schedule]
}

run "a_schedule_with_a_range_backwards" {
  command = plan

  variables {
    schedule = "0 6 * * 5-1"
  }

  expect_failures = [var.schedule]
}

run "a_schedule_with_a_step_of_0" {
  command = plan

  variables {
    schedule = "*/0 6 * * *"
  }

  expect_failures = [var.schedule]
}

run "a_schedule_with_six_fields" {
  command = plan

  variables {
    schedule = "0 0 6 * * *"
  }

  expect_failures = [var.schedule]
}

run "a_schedule_with_words" {
  command = plan

  variables {
    schedule = "every 24 hours in a"
  }

  expect_failures = [var.schedule]
}

run "a_zone_with_an_offset" {
  command = plan

  variables {
    report_time_zone   = "UTC+1"
    schedule_time_zone = "UTC+1"
  }

  expect_failures = [var.report_time_zone, var.schedule_time_zone]
}

run "a_zone_with_a_city_alone" {
  command = plan

  variables {
    report_time_zone   = "Berlin"
    schedule_time_zone = "Berlin"
  }

  expect_failures = [var.report_time_zone, var.schedule_time_zone]
}

run "a_zone_with_a_slash_at_the_end" {
  command = plan

  variables {
    report_time_zone   = "Europe/"
    schedule_time_zone = "Europe/"
  }

  expect_failures = [var.report_time_zone, var.schedule_time_zone]
}

run "labels_with_capitals" {
  command = plan

  variables {
    labels = { Team = "data" }
  }

  expect_failures = [var.labels]
}

run "labels_with_a_value_with_capitals" {
  command = plan

  variables {
    labels = { team = "Data" }
  }

  expect_failures = [var.labels]
}

run "labels_with_a_name_of_google" {
  command = plan

  variables {
    labels = { goog-team = "data" }
  }

  expect_failures = [var.labels]
}

run "labels_with_a_long_value" {
  command = plan

  variables {
    labels = { team = join("", [for letter in range(64) : "a"]) }
  }

  expect_failures = [var.labels]
}

run "labels_with_too_many" {
  command = plan

  variables {
    labels = { for number in range(61) : "label-${number}" => "a" }
  }

  expect_failures = [var.labels]
}

run "numbers_above_their_range" {
  command = plan

  variables {
    retention_days     = 40000
    max_bytes_billed   = 1000
    release_min_people = 1000000000
    first_tests_view   = { refresh_hours = 1.5 }
  }

  expect_failures = [var.retention_days, var.max_bytes_billed, var.release_min_people, var.first_tests_view]
}

run "more_bytes_than_a_query_can_be_given" {
  command = plan

  variables {
    max_bytes_billed = 99999999999999999999
  }

  expect_failures = [var.max_bytes_billed]
}

run "a_reader_of_both_in_other_letters" {
  command = plan

  variables {
    bi_readers      = ["group:Partners@example.org"]
    release_readers = ["group:partners@Example.org"]
  }

  expect_failures = [var.release_readers]
}

run "a_reader_of_the_release_in_a_domain_of_bi_readers" {
  command = plan

  variables {
    bi_readers      = ["domain:example.com"]
    release_readers = ["user:somebody@Example.com"]
  }

  expect_failures = [var.release_readers]
}

run "a_domain_of_the_release_with_a_bi_reader" {
  command = plan

  variables {
    bi_readers      = ["user:somebody@example.org"]
    release_readers = ["domain:example.org"]
  }

  expect_failures = [var.release_readers]
}

run "a_listing_without_a_release" {
  command = plan

  variables {
    release_listing = { subscribers = [], contact = "data@example.com" }
  }

  expect_failures = [var.release_listing]
}

run "the_public_among_subscribers" {
  command = plan

  variables {
    release_enabled = true
    release_listing = { subscribers = ["allAuthenticatedUsers"], contact = "data@example.com" }
  }

  expect_failures = [var.release_listing]
}

run "a_subscriber_who_sees_exact_numbers" {
  command = plan

  variables {
    release_enabled = true
    bi_readers      = ["user:somebody@Example.com"]
    release_listing = { subscribers = ["user:Somebody@example.com"], contact = "data@example.com" }
  }

  expect_failures = [var.release_listing]
}

run "a_subscriber_in_a_domain_of_bi_readers" {
  command = plan

  variables {
    release_enabled = true
    bi_readers      = ["domain:example.com"]
    release_listing = { subscribers = ["user:somebody@example.com"], contact = "data@example.com" }
  }

  expect_failures = [var.release_listing]
}

run "a_listing_without_a_contact" {
  command = plan

  variables {
    release_enabled = true
    release_listing = { subscribers = ["group:a@example.edu"], contact = "somebody" }
  }

  expect_failures = [var.release_listing]
}

run "a_listing_of_a_name_that_is_none" {
  command = plan

  variables {
    release_enabled = true
    release_listing = { subscribers = ["group:a@example.edu"], contact = "data@example.com", name = " Metrics!" }
  }

  expect_failures = [var.release_listing]
}

run "a_package_that_is_not_there" {
  command = plan

  variables {
    package = "tests/kpi-export-ba9876543210.zip"
  }

  expect_failures = [google_storage_bucket_object.package]
}

run "functions_that_can_not_be" {
  command = plan

  variables {
    function_memory        = "512MB"
    function_max_instances = 0.5
    http_ingress           = "ALLOW_EVERYBODY"
    http_timeout_seconds   = 60
  }

  expect_failures = [var.function_memory, var.function_max_instances, var.http_ingress, var.http_timeout_seconds]
}

run "more_waiting_instances_than_instances" {
  command = plan

  variables {
    function_min_instances = 6
    http_timeout_seconds   = 3601
  }

  expect_failures = [var.function_min_instances, var.http_timeout_seconds]
}

run "too_many_instances" {
  command = plan

  variables {
    function_max_instances = 101
  }

  expect_failures = [var.function_max_instances]
}

run "half_an_instance" {
  command = plan

  variables {
    function_min_instances = 0.5
  }

  expect_failures = [var.function_min_instances]
}

run "keys_that_are_none" {
  command = plan

  variables {
    kms_keys = { topics = "projects/p/locations/us/keyRings/kpi/cryptoKeys/topics/cryptoKeyVersions/1" }
  }

  expect_failures = [var.kms_keys]
}

run "a_key_of_the_datasets_elsewhere" {
  command = plan

  variables {
    kms_keys = { datasets = "projects/p/locations/us-east1/keyRings/kpi/cryptoKeys/datasets" }
  }

  expect_failures = [var.kms_keys]
}

run "a_key_of_the_bucket_elsewhere" {
  command = plan

  variables {
    kms_keys = { bucket = "projects/p/locations/us/keyRings/kpi/cryptoKeys/bucket" }
  }

  expect_failures = [var.kms_keys]
}

run "a_budget_of_no_account" {
  command = plan

  variables {
    budget = { billing_account = "billingAccounts/012345-6789AB-CDEF01", amount = 50 }
  }

  expect_failures = [var.budget]
}

run "a_budget_of_nothing" {
  command = plan

  variables {
    budget = { billing_account = "012345-6789AB-CDEF01", amount = 0.5 }
  }

  expect_failures = [var.budget]
}

run "versions_of_the_webhook_that_are_none" {
  command = plan

  variables {
    digest_webhook_version = 1.5
  }

  expect_failures = [var.digest_webhook_version]
}
