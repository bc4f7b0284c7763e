# What a variable takes, beside its default: the edges of what refused.tftest.hcl refuses.

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

run "range_of_31_dates" {
  command = plan

  variables {
    schedule_message   = "{\"from\":\"2025-12-01\",\"to\":\"2025-12-31\"}"
    schedule           = "0,30 */6 1-31/2 JAN-mar 0-7"
    report_time_zone   = "EST5EDT"
    schedule_time_zone = "America/Argentina/Buenos_Aires"
  }
}

run "leap_day" {
  command = plan

  variables {
    schedule_message   = "{ \"date\" : \"2028-02-29\" }"
    schedule           = "59 23 31 12 SUN,TUE"
    report_time_zone   = "europe/berlin"
    schedule_time_zone = "Etc/GMT+5"
  }
}

run "empty_request" {
  command = plan

  variables {
    schedule_message   = "{}"
    labels             = {}
    retention_days     = 36500
    max_bytes_billed   = 10485760
    release_min_people = 11
    release_round_to   = 5
  }
}

run "group_of_a_domain_that_reads" {
  command = plan

  variables {
    bi_readers           = ["domain:example.com"]
    release_readers      = ["group:partners@example.com", "user:somebody@sub.example.com", "principalSet://iam.googleapis.com/locations/global/workforcePools/partners/*"]
    max_rejected_share   = 1
    source_max_age_hours = 8760
    labels               = { a = "", cost-center_1 = "4-2_a" }
  }
}
