# Every variable that is optional is set.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  project             = "example-project"
  package             = "./tests/kpi-export-0123456789ab.zip"
  source_users        = "example-project.app.users"
  source_measurements = "other-project.app.measurements"

  region              = "europe-west1"
  bigquery_location   = "EU"
  dataset             = "product_metrics"
  labels              = { team = "data" }
  retention_days      = 400
  deletion_protection = false
  first_tests_view    = { name = "first_tests", refresh_hours = 6 }

  kms_keys = {
    datasets = "projects/example-keys/locations/europe/keyRings/kpi/cryptoKeys/datasets"
    bucket   = "projects/example-keys/locations/europe-west1/keyRings/kpi/cryptoKeys/bucket"
    topics   = "projects/example-keys/locations/europe-west1/keyRings/kpi/cryptoKeys/topics"
  }

  function_memory        = "1Gi"
  function_min_instances = 1
  function_max_instances = 3
  http_enabled           = true
  http_ingress           = "ALLOW_INTERNAL_AND_GCLB"
  http_timeout_seconds   = 900

  bi_readers          = ["serviceAccount:basedash-reader@example-project.iam.gserviceaccount.com", "group:analysts@example.com", "domain:example.com", "principalSet://iam.googleapis.com/locations/global/workforcePools/bi/*"]
  bi_query_runners    = ["serviceAccount:basedash-reader@example-project.iam.gserviceaccount.com"]
  publishers          = ["group:operators@example.com"]
  dead_letter_readers = ["group:operators@example.com"]
  status_readers      = ["group:operators@example.com"]
  http_invokers       = ["user:someone@example.com"]

  schedule           = "30 5 * * 1-5"
  schedule_time_zone = "Europe/Berlin"
  schedule_message   = "{\"date\":\"yesterday\"}"
  paused             = true

  report_time_zone     = "Europe/Berlin"
  max_bytes_billed     = 1000000000000
  max_rejected_share   = 0.01
  max_unknown_share    = 0.75
  source_max_age_hours = 0
  log_level            = "debug"

  notification_channels = ["projects/example-project/notificationChannels/1"]
  alert_emails          = ["oncall@example.com"]
  budget                = { billing_account = "012345-6789AB-CDEF01", amount = 50 }

  unusual_figures_alert  = true
  digest_webhook_version = 2

  release_enabled    = true
  release_readers    = ["group:partners@example.org", "user:researcher@example.edu"]
  release_listing    = { subscribers = ["group:researchers@example.edu", "user:somebody@example.net"], contact = "data@example.com", name = "Metrics of Example", restrict_results = true }
  release_grain      = "month"
  release_min_people = 30
  release_round_to   = 15
}

run "names_and_places" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.metrics.dataset_id == "product_metrics" && google_bigquery_dataset.metrics.location == "EU"
    error_message = "Expected product_metrics in EU."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.export : function.location == "europe-west1"]) && google_cloud_scheduler_job.daily.region == "europe-west1"
    error_message = "Expected functions and schedule in europe-west1."
  }
  assert {
    condition     = google_storage_bucket_object.package.name == "kpi-export-0123456789ab.zip" && google_storage_bucket_object.package.source == "./tests/kpi-export-0123456789ab.zip"
    error_message = "Expected the package under its own name."
  }
}

run "retention" {
  command = plan

  assert {
    condition     = alltrue([for table in google_bigquery_table.published : table.time_partitioning[0].expiration_ms == 34560000000 && !table.deletion_protection])
    error_message = "Expected partitions of 400 days, in tables that may be deleted."
  }
}

run "pause_and_schedule" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.daily.paused == true && google_cloud_scheduler_job.daily.schedule == "30 5 * * 1-5" && google_cloud_scheduler_job.daily.time_zone == "Europe/Berlin"
    error_message = "Expected a paused job with that schedule."
  }
  assert {
    condition     = base64decode(google_cloud_scheduler_job.daily.pubsub_target[0].data) == "{\"date\":\"yesterday\"}"
    error_message = "Expected that message."
  }
}

