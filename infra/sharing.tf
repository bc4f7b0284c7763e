# BigQuery sharing (Analytics Hub): subscribers get a read-only linked dataset of kpi_release in their project, without a grant on it.
# The restriction of exports doesn't apply to accounts with a grant, such as release_readers.
locals {
  release_listings = var.release_enabled ? var.release_listing[*] : []
}

resource "google_bigquery_analytics_hub_data_exchange" "release" {
  count = length(local.release_listings)

  project          = var.project
  location         = var.bigquery_location
  data_exchange_id = "kpi_release"
  display_name     = "Released metrics"
  description      = "Metrics for partners and researchers"
  primary_contact  = var.release_listing.contact
  discovery_type   = "DISCOVERY_TYPE_PRIVATE"

  depends_on = [google_project_service.required]
}

resource "google_bigquery_analytics_hub_listing" "release" {
  count = length(local.release_listings)

  project          = var.project
  location         = google_bigquery_analytics_hub_data_exchange.release[0].location
  data_exchange_id = google_bigquery_analytics_hub_data_exchange.release[0].data_exchange_id
  listing_id       = "kpi_release"
  display_name     = var.release_listing.name
  description      = google_bigquery_dataset.release[0].description
  documentation    = "NULL means hidden. Counts are rounded. A period is released once; revision says whether it was corrected."
  primary_contact  = var.release_listing.contact
  request_access   = var.release_listing.contact
  # discovery_type can't be set if exports are restricted.

  bigquery_dataset {
    dataset = "projects/${var.project}/datasets/${google_bigquery_dataset.release[0].dataset_id}"
  }

  restricted_export_config {
    enabled               = true
    restrict_query_result = var.release_listing.restrict_results
  }

  lifecycle {
    replace_triggered_by = [google_bigquery_dataset.release[0].id]
  }
}

resource "google_bigquery_analytics_hub_listing_iam_member" "release_subscriber" {
  for_each = toset(flatten(local.release_listings[*].subscribers))

  project          = var.project
  location         = google_bigquery_analytics_hub_listing.release[0].location
  data_exchange_id = google_bigquery_analytics_hub_listing.release[0].data_exchange_id
  listing_id       = google_bigquery_analytics_hub_listing.release[0].listing_id
  role             = "roles/analyticshub.subscriber"
  member           = each.value

  lifecycle {
    replace_triggered_by = [google_bigquery_analytics_hub_listing.release[0].id]
  }
}
