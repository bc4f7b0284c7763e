locals {
  # Members of IAM, without the public: allUsers, allAuthenticatedUsers and principalSet://goog/public:all.
  member_pattern = "^((user|group|serviceAccount):[^@ ]+@[^@ ]+|domain:[^@ ]+|principal(Set)?://[a-z]+\\.googleapis\\.com/\\S+)$"
  table_pattern  = "^(?P<project>[a-z][a-z0-9.:-]*[a-z0-9])\\.(?P<dataset>\\w+)\\.(?P<table>[\\w-]+)$"

  # An IANA name: Region/City, or a name without a region. Offsets such as +01:00 or UTC+1 are not allowed.
  time_zone_pattern = "(?i)^((Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)(/[A-Za-z0-9_+-]+)+|CET|CST6CDT|Cuba|EET|Egypt|Eire|EST|EST5EDT|GB|GB-Eire|GMT|GMT[+-]?0|Greenwich|Hongkong|HST|Iceland|Iran|Israel|Jamaica|Japan|Kwajalein|Libya|MET|MST|MST7MDT|Navajo|NZ|NZ-CHAT|Poland|Portugal|PRC|PST8PDT|ROC|ROK|Singapore|Turkey|UCT|Universal|UTC|W-SU|WET|Zulu)$"

  # Cron: minute, hour, day of the month, month, day of the week. Each is a list of values, ranges and *, with or without a step.
  cron_items = [
    for value in [
      "[0-5]?\\d",
      "[01]?\\d|2[0-3]",
      "0?[1-9]|[12]\\d|3[01]",
      "0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC",
      "[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT",
    ] : "(\\*|(${value})(-(${value}))?)(/[1-9]\\d*)?"
  ]
  cron_pattern = "(?i)^${join(" ", [for item in local.cron_items : "${item}(,${item})*"])}$"

  # For the comparison with release_readers: A@B and a@b are one member.
  bi_readers_folded = [for member in var.bi_readers : lower(member)]
}

# Required.

variable "project" {
  description = "Id of the project on Google Cloud."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Expected a project id: 6 to 30 lowercase letters, digits and hyphens, starting with a letter."
  }
}

variable "package" {
  description = "Path of the zip that `npm run package` made, from this folder: ../dist/package/kpi-export-<hash>.zip."
  type        = string

  validation {
    condition     = can(regex("(^|/)kpi-export-[0-9a-f]{12}\\.zip$", var.package))
    error_message = "Expected the path that `npm run package` prints: …/kpi-export-<12 hexadecimal digits>.zip."
  }
}

variable "source_users" {
  description = "The source table or view with one row per account, as PROJECT.DATASET.TABLE."
  type        = string

  validation {
    condition     = can(regex(local.table_pattern, var.source_users))
    error_message = "Expected PROJECT.DATASET.TABLE."
  }
}

variable "source_measurements" {
  description = "The source table or view with one row per test attempt, as PROJECT.DATASET.TABLE."
  type        = string

  validation {
    condition     = can(regex(local.table_pattern, var.source_measurements))
    error_message = "Expected PROJECT.DATASET.TABLE."
  }
}

# Where and what.

variable "region" {
  description = "Region of the functions, the schedule and the image."
  type        = string
  default     = "us-east1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Expected a region such as us-east1."
  }
}

variable "bigquery_location" {
  description = "Location of the datasets. It must be that of the source, because a query can't cross locations."
  type        = string
  default     = "US"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]*$", var.bigquery_location))
    error_message = "Expected a BigQuery location such as US or europe-west1."
  }
}

variable "dataset" {
  description = "Dataset of the published tables and views."
  type        = string
  default     = "kpi_metrics"
  nullable    = false

  validation {
    condition     = can(regex("^\\w+$", var.dataset)) && var.dataset != "kpi_release"
    error_message = "Expected letters, digits and underscores; kpi_release is the dataset of the release."
  }
}

variable "labels" {
  description = "Labels of all resources that can have labels."
  type        = map(string)
  default     = { application = "kpi-export" }
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && !startswith(key, "goog") && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Expected labels of lowercase letters, digits, hyphens and underscores, at most 63 each; a name starts with a letter, and not with goog."
  }

  validation {
    condition     = length(var.labels) <= 60
    error_message = "Expected at most 60 labels: Google Cloud takes 64, some of which it sets itself."
  }
}