run "a_pause_silences_the_alert_that_it_would_set_off" {
  command = plan

  assert {
    condition     = [for name, alert in google_monitoring_alert_policy.alert : name if !alert.enabled] == ["no_export"]
    error_message = "Expected all alerts but no_export to be on."
  }
}

run "bi_readers_read_and_no_more" {
  command = plan

  assert {
    condition     = alltrue([for access in google_bigquery_dataset_access.bi_reader : access.role == "READER" && access.dataset_id == "product_metrics"]) && length(google_bigquery_dataset_access.bi_reader) == 4
    error_message = "Expected four readers of the dataset."
  }
  assert {
    condition     = google_bigquery_dataset_access.bi_reader["serviceAccount:basedash-reader@example-project.iam.gserviceaccount.com"].user_by_email == "basedash-reader@example-project.iam.gserviceaccount.com"
    error_message = "Expected the service account by its address."
  }
  assert {
    condition     = google_bigquery_dataset_access.bi_reader["group:analysts@example.com"].group_by_email == "analysts@example.com"
    error_message = "Expected the group by its address."
  }
  assert {
    condition     = google_bigquery_dataset_access.bi_reader["domain:example.com"].domain == "example.com"
    error_message = "Expected the domain."
  }
  assert {
    condition     = google_bigquery_dataset_access.bi_reader["principalSet://iam.googleapis.com/locations/global/workforcePools/bi/*"].iam_member == "principalSet://iam.googleapis.com/locations/global/workforcePools/bi/*"
    error_message = "Expected the principals as IAM writes them."
  }
  assert {
    condition     = [for grant in google_project_iam_member.bi_query_runner : grant.role] == ["roles/bigquery.jobUser"]
    error_message = "Expected the one that runs queries here to be allowed that alone."
  }
}

run "who_may_ask" {
  command = plan

  assert {
    condition     = google_pubsub_topic_iam_member.publisher["group:operators@example.com"].topic == "kpi-export" && google_pubsub_topic_iam_member.publisher["group:operators@example.com"].role == "roles/pubsub.publisher"
    error_message = "Expected operators to publish to kpi-export."
  }
  assert {
    condition     = google_pubsub_subscription_iam_member.dead_letter_reader["group:operators@example.com"].subscription == "kpi-export-dead-letter"
    error_message = "Expected operators to read dead letters."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.invoker["user:someone@example.com"].name == "kpi-export-http" && google_cloud_run_v2_service_iam_member.caller[0].name == "kpi-export-http"
    error_message = "Expected callers of exportKpiHttp alone."
  }
}

run "operators_see_how_things_stand" {
  command = plan

  assert {
    condition     = [for grant in google_project_iam_member.status_reader : "${grant.member} ${grant.role}"] == ["group:operators@example.com roles/monitoring.viewer"]
    error_message = "Expected operators to read metrics, and no more."
  }
}

run "functions_as_they_are_set" {
  command = plan

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.export : function.service_config[0].available_memory == "1Gi" && function.service_config[0].min_instance_count == 1 && function.service_config[0].max_instance_count == 3])
    error_message = "Expected both with 1Gi, in one to three instances."
  }
  assert {
    condition     = google_cloudfunctions2_function.export["http"].service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB" && google_cloudfunctions2_function.export["http"].service_config[0].timeout_seconds == 900
    error_message = "Expected exportKpiHttp behind a load balancer, with 900 seconds."
  }
  assert {
    condition     = google_cloudfunctions2_function.export["pubsub"].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY" && google_cloudfunctions2_function.export["pubsub"].service_config[0].timeout_seconds == 540
    error_message = "Expected exportKpi as it always is."
  }
}

