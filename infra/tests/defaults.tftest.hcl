# Only what is required is set, and whom to tell.

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

run "messages_are_delivered_again_and_then_kept" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.export.topic == "projects/example-project/topics/kpi-export"
    error_message = "The subscription is on another topic."
  }
  assert {
    condition     = google_pubsub_subscription.export.retry_policy[0].minimum_backoff == "10s" && google_pubsub_subscription.export.retry_policy[0].maximum_backoff == "600s"
    error_message = "Expected a backoff of 10 to 600 seconds."
  }
  assert {
    condition     = google_pubsub_subscription.export.message_retention_duration == "604800s"
    error_message = "Expected messages to be kept for 7 days."
  }
  assert {
    condition     = google_pubsub_subscription.export.ack_deadline_seconds >= google_cloudfunctions2_function.export["pubsub"].service_config[0].timeout_seconds
    error_message = "A run that takes long would be delivered a second time while it runs."
  }
  assert {
    condition     = google_pubsub_subscription.export.expiration_policy[0].ttl == "" && google_pubsub_subscription.dead_letter.expiration_policy[0].ttl == ""
    error_message = "Subscriptions must not expire."
  }
  assert {
    condition     = google_pubsub_subscription.export.dead_letter_policy[0].dead_letter_topic == "projects/example-project/topics/kpi-export-dead-letter" && google_pubsub_subscription.export.dead_letter_policy[0].max_delivery_attempts == 30
    error_message = "Expected the dead-letter topic after 30 attempts."
  }
  assert {
    condition     = google_pubsub_subscription.dead_letter.topic == "projects/example-project/topics/kpi-export-dead-letter" && google_pubsub_subscription.dead_letter.message_retention_duration == "2678400s"
    error_message = "Expected dead letters to be kept for 31 days."
  }
}

run "push_says_who_it_is" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.export.push_config[0].push_endpoint == "https://kpi-export-abc123-ue.a.run.app/projects/example-project/topics/kpi-export"
    error_message = "Expected the service's address with the topic as path."
  }
  assert {
    condition     = google_pubsub_subscription.export.push_config[0].oidc_token[0].audience == "https://kpi-export-abc123-ue.a.run.app"
    error_message = "Expected the service's address as audience."
  }
  assert {
    condition     = google_pubsub_subscription.export.push_config[0].oidc_token[0].service_account_email == "kpi-export-pusher@example-project.iam.gserviceaccount.com"
    error_message = "Expected Pub/Sub to call as the pusher."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.pusher.member == "serviceAccount:kpi-export-pusher@example-project.iam.gserviceaccount.com" && google_cloud_run_v2_service_iam_member.pusher.name == "kpi-export" && google_cloud_run_v2_service_iam_member.pusher.role == "roles/run.invoker"
    error_message = "The pusher must be allowed to call exportKpi, and that alone."
  }
}

run "pubsub_may_park" {
  command = plan

  assert {
    condition     = google_pubsub_topic_iam_member.agent_parks.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com" && google_pubsub_topic_iam_member.agent_parks.topic == "kpi-export-dead-letter" && google_pubsub_topic_iam_member.agent_parks.role == "roles/pubsub.publisher"
    error_message = "Pub/Sub's agent must be allowed to publish dead letters."
  }
  assert {
    condition     = google_pubsub_subscription_iam_member.agent_takes.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com" && google_pubsub_subscription_iam_member.agent_takes.subscription == "kpi-export" && google_pubsub_subscription_iam_member.agent_takes.role == "roles/pubsub.subscriber"
    error_message = "Pub/Sub's agent must be allowed to take messages off the subscription."
  }
}

