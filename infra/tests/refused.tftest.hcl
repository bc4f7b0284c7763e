# What a variable refuses, and what Terraform warns of.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  project             = "example-project"
  package             = "../dist/package/kpi-export-0123456789ab.zip"
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
    http_invokers       = ["allUsers"]
  }

  expect_failures = [var.bi_readers, var.bi_query_runners, var.publishers, var.dead_letter_readers, var.http_invokers]
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
