locals {
  # Tables by name. tables.json and schemas/ are generated from shared/metrics/tables, views/ from shared/metrics/views.ts.
  tables = jsondecode(file("${path.module}/tables.json"))

  # The released table of each release_grain.
  release_tables = { day = "daily_metrics", week = "weekly_metrics", month = "monthly_metrics" }

  views = {
    latest_report         = "The newest report that is complete: its 12 days, with every number"
    latest_weekly_report  = "The newest weekly report that is complete: its 12 weeks, with every number"
    latest_monthly_report = "The newest monthly report that is complete: its 12 months, with every number"
    daily_kpis            = "One row per day, by the newest report of that day"
    weekly_kpis           = "One row per week, by the newest report of that week"
    monthly_kpis          = "One row per month, by the newest report of that month"
    annotated_days        = "What happened on each reported day, as annotations say"
    metric_definitions    = "What each metric means"
  }

  # 0: for ever. With null the provider would keep the expiry of a table.
  partition_expiration_ms = var.retention_days == null ? 0 : var.retention_days * 24 * 60 * 60 * 1000

  # Full names of the tables that views/*.sql name.
  published_names = {
    for table in concat(values(google_bigquery_table.published), [google_bigquery_table.annotations]) :
    table.table_id => "`${var.project}.${table.dataset_id}.${table.table_id}`"
  }

  # The source tables, as project, dataset and table.
  source_tables = {
    for role, name in {
      users        = var.source_users
      measurements = var.source_measurements
      first_tests  = var.source_first_tests
    } : role => regex(local.table_pattern, name) if name != null
  }
}

# No access blocks: they would replace the whole list, with authorized views of others. Grants are in iam.tf.
resource "google_bigquery_dataset" "metrics" {
  project                    = var.project
  dataset_id                 = var.dataset
  friendly_name              = "Product metrics"
  description                = "Exact daily metrics, for the company alone"
  location                   = var.bigquery_location
  delete_contents_on_destroy = false

  dynamic "default_encryption_configuration" {
    for_each = var.kms_keys.datasets[*]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

resource "google_bigquery_table" "published" {
  for_each = local.tables

  project                  = var.project
  dataset_id               = google_bigquery_dataset.metrics.dataset_id
  table_id                 = each.key
  description              = each.value.description
  schema                   = file("${path.module}/schemas/${each.key}.json")
  deletion_protection      = var.deletion_protection
  require_partition_filter = false # BI tools query without one

  # Keeps columns that the table has and the schema doesn't. Otherwise an older version of the schema drops them, in spite of
  # deletion_protection.
  ignore_auto_generated_schema = true

  time_partitioning {
    type          = "DAY"
    field         = each.value.partition_column
    expiration_ms = local.partition_expiration_ms
  }

  # A table gets the key of its dataset when it is created. If the keys differ later, the provider would recreate the table empty.
  lifecycle {
    ignore_changes = [encryption_configuration]
  }
}

# kpi annotate replaces all rows. No partitions: it is small.
resource "google_bigquery_table" "annotations" {
  project             = var.project
  dataset_id          = google_bigquery_dataset.metrics.dataset_id
  table_id            = "annotations"
  description         = "What happened on some days, as people wrote it down with kpi annotate"
  schema              = file("${path.module}/schemas/annotations.json")
  deletion_protection = var.deletion_protection

  ignore_auto_generated_schema = true # see published

  lifecycle {
    ignore_changes = [encryption_configuration] # see published
  }
}

resource "google_bigquery_table" "view" {
  for_each = local.views

  project             = var.project
  dataset_id          = google_bigquery_dataset.metrics.dataset_id
  table_id            = each.key
  description         = each.value
  deletion_protection = false # holds no data

  view {
    query          = templatefile("${path.module}/views/${each.key}.sql", local.published_names)
    use_legacy_sql = false
  }
}

resource "google_bigquery_table" "kpi_trends" {
  project             = var.project
  dataset_id          = google_bigquery_dataset.metrics.dataset_id
  table_id            = "kpi_trends"
  description         = "One row per day and metric, with the mean of 7 days and the value a week before"
  deletion_protection = false # holds no data

  view {
    query = templatefile("${path.module}/views/kpi_trends.sql", {
      daily_kpis = "`${var.project}.${google_bigquery_table.view["daily_kpis"].dataset_id}.${google_bigquery_table.view["daily_kpis"].table_id}`"
    })
    use_legacy_sql = false
  }
}

# First tests, refreshed incrementally, so that the cost of a day doesn't grow with history.
resource "google_bigquery_table" "first_tests" {
  count = var.first_tests_view == null ? 0 : 1

  project             = local.source_tables.measurements.project
  dataset_id          = local.source_tables.measurements.dataset
  table_id            = var.first_tests_view.name
  description         = "When each user took their first test"
  deletion_protection = false # can be recreated from its base table

  materialized_view {
    query               = templatefile("${path.module}/views/first_tests.sql", { measurements = "`${var.source_measurements}`" })
    enable_refresh      = true
    refresh_interval_ms = var.first_tests_view.refresh_hours * 60 * 60 * 1000
  }

  lifecycle {
    ignore_changes = [encryption_configuration] # see published; the dataset is the source's
  }

  depends_on = [google_project_service.required]
}

resource "google_bigquery_dataset" "release" {
  count = var.release_enabled ? 1 : 0

  project                    = var.project
  dataset_id                 = "kpi_release"
  friendly_name              = "Released metrics"
  description                = "Metrics of complete periods, rounded and with small groups hidden, for partners and researchers"
  location                   = var.bigquery_location
  delete_contents_on_destroy = false

  dynamic "default_encryption_configuration" {
    for_each = var.kms_keys.datasets[*]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

# daily_metrics of an earlier version, with the column period_date. Terraform forgets the table without deleting it: see
# release_by_period_date.
removed {
  from = google_bigquery_table.released

  lifecycle {
    destroy = false
  }
}

# The table of release_grain. If the grain changes, the plan destroys this table, which deletion_protection refuses.
resource "google_bigquery_table" "release" {
  for_each = var.release_enabled && !var.release_by_period_date ? { (var.release_grain) = local.release_tables[var.release_grain] } : {}

  project                  = var.project
  dataset_id               = google_bigquery_dataset.release[0].dataset_id
  table_id                 = each.value
  description              = "Metrics of each ${each.key} that is complete, released once: rounded, with small groups hidden"
  schema                   = file("${path.module}/schemas/${each.value}.json")
  deletion_protection      = var.deletion_protection
  require_partition_filter = false

  ignore_auto_generated_schema = true # see published

  # No expiry: a period without its partition would be released a second time.
  time_partitioning {
    type          = "DAY"
    field         = "period_start_date"
    expiration_ms = 0
  }

  lifecycle {
    ignore_changes = [encryption_configuration] # see published
  }

  # The table is destroyed first. If deletion_protection refuses that, its readers keep their access.
  depends_on = [google_bigquery_dataset_access.runner_release, google_bigquery_dataset_access.release_reader]
}
