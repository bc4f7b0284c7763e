# Each account has one task. No keys: Google Cloud issues the tokens.
#
# replace_triggered_by: a grant is lost if its resource is recreated under the same name. Terraform would not notice.
locals {
  accounts = {
    runner  = "Runs both functions: reads the two source tables, writes the published ones"
    pusher  = "Pub/Sub calls exportKpi as this"
    caller  = "For systems that call exportKpiHttp"
    builder = "Builds the functions out of the package"
  }

  # Google's accounts that encrypt, by the names in kms_keys. A new project has them only after a request: see README.md.
  key_users = {
    datasets = "serviceAccount:bq-${data.google_project.this.number}@bigquery-encryption.iam.gserviceaccount.com"
    bucket   = "serviceAccount:service-${data.google_project.this.number}@gs-project-accounts.iam.gserviceaccount.com"
    topics   = local.pubsub_agent
  }
}

resource "google_service_account" "account" {
  for_each = { for name, description in local.accounts : name => description if name != "caller" || var.http_enabled }

  project      = var.project
  account_id   = "kpi-export-${each.key}"
  display_name = "KPI export ${each.key}"
  description  = each.value

  depends_on = [google_project_service.required]
}

# Runner: the program.

resource "google_project_iam_member" "runner_jobs" {
  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.account["runner"].member
}

resource "google_bigquery_dataset_access" "runner" {
  project       = var.project
  dataset_id    = google_bigquery_dataset.metrics.dataset_id
  role          = "WRITER"
  user_by_email = google_service_account.account["runner"].email

  lifecycle {
    replace_triggered_by = [google_bigquery_dataset.metrics.id]
  }
}

resource "google_bigquery_dataset_access" "runner_release" {
  count = var.release_enabled ? 1 : 0

  project       = var.project
  dataset_id    = google_bigquery_dataset.release[0].dataset_id
  role          = "WRITER"
  user_by_email = google_service_account.account["runner"].email

  lifecycle {
    replace_triggered_by = [google_bigquery_dataset.release[0].id]
  }
}

resource "google_bigquery_table_iam_member" "runner_source" {
  for_each = local.source_tables

  project    = each.value.project
  dataset_id = each.value.dataset
  table_id   = each.value.table
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.account["runner"].member
}

resource "google_bigquery_table_iam_member" "runner_first_tests" {
  count = var.first_tests_view == null ? 0 : 1

  project    = google_bigquery_table.first_tests[0].project
  dataset_id = google_bigquery_table.first_tests[0].dataset_id
  table_id   = google_bigquery_table.first_tests[0].table_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.account["runner"].member

  lifecycle {
    replace_triggered_by = [google_bigquery_table.first_tests[0].id]
  }
}

resource "google_pubsub_topic_iam_member" "runner_parks" {
  project = var.project
  topic   = google_pubsub_topic.dead_letter.name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.account["runner"].member

  lifecycle {
    replace_triggered_by = [google_pubsub_topic.dead_letter.id]
  }
}

resource "google_secret_manager_secret_iam_member" "runner_digest_webhook" {
  count = var.digest_webhook_version == null ? 0 : 1

  project   = var.project
  secret_id = google_secret_manager_secret.digest_webhook[0].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.account["runner"].member

  lifecycle {
    replace_triggered_by = [google_secret_manager_secret.digest_webhook[0].id]
  }
}

# Publishers: may request an export.

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = toset(var.publishers)

  project = var.project
  topic   = google_pubsub_topic.export.name
  role    = "roles/pubsub.publisher"
  member  = each.value

  lifecycle {
    replace_triggered_by = [google_pubsub_topic.export.id]
  }
}

resource "google_cloud_run_v2_service_iam_member" "pusher" {
  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.export["pubsub"].name
  role     = "roles/run.invoker"
  member   = google_service_account.account["pusher"].member

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.export["pubsub"].id]
  }
}

resource "google_cloud_run_v2_service_iam_member" "caller" {
  count = var.http_enabled ? 1 : 0

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.export["http"].name
  role     = "roles/run.invoker"
  member   = google_service_account.account["caller"].member

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.export["http"].id]
  }
}

