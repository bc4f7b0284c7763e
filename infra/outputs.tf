output "tables" {
  description = "The published tables, by name."
  value = {
    for table in concat(values(google_bigquery_table.published), [google_bigquery_table.annotations]) :
    table.table_id => "${var.project}.${table.dataset_id}.${table.table_id}"
  }
}

output "views" {
  description = "The views for BI tools, by name."
  value = {
    for table in concat(values(google_bigquery_table.view), [google_bigquery_table.kpi_trends]) :
    table.table_id => "${var.project}.${table.dataset_id}.${table.table_id}"
  }
}

output "release_table" {
  description = "The released table; null if there is none, or if Terraform doesn't manage it (release_by_period_date)."
  value       = one([for table in google_bigquery_table.release : "${var.project}.${table.dataset_id}.${table.table_id}"])
}

output "release_listing" {
  description = "The listing that partners subscribe to; null if there is none."
  value       = one([for listing in google_bigquery_analytics_hub_listing.release : "projects/${var.project}/locations/${listing.location}/dataExchanges/${listing.data_exchange_id}/listings/${listing.listing_id}"])
}

output "topic" {
  description = "Topic that takes requests."
  value       = google_pubsub_topic.export.name
}

output "dead_letter_subscription" {
  description = "Subscription that keeps failed requests."
  value       = google_pubsub_subscription.dead_letter.name
}

output "http_url" {
  description = "Address of exportKpiHttp for POST requests; null if http_enabled is false."
  value       = var.http_enabled ? "${google_cloudfunctions2_function.export["http"].service_config[0].uri}/api/export-kpi" : null
}

output "schedule" {
  description = "The job that asks for the daily export."
  value       = google_cloud_scheduler_job.daily.name
}

output "service_accounts" {
  description = "Addresses of the service accounts, by what they do."
  value       = { for name, account in google_service_account.account : name => account.email }
}
