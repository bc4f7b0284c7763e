locals {
  # Both functions use one package. Pushes of the same project to the service's own run.app address are internal traffic.
  functions = {
    pubsub = {
      name        = "kpi-export"
      entry_point = "exportKpi"
      ingress     = "ALLOW_INTERNAL_ONLY"
      timeout     = 540 # the maximum for event functions: docs/gotchas.md
      description = "Exports the metrics of the dates that a message names"
    }
    http = {
      name        = "kpi-export-http"
      entry_point = "exportKpiHttp"
      ingress     = var.http_ingress # IAM still checks the caller (iam.tf)
      timeout     = var.http_timeout_seconds
      description = "Exports the metrics of the dates that a call names, and answers with the result"
    }
  }

  # Settings of shared/platform/config.ts. null: not set, so the program's default applies.
  settings = {
    NODE_ENV                 = "production" # no stack traces in answers
    LOG_EXECUTION_ID         = "true"
    KPI_WAREHOUSE            = "bigquery:${var.project}.${google_bigquery_dataset.metrics.dataset_id}"
    KPI_LOCATION             = var.bigquery_location
    KPI_SOURCE_USERS         = var.source_users
    KPI_SOURCE_MEASUREMENTS  = var.source_measurements
    KPI_SOURCE_FIRST_TESTS   = var.first_tests_view == null ? var.source_first_tests : join(".", [google_bigquery_table.first_tests[0].project, google_bigquery_table.first_tests[0].dataset_id, google_bigquery_table.first_tests[0].table_id])
    KPI_TIME_ZONE            = var.report_time_zone
    KPI_DEAD_LETTER_TOPIC    = "projects/${var.project}/topics/${google_pubsub_topic.dead_letter.name}"
    KPI_MAX_BYTES_BILLED     = var.max_bytes_billed == null ? null : format("%d", var.max_bytes_billed)
    KPI_MAX_REJECTED_SHARE   = var.max_rejected_share == null ? null : tostring(var.max_rejected_share)
    KPI_MAX_UNKNOWN_SHARE    = var.max_unknown_share == null ? null : tostring(var.max_unknown_share)
    KPI_SOURCE_MAX_AGE_HOURS = var.source_max_age_hours == null ? null : tostring(var.source_max_age_hours)
    KPI_LOG_LEVEL            = var.log_level
    KPI_RELEASE              = var.release_enabled && !var.release_paused ? "on" : "off"
    KPI_RELEASE_GRAIN        = var.release_enabled ? var.release_grain : null
    KPI_RELEASE_MIN_PEOPLE   = var.release_enabled ? format("%d", var.release_min_people) : null
    KPI_RELEASE_ROUND_TO     = var.release_enabled ? format("%d", var.release_round_to) : null
  }
  environment = { for name, value in local.settings : name => value if value != null }
}

resource "google_storage_bucket" "source" {
  project                     = var.project
  name                        = "${var.project}-kpi-export-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # holds only the package, which npm run package can make again

  dynamic "encryption" {
    for_each = var.kms_keys.bucket[*]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

resource "google_storage_bucket_object" "package" {
  name   = basename(var.package)           # contains the hash: another package is another object, so the functions are rebuilt
  bucket = google_storage_bucket.source.id # recreates the object with the bucket
  source = var.package

  lifecycle {
    precondition {
      condition     = fileexists(var.package)
      error_message = "Expected the zip that `npm run package` made, as a path from this folder; there is no file ${var.package}."
    }
  }
}

resource "google_artifact_registry_repository" "images" {
  project       = var.project
  location      = var.region
  repository_id = "kpi-export"
  description   = "Images of the functions, built from the package"
  format        = "DOCKER"

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 5
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [google_project_service.required]
}

resource "google_cloudfunctions2_function" "export" {
  for_each = { for key, function in local.functions : key => function if key != "http" || var.http_enabled }

  project     = var.project
  name        = each.value.name
  location    = var.region
  description = each.value.description

  build_config {
    runtime           = "nodejs24"
    entry_point       = each.value.entry_point
    service_account   = google_service_account.account["builder"].name
    docker_repository = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.package.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.account["runner"].email
    environment_variables            = local.environment
    ingress_settings                 = each.value.ingress
    available_cpu                    = "1"
    available_memory                 = var.function_memory
    timeout_seconds                  = each.value.timeout
    min_instance_count               = var.function_min_instances
    max_instance_count               = var.function_max_instances
    max_instance_request_concurrency = 1
    all_traffic_on_latest_revision   = true

    dynamic "secret_environment_variables" {
      for_each = coalesce(var.digest_webhook_version, 0) == 0 ? [] : [var.digest_webhook_version]

      content {
        key        = "KPI_DIGEST_WEBHOOK"
        project_id = var.project
        secret     = google_secret_manager_secret.digest_webhook[0].secret_id
        version    = format("%d", secret_environment_variables.value)
      }
    }
  }

  depends_on = [
    google_project_service.required,
    # before the build
    google_project_iam_member.builder_logs,
    google_project_iam_member.builder_sources,
    google_artifact_registry_repository_iam_member.builder,
    google_storage_bucket_iam_member.builder,
    # before it runs: the tables first, so that a new version finds its columns
    google_bigquery_table.published,
    google_bigquery_table.release,
    google_bigquery_dataset_access.runner,
    google_bigquery_dataset_access.runner_release,
    google_bigquery_table_iam_member.runner_source,
    google_bigquery_table_iam_member.runner_first_tests,
    google_project_iam_member.runner_jobs,
    google_pubsub_topic_iam_member.runner_parks,
    google_secret_manager_secret_iam_member.runner_digest_webhook,
  ]
}

# The webhook of digests. Its URL is added by hand (README.md, "Digests"), so that it is in no state or plan.
resource "google_secret_manager_secret" "digest_webhook" {
  count = var.digest_webhook_version == null ? 0 : 1

  project   = var.project
  secret_id = "kpi-export-digest-webhook"

  replication {
    auto {}
  }

  depends_on = [google_project_service.required]
}