moved {
  from = google_cloud_run_v2_service_iam_member.caller
  to   = google_cloud_run_v2_service_iam_member.caller[0]
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = var.http_enabled ? toset(var.http_invokers) : toset([])

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.export["http"].name
  role     = "roles/run.invoker"
  member   = each.value

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.export["http"].id]
  }
}

# Dead letters: Pub/Sub forwards them, operators read them.

resource "google_pubsub_topic_iam_member" "agent_parks" {
  project = var.project
  topic   = google_pubsub_topic.dead_letter.name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent

  lifecycle {
    replace_triggered_by = [google_pubsub_topic.dead_letter.id]
  }
}

resource "google_pubsub_subscription_iam_member" "agent_takes" {
  project      = var.project
  subscription = google_pubsub_subscription.export.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent

  lifecycle {
    replace_triggered_by = [google_pubsub_subscription.export.id]
  }
}

resource "google_pubsub_subscription_iam_member" "dead_letter_reader" {
  for_each = toset(var.dead_letter_readers)

  project      = var.project
  subscription = google_pubsub_subscription.dead_letter.name
  role         = "roles/pubsub.subscriber"
  member       = each.value

  lifecycle {
    replace_triggered_by = [google_pubsub_subscription.dead_letter.id]
  }
}

# Operators. This role can only be granted on the project.

resource "google_project_iam_member" "status_reader" {
  for_each = toset(var.status_readers)

  project = var.project
  role    = "roles/monitoring.viewer"
  member  = each.value

  depends_on = [google_project_service.required]
}

# Readers. google_bigquery_dataset_iam_* would delete authorized views. Legacy roles, because the API returns them.

resource "google_bigquery_dataset_access" "bi_reader" {
  for_each = toset(var.bi_readers)

  project        = var.project
  dataset_id     = google_bigquery_dataset.metrics.dataset_id
  role           = "READER"
  user_by_email  = can(regex("^(user|serviceAccount):", each.value)) ? split(":", each.value)[1] : null
  group_by_email = startswith(each.value, "group:") ? split(":", each.value)[1] : null
  domain         = startswith(each.value, "domain:") ? split(":", each.value)[1] : null
  iam_member     = startswith(each.value, "principal") ? each.value : null

  lifecycle {
    replace_triggered_by = [google_bigquery_dataset.metrics.id]
  }
}

resource "google_project_iam_member" "bi_query_runner" {
  for_each = toset(var.bi_query_runners)

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = each.value

  depends_on = [google_project_service.required]
}

resource "google_bigquery_dataset_access" "release_reader" {
  for_each = var.release_enabled ? toset(var.release_readers) : toset([])

  project        = var.project
  dataset_id     = google_bigquery_dataset.release[0].dataset_id
  role           = "READER"
  user_by_email  = can(regex("^(user|serviceAccount):", each.value)) ? split(":", each.value)[1] : null
  group_by_email = startswith(each.value, "group:") ? split(":", each.value)[1] : null
  domain         = startswith(each.value, "domain:") ? split(":", each.value)[1] : null
  iam_member     = startswith(each.value, "principal") ? each.value : null

  lifecycle {
    replace_triggered_by = [google_bigquery_dataset.release[0].id]
  }
}

# Keys: Google's own accounts encrypt with them.

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = { for what, agent in local.key_users : what => agent if var.kms_keys[what] != null }

  crypto_key_id = var.kms_keys[each.key]
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value

  depends_on = [google_project_service.required]
}

# Builder: reads the package and its copy in Cloud Functions, and stores the image.

resource "google_storage_bucket_iam_member" "builder" {
  bucket = google_storage_bucket.source.id
  role   = "roles/storage.objectViewer"
  member = google_service_account.account["builder"].member
}

resource "google_project_iam_member" "builder_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.account["builder"].member

  condition {
    title       = "sources-of-functions"
    description = "Only the buckets that Cloud Run functions copies sources to"
    expression  = "resource.type == \"storage.googleapis.com/Object\" && (resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\") || resource.name.startsWith(\"projects/_/buckets/gcf-v2-uploads-\") || resource.name.startsWith(\"projects/_/buckets/run-sources-\"))"
  }
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  project    = var.project
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.repository_id
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.account["builder"].member

  lifecycle {
    replace_triggered_by = [google_artifact_registry_repository.images.id]
  }
}

resource "google_project_iam_member" "builder_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.account["builder"].member
}