run "without_the_function_for_calls" {
  command = plan

  variables {
    http_enabled = false
  }

  assert {
    condition     = keys(google_cloudfunctions2_function.export) == ["pubsub"] && output.http_url == null
    error_message = "Expected exportKpi alone."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.caller) == 0 && length(google_cloud_run_v2_service_iam_member.invoker) == 0 && !contains(keys(google_service_account.account), "caller")
    error_message = "Expected nobody who may call, and no account for it."
  }
}

run "keys" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.metrics.default_encryption_configuration[0].kms_key_name == "projects/example-keys/locations/europe/keyRings/kpi/cryptoKeys/datasets" && google_bigquery_dataset.release[0].default_encryption_configuration[0].kms_key_name == "projects/example-keys/locations/europe/keyRings/kpi/cryptoKeys/datasets"
    error_message = "Expected both datasets under their key."
  }
  assert {
    condition     = google_storage_bucket.source.encryption[0].default_kms_key_name == "projects/example-keys/locations/europe-west1/keyRings/kpi/cryptoKeys/bucket"
    error_message = "Expected the bucket under its key."
  }
  assert {
    condition     = alltrue([for topic in [google_pubsub_topic.export, google_pubsub_topic.dead_letter] : topic.kms_key_name == "projects/example-keys/locations/europe-west1/keyRings/kpi/cryptoKeys/topics"])
    error_message = "Expected both topics under their key."
  }
  assert {
    condition = { for what, grant in google_kms_crypto_key_iam_member.agent : what => "${grant.member} ${grant.role} ${grant.crypto_key_id}" } == {
      datasets = "serviceAccount:bq-123456789012@bigquery-encryption.iam.gserviceaccount.com roles/cloudkms.cryptoKeyEncrypterDecrypter projects/example-keys/locations/europe/keyRings/kpi/cryptoKeys/datasets"
      bucket   = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com roles/cloudkms.cryptoKeyEncrypterDecrypter projects/example-keys/locations/europe-west1/keyRings/kpi/cryptoKeys/bucket"
      topics   = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/cloudkms.cryptoKeyEncrypterDecrypter projects/example-keys/locations/europe-west1/keyRings/kpi/cryptoKeys/topics"
    }
    error_message = "Expected Google's own accounts to use the keys, each its own."
  }
}

run "one_key_alone" {
  command = plan

  variables {
    kms_keys = { topics = "projects/example-keys/locations/global/keyRings/kpi/cryptoKeys/topics" }
  }

  assert {
    condition     = keys(google_kms_crypto_key_iam_member.agent) == ["topics"] && length(google_bigquery_dataset.metrics.default_encryption_configuration) == 0 && length(google_storage_bucket.source.encryption) == 0
    error_message = "Expected Google's keys for the rest."
  }
}

run "budget" {
  command = plan

  assert {
    condition     = google_billing_budget.project[0].billing_account == "012345-6789AB-CDEF01" && google_billing_budget.project[0].amount[0].specified_amount[0].units == "50" && google_billing_budget.project[0].budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "Expected a budget of 50 for this project."
  }
  assert {
    condition     = [for rule in google_billing_budget.project[0].threshold_rules : rule.threshold_percent] == [0.5, 0.9, 1]
    error_message = "Expected to be told at 50, 90 and 100 %."
  }
  assert {
    condition     = google_billing_budget.project[0].all_updates_rule[0].monitoring_notification_channels == tolist(["projects/example-project/notificationChannels/oncall"])
    error_message = "Expected the address to be told."
  }
  assert {
    condition     = contains(keys(google_project_service.required), "billingbudgets.googleapis.com")
    error_message = "Expected the API of budgets."
  }
}

run "a_budget_that_more_than_five_are_told_of" {
  command = plan

  variables {
    alert_emails = ["a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com", "f@example.com"]
  }

  assert {
    condition     = length(google_billing_budget.project[0].all_updates_rule[0].monitoring_notification_channels) == 5
    error_message = "Expected the five that a budget takes."
  }
}

