locals {
  # Pub/Sub's own service account. A new project has it only after a request: see README.md.
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "export" {
  project = var.project
  name    = "kpi-export"

  kms_key_name = var.kms_keys.topics

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

resource "google_pubsub_topic" "dead_letter" {
  project = var.project
  name    = "kpi-export-dead-letter"

  kms_key_name = var.kms_keys.topics

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

# Not Eventarc's subscription, which keeps messages for 24 hours and can't have a dead-letter policy here.
resource "google_pubsub_subscription" "export" {
  project                    = var.project
  name                       = "kpi-export"
  topic                      = google_pubsub_topic.export.id
  ack_deadline_seconds       = 600
  message_retention_duration = "604800s" # 7 days

  push_config {
    # The framework reads the topic's name from the path.
    push_endpoint = "${google_cloudfunctions2_function.export["pubsub"].service_config[0].uri}/projects/${var.project}/topics/${google_pubsub_topic.export.name}"

    oidc_token {
      service_account_email = google_service_account.account["pusher"].email
      audience              = google_cloudfunctions2_function.export["pubsub"].service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letter.id
    max_delivery_attempts = 30 # a push that is refused because all instances are busy counts, too
  }

  expiration_policy {
    ttl = "" # never
  }

  # A topic keeps no messages for a later subscription.
  depends_on = [google_cloud_run_v2_service_iam_member.pusher, google_pubsub_subscription.dead_letter]
}

resource "google_pubsub_subscription" "dead_letter" {
  project                    = var.project
  name                       = "kpi-export-dead-letter"
  topic                      = google_pubsub_topic.dead_letter.id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s" # 31 days, the maximum

  expiration_policy {
    ttl = "" # never
  }
}