variable "retention_days" {
  description = "How long a partition of the published tables is kept, in days after its date; null: for ever. Requests for older dates are refused, because BigQuery would drop their rows at once."
  type        = number
  default     = null

  validation {
    condition     = var.retention_days == null ? true : var.retention_days >= 31 && var.retention_days <= 36500 && floor(var.retention_days) == var.retention_days
    error_message = "Expected null or a whole number of days, from 31 to 36,500."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the published tables. Before a destroy, apply with false."
  type        = bool
  default     = true
  nullable    = false
}

variable "source_first_tests" {
  description = "An existing view or table user_id, first_test_at of first tests, as PROJECT.DATASET.TABLE; null: none, or the view of first_tests_view."
  type        = string
  default     = null

  validation {
    condition     = var.source_first_tests == null ? true : can(regex(local.table_pattern, var.source_first_tests))
    error_message = "Expected null or PROJECT.DATASET.TABLE."
  }

  validation {
    condition     = var.source_first_tests == null || var.first_tests_view == null
    error_message = "Expected an existing view in source_first_tests, or one to make in first_tests_view, not both."
  }
}

variable "first_tests_view" {
  description = "A materialized view of first tests beside source_measurements, so that the cost of a day doesn't grow with history; null: none. source_measurements must be a table, and the deployer must be allowed to create tables in its dataset. See README.md."
  type = object({
    name          = optional(string, "kpi_first_tests")
    refresh_hours = optional(number, 12)
  })
  default = null

  validation {
    condition     = var.first_tests_view == null ? true : can(regex("^\\w+$", var.first_tests_view.name))
    error_message = "Expected a name of letters, digits and underscores."
  }

  validation {
    condition     = var.first_tests_view == null ? true : var.first_tests_view.refresh_hours >= 1 && var.first_tests_view.refresh_hours <= 168 && floor(var.first_tests_view.refresh_hours) == var.first_tests_view.refresh_hours
    error_message = "Expected refresh_hours as a whole number from 1 to 168."
  }
}

variable "kms_keys" {
  description = "Keys of Cloud KMS to use instead of Google's: for the datasets, in the location of BigQuery (us for US, europe for EU); for the bucket of the package, in the region; for the messages. Each is optional. Existing tables keep their key: see README.md."
  type = object({
    datasets = optional(string)
    bucket   = optional(string)
    topics   = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in values(var.kms_keys) : key == null ? true : can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", key))])
    error_message = "Expected keys as projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, without a version."
  }

  validation {
    condition     = var.kms_keys.datasets == null ? true : strcontains(var.kms_keys.datasets, "/locations/${lower(var.bigquery_location) == "eu" ? "europe" : lower(var.bigquery_location)}/")
    error_message = "Expected the key of the datasets in bigquery_location: us for US, europe for EU, else the region."
  }

  validation {
    condition     = var.kms_keys.bucket == null ? true : strcontains(var.kms_keys.bucket, "/locations/${var.region}/")
    error_message = "Expected the key of the bucket in region."
  }
}

# The functions.

variable "function_memory" {
  description = "Memory of an instance of either function."
  type        = string
  default     = "512Mi"
  nullable    = false

  validation {
    condition     = contains(["256Mi", "512Mi", "1Gi", "2Gi", "4Gi"], var.function_memory)
    error_message = "Expected 256Mi, 512Mi, 1Gi, 2Gi or 4Gi: an instance has one vCPU, which takes no more."
  }
}

variable "function_min_instances" {
  description = "Minimum number of instances of each function; more than 0 costs around the clock."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.function_min_instances >= 0 && var.function_min_instances <= var.function_max_instances && floor(var.function_min_instances) == var.function_min_instances
    error_message = "Expected a whole number from 0 to function_max_instances."
  }
}

variable "function_max_instances" {
  description = "Maximum number of instances of each function, each with one request at a time. If all are busy, a message is delivered again, which counts as one of its 30 attempts."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.function_max_instances >= 1 && var.function_max_instances <= 100 && floor(var.function_max_instances) == var.function_max_instances
    error_message = "Expected a whole number from 1 to 100."
  }
}

variable "http_enabled" {
  description = "Whether to create the function exportKpiHttp and the service account kpi-export-caller. Messages and the schedule don't need it."
  type        = bool
  default     = true
  nullable    = false
}

variable "http_ingress" {
  description = "Networks that can reach exportKpiHttp. IAM always checks the caller."
  type        = string
  default     = "ALLOW_ALL"
  nullable    = false

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"], var.http_ingress)
    error_message = "Expected ALLOW_ALL, ALLOW_INTERNAL_ONLY or ALLOW_INTERNAL_AND_GCLB, which adds load balancers."
  }
}