run "a_budget_that_one_is_told_of_twice" {
  command = plan

  variables {
    alert_emails = ["a@example.com", "a@example.com"]
  }

  assert {
    condition     = length(google_billing_budget.project[0].all_updates_rule[0].monitoring_notification_channels) == 1
    error_message = "Expected each address once."
  }
}

run "a_budget_that_nobody_else_is_told_of" {
  command = plan

  variables {
    alert_emails = []
  }

  assert {
    condition     = length(google_billing_budget.project[0].all_updates_rule) == 0
    error_message = "Expected the accounts' administrators alone to be told."
  }
}

run "environment" {
  command = plan

  assert {
    condition = google_cloudfunctions2_function.export["http"].service_config[0].environment_variables == tomap({
      NODE_ENV                 = "production"
      LOG_EXECUTION_ID         = "true"
      KPI_WAREHOUSE            = "bigquery:example-project.product_metrics"
      KPI_LOCATION             = "EU"
      KPI_SOURCE_USERS         = "example-project.app.users"
      KPI_SOURCE_MEASUREMENTS  = "other-project.app.measurements"
      KPI_SOURCE_FIRST_TESTS   = "other-project.app.first_tests"
      KPI_TIME_ZONE            = "Europe/Berlin"
      KPI_DEAD_LETTER_TOPIC    = "projects/example-project/topics/kpi-export-dead-letter"
      KPI_MAX_BYTES_BILLED     = "1000000000000"
      KPI_MAX_REJECTED_SHARE   = "0.01"
      KPI_MAX_UNKNOWN_SHARE    = "0.75"
      KPI_SOURCE_MAX_AGE_HOURS = "0"
      KPI_LOG_LEVEL            = "debug"
      KPI_RELEASE              = "on"
      KPI_RELEASE_GRAIN        = "month"
      KPI_RELEASE_MIN_PEOPLE   = "30"
      KPI_RELEASE_ROUND_TO     = "15"
    })
    error_message = "The environment is another."
  }
}

run "first_tests_beside_their_source" {
  command = plan

  assert {
    condition     = google_bigquery_table.first_tests[0].project == "other-project" && google_bigquery_table.first_tests[0].dataset_id == "app" && google_bigquery_table.first_tests[0].table_id == "first_tests"
    error_message = "Expected the view in the dataset of measurements."
  }
  assert {
    condition     = google_bigquery_table.first_tests[0].materialized_view[0].refresh_interval_ms == 21600000 && strcontains(google_bigquery_table.first_tests[0].materialized_view[0].query, "FROM `other-project.app.measurements`")
    error_message = "Expected a view on measurements, refreshed every 6 hours."
  }
  assert {
    condition     = google_bigquery_table_iam_member.runner_first_tests[0].table_id == "first_tests" && google_bigquery_table_iam_member.runner_first_tests[0].role == "roles/bigquery.dataViewer"
    error_message = "Expected the runner to read it."
  }
}

run "first_tests_that_exist" {
  command = plan

  variables {
    first_tests_view   = null
    source_first_tests = "other-project.views.first_tests"
  }

  assert {
    condition     = google_cloudfunctions2_function.export["pubsub"].service_config[0].environment_variables["KPI_SOURCE_FIRST_TESTS"] == "other-project.views.first_tests" && length(google_bigquery_table.first_tests) == 0
    error_message = "Expected the view that exists."
  }
  assert {
    condition     = google_bigquery_table_iam_member.runner_source["first_tests"].dataset_id == "views"
    error_message = "Expected the runner to read it."
  }
}

