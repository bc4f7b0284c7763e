resource "google_project_service" "required" {
  for_each = toset(concat([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "storage.googleapis.com",
    ],
    length(local.release_listings) == 0 ? [] : ["analyticshub.googleapis.com"],
    var.budget == null ? [] : ["billingbudgets.googleapis.com"],
    var.digest_webhook_version == null ? [] : ["secretmanager.googleapis.com"],
  ))

  project = var.project
  service = each.value
  # Other systems in the project may use it.
  disable_on_destroy = false
}

data "google_project" "this" {
  project_id = var.project
}
