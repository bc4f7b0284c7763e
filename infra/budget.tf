# Sends mails and stops nothing. It is for the whole project.
resource "google_billing_budget" "project" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "KPI export: ${var.project}"

  budget_filter {
    projects        = ["projects/${data.google_project.this.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      units = format("%d", var.budget.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  dynamic "all_updates_rule" {
    for_each = length(var.alert_emails) > 0 ? [1] : []

    content {
      # The API accepts at most five channels, only of type email.
      monitoring_notification_channels = [
        for address in slice(distinct(var.alert_emails), 0, min(5, length(distinct(var.alert_emails)))) : google_monitoring_notification_channel.email[address].id
      ]
    }
  }

  depends_on = [google_project_service.required]
}