run "functions" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function.export["pubsub"].build_config[0].entry_point == "exportKpi" && google_cloudfunctions2_function.export["http"].build_config[0].entry_point == "exportKpiHttp"
    error_message = "Expected exportKpi and exportKpiHttp."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.export : function.build_config[0].runtime == "nodejs24" && function.build_config[0].service_account == "projects/example-project/serviceAccounts/kpi-export-builder@example-project.iam.gserviceaccount.com"])
    error_message = "Expected both on Node 24, built as the builder."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.export : function.build_config[0].source[0].storage_source[0].object == "kpi-export-0123456789ab.zip"])
    error_message = "Expected both out of the package, whose name carries its hash."
  }
  assert {
    condition     = google_cloudfunctions2_function.export["pubsub"].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "exportKpi must not be reachable from outside."
  }
  assert {
    condition     = google_cloudfunctions2_function.export["pubsub"].service_config[0].max_instance_request_concurrency == 1 && google_cloudfunctions2_function.export["pubsub"].service_config[0].max_instance_count == 5 && google_cloudfunctions2_function.export["pubsub"].service_config[0].min_instance_count == 0
    error_message = "Expected five instances with one request each."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.export : function.service_config[0].timeout_seconds == 540 && function.service_config[0].service_account_email == "kpi-export-runner@example-project.iam.gserviceaccount.com"])
    error_message = "Expected 540 seconds, as the runner."
  }
  assert {
    condition = google_cloudfunctions2_function.export["pubsub"].service_config[0].environment_variables == tomap({
      NODE_ENV                = "production"
      LOG_EXECUTION_ID        = "true"
      KPI_WAREHOUSE           = "bigquery:example-project.kpi_metrics"
      KPI_LOCATION            = "US"
      KPI_SOURCE_USERS        = "example-project.app.users"
      KPI_SOURCE_MEASUREMENTS = "example-project.app.measurements"
      KPI_TIME_ZONE           = "UTC"
      KPI_DEAD_LETTER_TOPIC   = "projects/example-project/topics/kpi-export-dead-letter"
      KPI_LOG_LEVEL           = "info"
      KPI_RELEASE             = "off"
    })
    error_message = "The environment is another."
  }
  assert {
    condition     = google_cloudfunctions2_function.export["http"].service_config[0].environment_variables == google_cloudfunctions2_function.export["pubsub"].service_config[0].environment_variables
    error_message = "Both functions must run with the same settings."
  }
}

run "keys_are_googles_and_there_is_no_budget" {
  command = plan

  assert {
    condition     = length(google_kms_crypto_key_iam_member.agent) == 0 && length(google_bigquery_dataset.metrics.default_encryption_configuration) == 0 && length(google_storage_bucket.source.encryption) == 0 && google_pubsub_topic.export.kms_key_name == null
    error_message = "Expected Google's own keys."
  }
  assert {
    condition     = length(google_billing_budget.project) == 0 && !contains(keys(google_project_service.required), "billingbudgets.googleapis.com")
    error_message = "Expected no budget."
  }
}

run "where_to_call" {
  command = plan

  assert {
    condition     = output.http_url == "https://kpi-export-http-abc123-ue.a.run.app/api/export-kpi"
    error_message = "Expected the path that exportKpiHttp answers at."
  }
}

run "schedule_asks_for_yesterday_and_today" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.daily.schedule == "0 6 * * *" && google_cloud_scheduler_job.daily.time_zone == "Etc/UTC" && google_cloud_scheduler_job.daily.region == "us-east1"
    error_message = "Expected 06:00 UTC in us-east1."
  }
  assert {
    condition     = base64decode(google_cloud_scheduler_job.daily.pubsub_target[0].data) == "{\"from\":\"yesterday\",\"to\":\"today\"}"
    error_message = "Expected yesterday and today."
  }
  assert {
    condition     = google_cloud_scheduler_job.daily.pubsub_target[0].topic_name == "projects/example-project/topics/kpi-export"
    error_message = "Expected the topic kpi-export."
  }
  assert {
    condition     = google_cloud_scheduler_job.daily.paused == false && google_cloud_scheduler_job.daily.retry_config[0].retry_count == 5
    error_message = "Expected a job that runs and tries again."
  }
}

run "tables_are_kept_for_ever_and_protected" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.metrics.dataset_id == "kpi_metrics" && google_bigquery_dataset.metrics.location == "US" && google_bigquery_dataset.metrics.delete_contents_on_destroy == false
    error_message = "Expected kpi_metrics in US, which isn't emptied when destroyed."
  }
  assert {
    condition = toset(keys(google_bigquery_table.published)) == toset([
      "daily_engagement", "daily_advanced_metrics", "daily_errors", "daily_funnel", "daily_audience",
      "weekly_engagement", "weekly_advanced_metrics", "weekly_errors", "weekly_funnel", "weekly_audience", "weekly_retention",
      "monthly_engagement", "monthly_advanced_metrics", "monthly_errors", "monthly_funnel", "monthly_audience", "monthly_retention",
      "export_runs",
    ])
    error_message = "Expected the four core tables, the further ones and export_runs."
  }
  assert {
    condition = alltrue([
      for name, table in google_bigquery_table.published : alltrue([for column in jsondecode(table.schema) : column.mode == "NULLABLE"])
      if startswith(name, "weekly_") || startswith(name, "monthly_") || name == "daily_audience"
    ])
    error_message = "Expected columns that take NULL in the tables that an existing deployment gets."
  }
  assert {
    condition     = alltrue([for name, table in google_bigquery_table.published : table.table_id == name && table.deletion_protection && !table.require_partition_filter && table.time_partitioning[0].type == "DAY"])
    error_message = "Expected protected tables, partitioned by day, that can be read without a filter."
  }
  assert {
    condition     = alltrue([for name, table in google_bigquery_table.published : table.time_partitioning[0].field == (name == "export_runs" ? "started_at" : "report_date")])
    error_message = "Expected partitions by report_date, those of export_runs by started_at."
  }
  assert {
    condition     = alltrue([for name, table in google_bigquery_table.published : table.time_partitioning[0].expiration_ms == 0])
    error_message = "Expected partitions that don't expire: null would leave an expiry that was set before."
  }
  assert {
    condition     = alltrue([for name, table in google_bigquery_table.published : table.ignore_auto_generated_schema])
    error_message = "Columns that a table has beyond its schema must not be dropped."
  }
  assert {
    condition     = alltrue([for name, table in google_bigquery_table.published : length(jsondecode(table.schema)) >= 8])
    error_message = "Expected columns."
  }
}