variable "http_timeout_seconds" {
  description = "Timeout of a call of exportKpiHttp, in seconds. The program itself ends each run within 540."
  type        = number
  default     = 540
  nullable    = false

  validation {
    condition     = var.http_timeout_seconds >= 540 && var.http_timeout_seconds <= 3600 && floor(var.http_timeout_seconds) == var.http_timeout_seconds
    error_message = "Expected a whole number from 540 to 3,600: a run that is cut off before its own end leaves neither a record nor an answer."
  }
}

# Who may do what. Members as IAM writes them: user:A@B, group:A@B, serviceAccount:A@B, domain:B, principal://… or principalSet://….

variable "bi_readers" {
  description = "Members who may read the published tables and the views, such as serviceAccount:basedash-reader@PROJECT.iam.gserviceaccount.com."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.bi_readers : can(regex(local.member_pattern, member))])
    error_message = "Expected members such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com; the public is refused."
  }
}

variable "bi_query_runners" {
  description = "Readers who run their queries in this project. Readers who run them in another project don't need it."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.bi_query_runners : can(regex(local.member_pattern, member))])
    error_message = "Expected members such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com; the public is refused."
  }
}

variable "publishers" {
  description = "Members who may request an export by publishing to the topic kpi-export."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.publishers : can(regex(local.member_pattern, member))])
    error_message = "Expected members such as user:NAME@DOMAIN; the public is refused."
  }
}

variable "dead_letter_readers" {
  description = "Members who may read and remove dead letters. To replay them they must be publishers, too."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.dead_letter_readers : can(regex(local.member_pattern, member))])
    error_message = "Expected members such as user:NAME@DOMAIN; the public is refused."
  }
}

variable "status_readers" {
  description = "Members who may read the metrics of the project in Cloud Monitoring: `kpi status` gets the number of dead letters from there."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.status_readers : can(regex(local.member_pattern, member))])
    error_message = "Expected members such as user:NAME@DOMAIN; the public is refused."
  }
}

variable "http_invokers" {
  description = "Members who may call exportKpiHttp, besides the service account kpi-export-caller."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.http_invokers : can(regex(local.member_pattern, member))])
    error_message = "Expected members such as user:NAME@DOMAIN; the public is refused."
  }
}

# When.

variable "schedule" {
  description = "Schedule of the daily export: cron, five fields."
  type        = string
  default     = "0 6 * * *"
  nullable    = false

  validation {
    condition     = can(regex(local.cron_pattern, var.schedule)) && alltrue([for range in regexall("(\\d+)-(\\d+)", var.schedule) : tonumber(range[0]) <= tonumber(range[1])])
    error_message = "Expected a cron schedule of five fields within their ranges: minute 0-59, hour 0-23, day 1-31, month 1-12, day of the week 0-7; such as 0 6 * * *."
  }
}

variable "schedule_time_zone" {
  description = "Time zone of the schedule, an IANA name."
  type        = string
  default     = "Etc/UTC"
  nullable    = false

  validation {
    condition     = can(regex(local.time_zone_pattern, var.schedule_time_zone))
    error_message = "Expected an IANA time zone such as Etc/UTC or Europe/Berlin."
  }
}

variable "schedule_message" {
  description = "Request of the schedule, as JSON. The program resolves today and yesterday."
  type        = string
  default     = "{\"from\":\"yesterday\",\"to\":\"today\"}"
  nullable    = false

  validation {
    condition = can(jsondecode(var.schedule_message)) && startswith(trimspace(var.schedule_message), "{") && length(var.schedule_message) <= 1024 && try(
      contains(["", "date", "from,to"], join(",", keys(jsondecode(var.schedule_message)))) && alltrue([
        for value in values(jsondecode(var.schedule_message)) :
        can(regex("^(today|yesterday)$", value)) || can(regex("^\\d{4}-\\d{2}-\\d{2}$", value)) && can(timeadd("${value}T00:00:00Z", "0s"))
    ]), false)
    error_message = "Expected JSON with either date, or from and to: today, yesterday or a calendar date as YYYY-MM-DD, such as {\"from\":\"yesterday\",\"to\":\"today\"}."
  }

  validation {
    # Words count from the day of the message, dates don't: a range of both would soon be too long, or the wrong way round.
    condition = try(jsondecode(var.schedule_message).to, null) == null ? true : anytrue([
      can(regex("^(yesterday yesterday|yesterday today|today today)$", "${jsondecode(var.schedule_message).from} ${jsondecode(var.schedule_message).to}")),
      try(
        timecmp("${jsondecode(var.schedule_message).from}T00:00:00Z", "${jsondecode(var.schedule_message).to}T00:00:00Z") <= 0 &&
        timecmp(timeadd("${jsondecode(var.schedule_message).from}T00:00:00Z", "744h"), "${jsondecode(var.schedule_message).to}T00:00:00Z") > 0,
        false,
      ),
    ])
    error_message = "Expected from not after to, both words or both dates, at most 31 dates."
  }
}

