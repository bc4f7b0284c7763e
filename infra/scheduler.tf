# Publishes as Cloud Scheduler's service agent, which gets its role with the API.
resource "google_cloud_scheduler_job" "daily" {
  project     = var.project
  region      = var.region
  name        = "kpi-export-daily"
  description = "Asks for the daily export"
  schedule    = var.schedule
  time_zone   = var.schedule_time_zone
  paused      = var.paused

  pubsub_target {
    topic_name = google_pubsub_topic.export.id
    data       = base64encode(var.schedule_message)
  }

  retry_config {
    retry_count          = 5
    min_backoff_duration = "10s"
    max_backoff_duration = "600s"
  }

  # A topic keeps no messages for a later subscription.
  depends_on = [google_project_service.required, google_pubsub_subscription.export]
}