run "annotations_are_one_small_table" {
  command = plan

  assert {
    condition     = google_bigquery_table.annotations.table_id == "annotations" && google_bigquery_table.annotations.deletion_protection && length(google_bigquery_table.annotations.time_partitioning) == 0
    error_message = "Expected a protected table without partitions, which kpi annotate replaces whole."
  }
  assert {
    condition     = google_bigquery_table.annotations.ignore_auto_generated_schema
    error_message = "Columns that the table has beyond its schema must not be dropped."
  }
  assert {
    condition     = [for column in jsondecode(google_bigquery_table.annotations.schema) : column.name] == ["date", "until", "text", "exclude"]
    error_message = "Expected the columns of kpi annotate."
  }
  assert {
    condition     = strcontains(google_bigquery_table.view["annotated_days"].view[0].query, "JOIN `example-project.kpi_metrics.annotations` AS annotations")
    error_message = "annotated_days must read the annotations."
  }
}

run "views_read_the_published_tables" {
  command = plan

  assert {
    condition     = toset(keys(output.views)) == toset(["latest_report", "latest_weekly_report", "latest_monthly_report", "daily_kpis", "weekly_kpis", "monthly_kpis", "kpi_trends", "annotated_days", "metric_definitions"])
    error_message = "Expected nine views."
  }
  assert {
    condition     = strcontains(google_bigquery_table.view["latest_report"].view[0].query, "FROM `example-project.kpi_metrics.daily_engagement` AS engagement")
    error_message = "latest_report must read the published tables."
  }
  assert {
    condition     = strcontains(google_bigquery_table.view["weekly_kpis"].view[0].query, "FROM `example-project.kpi_metrics.weekly_audience`") && strcontains(google_bigquery_table.view["monthly_kpis"].view[0].query, "FROM `example-project.kpi_metrics.monthly_engagement`")
    error_message = "weekly_kpis and monthly_kpis must read the published tables."
  }
  assert {
    condition     = strcontains(google_bigquery_table.kpi_trends.view[0].query, "FROM `example-project.kpi_metrics.daily_kpis`")
    error_message = "kpi_trends must read daily_kpis."
  }
  assert {
    condition     = alltrue([for view in concat(values(google_bigquery_table.view), [google_bigquery_table.kpi_trends]) : view.view[0].use_legacy_sql == false && !strcontains(view.view[0].query, "$")])
    error_message = "Expected standard SQL with nothing left to fill in."
  }
}

run "runner_has_what_it_needs" {
  command = plan

  assert {
    condition     = google_bigquery_dataset_access.runner.role == "WRITER" && google_bigquery_dataset_access.runner.dataset_id == "kpi_metrics" && google_bigquery_dataset_access.runner.user_by_email == "kpi-export-runner@example-project.iam.gserviceaccount.com"
    error_message = "The runner must write kpi_metrics."
  }
  assert {
    condition     = toset([for grant in google_bigquery_table_iam_member.runner_source : "${grant.role} ${grant.project}.${grant.dataset_id}.${grant.table_id}"]) == toset(["roles/bigquery.dataViewer example-project.app.users", "roles/bigquery.dataViewer example-project.app.measurements"])
    error_message = "The runner must read the two source tables, and no more."
  }
  assert {
    condition     = google_project_iam_member.runner_jobs.role == "roles/bigquery.jobUser"
    error_message = "The runner must run jobs."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.runner_parks.topic == "kpi-export-dead-letter" && google_pubsub_topic_iam_member.runner_parks.role == "roles/pubsub.publisher"
    error_message = "The runner must publish dead letters."
  }
}