variable "paused" {
  description = "Whether the schedule is paused, and with it the alert on missing exports. Other requests and retries continue. Set it in terraform.tfvars: with -var, the next apply without it resumes the schedule."
  type        = bool
  default     = false
  nullable    = false
}

# How: settings of the program; null: the program's own default.

variable "report_time_zone" {
  description = "Report time zone, an IANA name: it decides when a day begins and ends."
  type        = string
  default     = "UTC"
  nullable    = false

  validation {
    condition     = can(regex(local.time_zone_pattern, var.report_time_zone))
    error_message = "Expected an IANA time zone such as UTC or Europe/Berlin."
  }
}

variable "max_bytes_billed" {
  description = "Maximum bytes billed for counting a run; above it, the run fails at no cost. null: no limit."
  type        = number
  default     = null

  validation {
    condition     = var.max_bytes_billed == null ? true : var.max_bytes_billed >= 10485760 && var.max_bytes_billed <= 9223372036854775807 && floor(var.max_bytes_billed) == var.max_bytes_billed
    error_message = "Expected null or a whole number of bytes, at least 10,485,760: every query bills that much."
  }
}

variable "max_rejected_share" {
  description = "Maximum share of rejected source rows, 0 to 1; above it, nothing is published."
  type        = number
  default     = null

  validation {
    condition     = var.max_rejected_share == null ? true : var.max_rejected_share >= 0 && var.max_rejected_share <= 1
    error_message = "Expected null or a number from 0 to 1."
  }
}

variable "max_unknown_share" {
  description = "Maximum share of failed tests of unknown kind, 0 to 1; above it, nothing is published."
  type        = number
  default     = null

  validation {
    condition     = var.max_unknown_share == null ? true : var.max_unknown_share >= 0 && var.max_unknown_share <= 1
    error_message = "Expected null or a number from 0 to 1."
  }
}

variable "source_max_age_hours" {
  description = "Maximum age of the newest measurement for reports of today and yesterday, in hours; 0: any age."
  type        = number
  default     = null

  validation {
    condition     = var.source_max_age_hours == null ? true : var.source_max_age_hours >= 0 && var.source_max_age_hours <= 8760
    error_message = "Expected null or hours from 0 to 8,760."
  }
}

variable "log_level" {
  description = "Minimum severity that is logged. The alerts need entries of severity info."
  type        = string
  default     = "info"
  nullable    = false

  validation {
    condition     = contains(["debug", "info"], var.log_level)
    error_message = "Expected debug or info: alerts need entries of severity info."
  }
}

# Whom to tell.

variable "notification_channels" {
  description = "Existing Monitoring notification channels for alerts, as projects/PROJECT/notificationChannels/ID."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "Expected projects/PROJECT/notificationChannels/ID."
  }
}

variable "alert_emails" {
  description = "Mail addresses for alerts. Each gets a notification channel."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "Expected mail addresses."
  }
}

variable "unusual_figures_alert" {
  description = "Whether to alert on figures of a final day beyond their usual range. It is about the product, not about the export."
  type        = bool
  default     = false
  nullable    = false
}

variable "digest_webhook_version" {
  description = "Version of the secret kpi-export-digest-webhook, the URL for digests; null: no digests; 0: create only the secret, so that its first version can be added."
  type        = number
  default     = null

  validation {
    condition     = var.digest_webhook_version == null ? true : var.digest_webhook_version >= 0 && floor(var.digest_webhook_version) == var.digest_webhook_version
    error_message = "Expected null, 0 or the number of a version."
  }
}

variable "budget" {
  description = "A budget of this project: sends mails at 50, 90 and 100 % of a month's `amount`, in whole units of the billing account's currency; null: none. It stops nothing. Recipients are alert_emails (the first five) and the administrators of the billing account."
  type = object({
    billing_account = string
    amount          = number
  })
  default = null

  validation {
    condition     = var.budget == null ? true : can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "Expected billing_account as `gcloud billing accounts list` shows it, such as 012345-6789AB-CDEF01."
  }

  validation {
    condition     = var.budget == null ? true : var.budget.amount >= 1 && floor(var.budget.amount) == var.budget.amount
    error_message = "Expected amount as a whole number from 1."
  }
}

# The release to partners and researchers.

variable "release_enabled" {
  description = "Whether to create the dataset kpi_release and release complete periods, rounded and with small groups hidden. To stop releasing use release_paused: false would delete the release, which deletion_protection refuses."
  type        = bool
  default     = false
  nullable    = false
}

