locals {
  # The messages of shared/platform/log-messages.ts. A test compares them.
  log_messages = {
    exported    = "report exported"
    failed      = "export failed"
    releaseHeld = "release held"
    unusual     = "unusual figure"
  }

  # Counters of log entries of the functions, by the name of the metric. WARNING: Pub/Sub repeats the request; ERROR: it doesn't.
  log_metrics = {
    kpi_report_exported = { message = local.log_messages.exported, severity = null, description = "Reports exported: one for each date whose tables are all in" }
    kpi_export_failed   = { message = local.log_messages.failed, severity = "ERROR", description = "Exports that failed for good" }
    kpi_export_retried  = { message = local.log_messages.failed, severity = "WARNING", description = "Exports that failed and are delivered again" }
    kpi_unusual_figure  = { message = local.log_messages.unusual, severity = null, description = "Causes of figures of a final day outside their usual range" }
    kpi_release_held    = { message = local.log_messages.releaseHeld, severity = null, description = "Released periods that were not replaced" }
  }

  services = join(" OR ", [for function in local.functions : "\"${function.name}\""])

  # Counters of log entries arrive up to 10 minutes late. With a window of 30 minutes, a single failure keeps its alert open for at least
  # 20 minutes. A shorter window could open and close between two evaluations.
  late_log = "30m"

  # Names of the metrics in PromQL.
  counters = { for name in keys(local.log_metrics) : name => "logging_googleapis_com:user_${name}{monitored_resource=\"cloud_run_revision\"}" }
  waiting  = "pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"${google_pubsub_subscription.dead_letter.name}\"}"
  oldest   = "pubsub_googleapis_com:subscription_oldest_unacked_message_age{monitored_resource=\"pubsub_subscription\",subscription_id=\"${google_pubsub_subscription.export.name}\"}"

  alerts = merge(
    {
      dead_letters = {
        name     = "dead letters are waiting"
        severity = "ERROR"
        query    = "max(${local.waiting}) > 0"
        means    = "A request was refused, or has failed 30 times. Read it, fix the cause, replay it."
      }
      no_export = {
        name     = "no export for 26 hours"
        severity = "CRITICAL"
        # `or vector(0)`: a counter without entries has no series. A condition on absence sees at most 23.5 hours.
        query = "(sum(increase(${local.counters.kpi_report_exported}[26h])) or vector(0)) < 0.5"
        means = "No report was exported since yesterday's: the tables are getting old. A new deployment shows this until its first export."
      }
      oldest_message = {
        name     = "a request has been waiting for 2 hours"
        severity = "WARNING"
        query    = "max(${local.oldest}) > 7200"
        means    = "A request is delivered again and again without success. After 30 attempts it becomes a dead letter."
      }
      failed_runs = {
        name     = "an export failed for good"
        severity = "ERROR"
        query    = "sum(increase(${local.counters.kpi_export_failed}[${local.late_log}])) > 0"
        means    = "An export failed in a way that a retry can't fix. The code is in the log and in export_runs."
      }
    },
    var.release_enabled ? {
      release_held = {
        name     = "a release is held"
        severity = "WARNING"
        query    = "sum(increase(${local.counters.kpi_release_held}[${local.late_log}])) > 0"
        means    = "A released period was to be replaced by one that differs by a single step, which could reveal one person: somebody has to decide."
      }
    } : {},
    var.unusual_figures_alert ? {
      unusual_figures = {
        name     = "a figure is unusual"
        severity = "WARNING"
        query    = "sum(increase(${local.counters.kpi_unusual_figure}[${local.late_log}])) > 0"
        means    = "A figure of a day that is over lies far outside its usual range. The log and `kpi digest` say which."
      }
    } : {},
  )

  notification_channels = concat(var.notification_channels, [for channel in google_monitoring_notification_channel.email : channel.id])
}

check "somebody_is_told" {
  assert {
    condition     = length(local.notification_channels) > 0
    error_message = "Nobody is told of an alert: expected an address in alert_emails or a channel in notification_channels."
  }
}

resource "google_logging_metric" "log" {
  for_each = local.log_metrics

  project     = var.project
  name        = each.key
  description = each.value.description
  filter = join("\n", compact([
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=(${local.services})",
    "jsonPayload.message=\"${each.value.message}\"",
    each.value.severity == null ? null : "severity=\"${each.value.severity}\"",
  ]))
  label_extractors = each.value.severity == null ? {} : { code = "EXTRACT(jsonPayload.code)" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.severity == null ? [] : ["code"]

      content {
        key         = labels.value
        value_type  = "STRING"
        description = "Code of the failure"
      }
    }
  }

  depends_on = [google_project_service.required]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  project      = var.project
  display_name = each.value
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [google_project_service.required]
}

# In PromQL, because a threshold on a new metric is refused for up to 10 minutes.
resource "google_monitoring_alert_policy" "alert" {
  for_each = local.alerts

  project               = var.project
  display_name          = "KPI export: ${each.value.name}"
  combiner              = "OR"
  severity              = each.value.severity
  enabled               = !(var.paused && each.key == "no_export")
  notification_channels = local.notification_channels

  conditions {
    display_name = each.value.name

    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = "0s"
      evaluation_interval       = "300s"
      disable_metric_validation = true
    }
  }

  documentation {
    content   = "${each.value.means} What to do: docs/alerts.md, \"${each.value.name}\"."
    mime_type = "text/markdown"
  }

  depends_on = [google_logging_metric.log]
}

resource "google_monitoring_dashboard" "overview" {
  project = var.project
  dashboard_json = jsonencode({
    displayName = "KPI export"
    mosaicLayout = {
      columns = 12
      tiles = [
        for index, chart in [
          { title = "Reports exported, per day", series = { reports = "sum(increase(${local.counters.kpi_report_exported}[1d]))" } },
          # `or vector(0)`: a counter without entries has no series.
          { title = "Failures, per hour", series = {
            "permanent: a retry can't fix it"  = "sum(increase(${local.counters.kpi_export_failed}[1h])) or vector(0)"
            "retryable: it is delivered again" = "sum(increase(${local.counters.kpi_export_retried}[1h])) or vector(0)"
          } },
          { title = "Dead letters waiting", series = { letters = "max(${local.waiting})" } },
          { title = "Age of the oldest request, seconds", series = { seconds = "max(${local.oldest})" } },
          ] : merge(
          # No zeros: the API doesn't return them, so they would be a change in every plan.
          { for name, value in { xPos = index % 2 * 6, yPos = floor(index / 2) * 4 } : name => value if value != 0 },
          {
            width  = 6
            height = 4
            widget = {
              title = chart.title
              xyChart = {
                dataSets = [for legend, query in chart.series : { plotType = "LINE", legendTemplate = legend, timeSeriesQuery = { prometheusQuery = query } }]
              }
            }
          },
        )
      ]
    }
  })

  depends_on = [google_project_service.required]
}