run "nobody_else_has_access" {
  command = plan

  assert {
    condition     = length(google_bigquery_dataset_access.bi_reader) == 0 && length(google_project_iam_member.bi_query_runner) == 0
    error_message = "Expected no readers."
  }
  assert {
    condition     = length(google_pubsub_topic_iam_member.publisher) == 0 && length(google_cloud_run_v2_service_iam_member.invoker) == 0 && length(google_pubsub_subscription_iam_member.dead_letter_reader) == 0 && length(google_project_iam_member.status_reader) == 0
    error_message = "Expected no publishers, callers, or readers of dead letters and of metrics."
  }
  assert {
    condition     = length(google_bigquery_dataset.release) == 0 && length(google_bigquery_table.release) == 0 && length(google_bigquery_dataset_access.release_reader) == 0 && output.release_table == null
    error_message = "Expected no release."
  }
  assert {
    condition     = length(google_bigquery_analytics_hub_data_exchange.release) == 0 && length(google_bigquery_analytics_hub_listing.release) == 0 && length(google_bigquery_analytics_hub_listing_iam_member.release_subscriber) == 0 && output.release_listing == null && !contains(keys(google_project_service.required), "analyticshub.googleapis.com")
    error_message = "Expected no listing."
  }
  assert {
    condition     = length(google_bigquery_table.first_tests) == 0 && length(google_bigquery_table_iam_member.runner_first_tests) == 0
    error_message = "Expected no materialized view."
  }
}

run "alerts" {
  command = plan

  assert {
    condition     = toset(keys(google_monitoring_alert_policy.alert)) == toset(["dead_letters", "no_export", "oldest_message", "failed_runs"])
    error_message = "Expected four alerts."
  }
  assert {
    condition     = alltrue([for alert in google_monitoring_alert_policy.alert : alert.conditions[0].condition_prometheus_query_language[0].disable_metric_validation])
    error_message = "A metric without a value yet must not stop a deployment."
  }
  assert {
    condition     = google_monitoring_alert_policy.alert["no_export"].conditions[0].condition_prometheus_query_language[0].query == "(sum(increase(logging_googleapis_com:user_kpi_report_exported{monitored_resource=\"cloud_run_revision\"}[26h])) or vector(0)) < 0.5"
    error_message = "Expected an alert where nothing was exported for 26 hours, also where there never was a metric."
  }
  assert {
    condition     = google_monitoring_alert_policy.alert["dead_letters"].conditions[0].condition_prometheus_query_language[0].query == "max(pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"kpi-export-dead-letter\"}) > 0"
    error_message = "Expected an alert on the first dead letter."
  }
  assert {
    condition     = google_logging_metric.log["kpi_export_failed"].filter == "resource.type=\"cloud_run_revision\"\nresource.labels.service_name=(\"kpi-export-http\" OR \"kpi-export\")\njsonPayload.message=\"export failed\"\nseverity=\"ERROR\""
    error_message = google_logging_metric.log["kpi_export_failed"].filter
  }
  assert {
    condition     = alltrue([for alert in google_monitoring_alert_policy.alert : length(alert.notification_channels) == 1 && alert.enabled])
    error_message = "Expected every alert to be on and to reach the address."
  }
  assert {
    condition     = [for tile in jsondecode(google_monitoring_dashboard.overview.dashboard_json).mosaicLayout.tiles : "${try(tile.xPos, "")},${try(tile.yPos, "")}"] == [",", "6,", ",4", "6,4"]
    error_message = "Expected four charts, two in a row, without the zeros that the API doesn't return."
  }
  assert {
    condition     = [for tile in jsondecode(google_monitoring_dashboard.overview.dashboard_json).mosaicLayout.tiles : length(tile.widget.xyChart.dataSets)] == [1, 2, 1, 1]
    error_message = "Expected failures and retries as two series."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.alert["failed_runs"].conditions[0].condition_prometheus_query_language[0].query, "[30m]")
    error_message = "Expected a window that a late entry doesn't miss."
  }
}

run "nobody_gets_digests" {
  command = plan

  assert {
    condition     = length(google_secret_manager_secret.digest_webhook) == 0 && length(google_secret_manager_secret_iam_member.runner_digest_webhook) == 0 && !contains(keys(google_project_service.required), "secretmanager.googleapis.com")
    error_message = "Expected no secret."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.export : length(function.service_config[0].secret_environment_variables) == 0])
    error_message = "Expected functions without a webhook."
  }
}