variable "release_paused" {
  description = "Whether to stop releasing. Released periods and their readers stay."
  type        = bool
  default     = false
  nullable    = false
}

variable "release_readers" {
  description = "Partners and researchers who may read kpi_release only. They run their queries in their own projects."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.release_readers : can(regex(local.member_pattern, member))])
    error_message = "Expected members such as group:NAME@DOMAIN; the public is refused."
  }

  validation {
    condition     = length(setintersection([for member in var.release_readers : lower(member)], local.bi_readers_folded)) == 0
    error_message = "Expected members that are not among bi_readers: who reads the exact metrics doesn't belong among the readers of the release."
  }

  # No groups: a group with an address in a domain may have members from elsewhere.
  validation {
    condition = alltrue([
      for pair in setproduct([for member in var.release_readers : lower(member)], local.bi_readers_folded) :
      !anytrue([for one in [pair, reverse(pair)] : startswith(one[0], "domain:") && startswith(one[1], "user:") && endswith(one[1], "@${trimprefix(one[0], "domain:")}")])
    ])
    error_message = "Expected readers of the release outside of the domains in bi_readers, and no domain of which somebody is in bi_readers: they would see both."
  }
}

variable "release_listing" {
  description = "A listing of kpi_release in BigQuery sharing (Analytics Hub); null: none. Subscribers get a linked dataset in their own project. It can't be copied or exported; with restrict_results, query results can't either. contact: a mail address or URL."
  type = object({
    subscribers      = list(string)
    contact          = string
    name             = optional(string, "Released metrics")
    restrict_results = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.release_listing == null || var.release_enabled
    error_message = "Expected release_listing only where release_enabled is true."
  }

  validation {
    condition     = var.release_listing == null ? true : alltrue([for member in var.release_listing.subscribers : can(regex(local.member_pattern, member))])
    error_message = "Expected subscribers such as group:NAME@DOMAIN or user:NAME@DOMAIN; the public is refused."
  }

  validation {
    condition     = var.release_listing == null ? true : length(setintersection([for member in var.release_listing.subscribers : lower(member)], local.bi_readers_folded)) == 0
    error_message = "Expected subscribers that are not among bi_readers: who reads the exact metrics doesn't belong among the readers of the release."
  }

  # As for release_readers.
  validation {
    condition = var.release_listing == null ? true : alltrue([
      for pair in setproduct([for member in var.release_listing.subscribers : lower(member)], local.bi_readers_folded) :
      !anytrue([for one in [pair, reverse(pair)] : startswith(one[0], "domain:") && startswith(one[1], "user:") && endswith(one[1], "@${trimprefix(one[0], "domain:")}")])
    ])
    error_message = "Expected subscribers outside of the domains in bi_readers, and no domain of which somebody is in bi_readers: they would see both."
  }

  validation {
    condition     = var.release_listing == null ? true : can(regex("^[\\p{L}\\d_&-]([\\p{L}\\d_& -]{0,61}[\\p{L}\\d_&-])?$", var.release_listing.name))
    error_message = "Expected a name of at most 63 letters, digits, spaces, underscores, hyphens and ampersands."
  }

  validation {
    condition     = var.release_listing == null ? true : can(regex("^(https?://\\S+|[^@\\s]+@[^@\\s]+)$", var.release_listing.contact))
    error_message = "Expected a mail address or a URL as contact."
  }
}

variable "release_grain" {
  description = "Grain of released periods: day, week or month. It is permanent: two grains of the same people can be subtracted from each other."
  type        = string
  default     = "week"
  nullable    = false

  validation {
    condition     = contains(["day", "week", "month"], var.release_grain)
    error_message = "Expected day, week or month."
  }
}

variable "release_by_period_date" {
  description = "Whether to continue an existing table daily_metrics with the column period_date. Terraform doesn't manage it, because it can't change that column."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.release_by_period_date || var.release_grain == "day"
    error_message = "Expected release_by_period_date only where release_grain is day."
  }
}

variable "release_min_people" {
  description = "Minimum number of people behind a released number."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.release_min_people >= 11 && var.release_min_people <= 999999999 && floor(var.release_min_people) == var.release_min_people
    error_message = "Expected a whole number from 11 to 999,999,999."
  }
}

variable "release_round_to" {
  description = "Released numbers are rounded to multiples of this."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.release_round_to >= 5 && var.release_round_to <= var.release_min_people && floor(var.release_round_to) == var.release_round_to
    error_message = "Expected a whole number from 5 to release_min_people."
  }
}
