mock_data "google_project" {
  defaults = { number = "123456789012" }
}

override_resource {
  target = google_service_account.account["runner"]
  values = {
    email  = "kpi-export-runner@example-project.iam.gserviceaccount.com"
    member = "serviceAccount:kpi-export-runner@example-project.iam.gserviceaccount.com"
    name   = "projects/example-project/serviceAccounts/kpi-export-runner@example-project.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_service_account.account["pusher"]
  values = {
    email  = "kpi-export-pusher@example-project.iam.gserviceaccount.com"
    member = "serviceAccount:kpi-export-pusher@example-project.iam.gserviceaccount.com"
    name   = "projects/example-project/serviceAccounts/kpi-export-pusher@example-project.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_service_account.account["caller"]
  values = {
    email  = "kpi-export-caller@example-project.iam.gserviceaccount.com"
    member = "serviceAccount:kpi-export-caller@example-project.iam.gserviceaccount.com"
    name   = "projects/example-project/serviceAccounts/kpi-export-caller@example-project.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_service_account.account["builder"]
  values = {
    email  = "kpi-export-builder@example-project.iam.gserviceaccount.com"
    member = "serviceAccount:kpi-export-builder@example-project.iam.gserviceaccount.com"
    name   = "projects/example-project/serviceAccounts/kpi-export-builder@example-project.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_pubsub_topic.export
  values = { id = "projects/example-project/topics/kpi-export" }
}

override_resource {
  target = google_pubsub_topic.dead_letter
  values = { id = "projects/example-project/topics/kpi-export-dead-letter" }
}

override_resource {
  target = google_artifact_registry_repository.images
  values = { id = "projects/example-project/locations/us-east1/repositories/kpi-export" }
}

override_resource {
  target = google_cloudfunctions2_function.export["pubsub"]
  values = { service_config = { uri = "https://kpi-export-abc123-ue.a.run.app" } }
}

override_resource {
  target = google_cloudfunctions2_function.export["http"]
  values = { service_config = { uri = "https://kpi-export-http-abc123-ue.a.run.app" } }
}

override_resource {
  target = google_monitoring_notification_channel.email["oncall@example.com"]
  values = { id = "projects/example-project/notificationChannels/oncall" }
}

override_resource {
  target = google_storage_bucket.source
  values = { id = "example-project-kpi-export-source" }
}