run "release_readers_get_the_release_and_nothing_else" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.release[0].dataset_id == "kpi_release" && google_bigquery_dataset.release[0].location == "EU"
    error_message = "Expected kpi_release beside the metrics."
  }
  assert {
    condition     = google_bigquery_table.release["month"].table_id == "monthly_metrics" && google_bigquery_table.release["month"].time_partitioning[0].field == "period_start_date" && google_bigquery_table.release["month"].time_partitioning[0].type == "DAY"
    error_message = "Expected monthly_metrics, partitioned by period_start_date."
  }
  assert {
    condition     = google_bigquery_table.release["month"].time_partitioning[0].expiration_ms == 0 && google_bigquery_table.release["month"].ignore_auto_generated_schema
    error_message = "Expected released periods and their columns to stay."
  }
  assert {
    condition     = toset(keys(google_bigquery_dataset_access.release_reader)) == toset(["group:partners@example.org", "user:researcher@example.edu"]) && alltrue([for access in google_bigquery_dataset_access.release_reader : access.role == "READER" && access.dataset_id == "kpi_release"])
    error_message = "Expected the readers to read kpi_release."
  }
  assert {
    condition     = google_bigquery_dataset_access.runner_release[0].role == "WRITER" && google_bigquery_dataset_access.runner_release[0].dataset_id == "kpi_release" && google_bigquery_dataset_access.runner_release[0].user_by_email == "kpi-export-runner@example-project.iam.gserviceaccount.com"
    error_message = "Expected the runner to write kpi_release."
  }
  assert {
    condition = length(setintersection(
      ["group:partners@example.org", "user:researcher@example.edu"],
      concat(
        keys(google_bigquery_dataset_access.bi_reader),
        [for grant in google_project_iam_member.bi_query_runner : grant.member],
        [for grant in google_pubsub_topic_iam_member.publisher : grant.member],
        [for grant in google_cloud_run_v2_service_iam_member.invoker : grant.member],
        [for grant in google_pubsub_subscription_iam_member.dead_letter_reader : grant.member],
      ),
    )) == 0
    error_message = "A reader of the release has more than that."
  }
}

run "the_listing_is_of_the_release_and_restricts_exports" {
  command = plan

  assert {
    condition     = google_bigquery_analytics_hub_listing.release[0].bigquery_dataset[0].dataset == "projects/example-project/datasets/kpi_release" && google_bigquery_analytics_hub_listing.release[0].location == "EU" && google_bigquery_analytics_hub_listing.release[0].display_name == "Metrics of Example"
    error_message = "Expected a listing of kpi_release, where it is."
  }
  assert {
    condition     = google_bigquery_analytics_hub_listing.release[0].restricted_export_config[0].enabled && google_bigquery_analytics_hub_listing.release[0].restricted_export_config[0].restrict_query_result
    error_message = "Expected restricted exports, also of results."
  }
  assert {
    condition     = google_bigquery_analytics_hub_data_exchange.release[0].discovery_type == "DISCOVERY_TYPE_PRIVATE" && google_bigquery_analytics_hub_data_exchange.release[0].primary_contact == "data@example.com"
    error_message = "Expected an exchange that only those see who are asked."
  }
  assert {
    condition     = toset(keys(google_bigquery_analytics_hub_listing_iam_member.release_subscriber)) == toset(["group:researchers@example.edu", "user:somebody@example.net"]) && alltrue([for grant in google_bigquery_analytics_hub_listing_iam_member.release_subscriber : grant.role == "roles/analyticshub.subscriber" && grant.listing_id == "kpi_release" && grant.data_exchange_id == "kpi_release"])
    error_message = "Expected the subscribers to subscribe to the listing, and no more."
  }
  assert {
    condition     = contains(keys(google_project_service.required), "analyticshub.googleapis.com") && output.release_listing == "projects/example-project/locations/EU/dataExchanges/kpi_release/listings/kpi_release"
    error_message = "Expected the API, and the listing among the outputs."
  }
}

run "results_may_be_kept_unless_that_is_restricted" {
  command = plan

  variables {
    release_listing = { subscribers = ["group:researchers@example.edu"], contact = "https://example.com/data" }
  }

  assert {
    condition     = google_bigquery_analytics_hub_listing.release[0].restricted_export_config[0].enabled && !google_bigquery_analytics_hub_listing.release[0].restricted_export_config[0].restrict_query_result
    error_message = "Expected exports of the dataset to be restricted, and those of results not."
  }
}

run "a_paused_release_stays_readable" {
  command = plan

  variables {
    release_paused = true
  }

  assert {
    condition     = google_cloudfunctions2_function.export["pubsub"].service_config[0].environment_variables["KPI_RELEASE"] == "off"
    error_message = "Expected exports to release nothing."
  }
  assert {
    condition     = length(google_bigquery_table.release) == 1 && length(google_bigquery_dataset_access.release_reader) == 2
    error_message = "Expected the released table and its readers to stay."
  }
}

run "a_release_by_period_date_goes_on_in_its_table" {
  command = plan

  variables {
    release_grain          = "day"
    release_by_period_date = true
  }

  assert {
    condition     = length(google_bigquery_table.release) == 0 && output.release_table == null && length(google_bigquery_dataset.release) == 1
    error_message = "Expected no table beside the one that is there."
  }
  assert {
    condition     = google_cloudfunctions2_function.export["pubsub"].service_config[0].environment_variables["KPI_RELEASE_GRAIN"] == "day"
    error_message = "Expected days to be released."
  }
}

run "alerts_reach_somebody" {
  command = plan

  assert {
    condition     = contains(keys(google_monitoring_alert_policy.alert), "release_held") && length(google_monitoring_alert_policy.alert) == 6
    error_message = "Expected an alert where a release is held."
  }
  assert {
    condition     = google_monitoring_alert_policy.alert["unusual_figures"].severity == "WARNING" && google_monitoring_alert_policy.alert["unusual_figures"].conditions[0].condition_prometheus_query_language[0].query == "sum(increase(logging_googleapis_com:user_kpi_unusual_figure{monitored_resource=\"cloud_run_revision\"}[30m])) > 0"
    error_message = "Expected a warning where a figure is unusual."
  }
  assert {
    condition     = alltrue([for alert in google_monitoring_alert_policy.alert : length(alert.notification_channels) == 2 && contains(alert.notification_channels, "projects/example-project/notificationChannels/1")])
    error_message = "Expected both channels on every alert."
  }
  assert {
    condition     = google_monitoring_notification_channel.email["oncall@example.com"].labels.email_address == "oncall@example.com"
    error_message = "Expected a channel for the address."
  }
}

run "digests_go_to_the_secret_address" {
  command = plan

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.export : [for one in function.service_config[0].secret_environment_variables : [one.key, one.secret, one.version]] == [["KPI_DIGEST_WEBHOOK", "kpi-export-digest-webhook", "2"]]])
    error_message = "Expected version 2 of the secret in both functions."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.export : !contains(keys(function.service_config[0].environment_variables), "KPI_DIGEST_WEBHOOK")])
    error_message = "The address must not stand among the plain settings."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.runner_digest_webhook[0].role == "roles/secretmanager.secretAccessor" && google_secret_manager_secret_iam_member.runner_digest_webhook[0].member == "serviceAccount:kpi-export-runner@example-project.iam.gserviceaccount.com" && google_secret_manager_secret_iam_member.runner_digest_webhook[0].secret_id == "kpi-export-digest-webhook"
    error_message = "The runner, and nobody else, must read the secret."
  }
}

run "a_secret_without_a_value_yet" {
  command = plan

  variables {
    digest_webhook_version = 0
  }

  assert {
    condition     = length(google_secret_manager_secret.digest_webhook) == 1 && alltrue([for function in google_cloudfunctions2_function.export : length(function.service_config[0].secret_environment_variables) == 0])
    error_message = "Expected the secret, and functions that don't read it."
  }
}
