import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEADLINE_MS } from '../../functions/deadline';
import { EXPORT_PATH } from '../../functions/export-kpi-http';
import { JOB_TIMEOUT_MS } from '../../shared/engines/bigquery/session';
import { MAX_REQUEST_BYTES, parseRequestData } from '../../shared/export/request';
import { parseConfig, Settings } from '../../shared/platform/config';
import { logMessages } from '../../shared/platform/log-messages';
import { isTimeZone } from '../../shared/platform/time-zone';
import { at, type Body, expression, type Infra, infraFolder, only, readInfra, resourcesOf, seconds } from './hcl';

let infra: Infra;
beforeAll(() => {
  infra = readInfra();
});

const resource = (type: string, name: string) => only(infra.resource[type]?.[name]);
const defaultOf = (name: string) => only(infra.variable[name]).default;

describe('delivery', () => {
  const subscription = () => resource('google_pubsub_subscription', 'export');

  test('attempts are within what Pub/Sub allows, and many: a refused push counts as one', () => {
    const attempts = at(subscription(), 'dead_letter_policy', 'max_delivery_attempts');
    expect(attempts).toBe(30);
    expect(attempts).toBeGreaterThanOrEqual(5);
    expect(attempts).toBeLessThanOrEqual(100);
  });

  test('backoff is within what Pub/Sub allows', () => {
    const [least, most] = ['minimum_backoff', 'maximum_backoff'].map((name) => seconds(at(subscription(), 'retry_policy', name)));
    expect([least, most]).toEqual([10, 600]);
    expect(most).toBeLessThanOrEqual(600);
  });

  test('a message is not delivered again while its run may still go on', () => {
    expect(at(resource('google_cloudfunctions2_function', 'export'), 'service_config', 'timeout_seconds')).toBe(
      expression('each.value.timeout'),
    );
    const { timeout } = (infra.locals.functions as Record<string, Body>).pubsub as Body;
    expect(timeout).toBe(540);
    expect(subscription().ack_deadline_seconds).toBeGreaterThanOrEqual(Number(timeout));
    expect(subscription().ack_deadline_seconds).toBeLessThanOrEqual(600);
  });

  test('a run ends before the platform ends it, with a minute for its record, and its jobs end before the run', () => {
    const { pubsub, http } = infra.locals.functions as Record<string, Body>;
    expect(pubsub?.timeout).toBe(540);
    expect(http?.timeout).toBe(expression('var.http_timeout_seconds')); // at least 540
    expect(DEADLINE_MS).toBeLessThanOrEqual((Number(pubsub?.timeout) - 60) * 1000);
    expect(JOB_TIMEOUT_MS).toBeLessThan(DEADLINE_MS);
  });

  test('messages wait 7 days, and no subscription expires', () => {
    expect(seconds(subscription().message_retention_duration)).toBe(7 * 86_400);
    for (const [name, bodies] of Object.entries(infra.resource.google_pubsub_subscription ?? {}))
      expect([name, at(only(bodies), 'expiration_policy', 'ttl')]).toEqual([name, '']);
  });

  test('the dead-letter topic has a subscription that keeps 31 days', () => {
    const topic = at(subscription(), 'dead_letter_policy', 'dead_letter_topic');
    expect(topic).toBe(expression('google_pubsub_topic.dead_letter.id'));
    const keepers = Object.values(infra.resource.google_pubsub_subscription ?? {})
      .map(only)
      .filter((one) => one.topic === topic);
    expect(keepers.map((one) => seconds(one.message_retention_duration))).toEqual([31 * 86_400]);
    expect(keepers.map((one) => one.push_config)).toEqual([undefined]);
  });

  test('the push names the service as audience and the topic in its path', () => {
    const uri = expression('google_cloudfunctions2_function.export["pubsub"].service_config[0].uri');
    expect(at(subscription(), 'push_config', 'oidc_token', 'audience')).toBe(uri);
    expect(at(subscription(), 'push_config', 'push_endpoint')).toBe(
      `${uri}/projects/${expression('var.project')}/topics/${expression('google_pubsub_topic.export.name')}`,
    );
  });

  test("Pub/Sub's agent may pull messages and publish dead letters", () => {
    const agent = expression('local.pubsub_agent');
    expect(infra.locals.pubsub_agent).toBe(
      `serviceAccount:service-${expression('data.google_project.this.number')}@gcp-sa-pubsub.iam.gserviceaccount.com`,
    );
    expect(resource('google_pubsub_topic_iam_member', 'agent_parks')).toMatchObject({
      member: agent,
      role: 'roles/pubsub.publisher',
      topic: expression('google_pubsub_topic.dead_letter.name'),
    });
    expect(resource('google_pubsub_subscription_iam_member', 'agent_takes')).toMatchObject({
      member: agent,
      role: 'roles/pubsub.subscriber',
      subscription: expression('google_pubsub_subscription.export.name'),
    });
  });
});

describe('schedule', () => {
  test('is a cron of five fields in a zone that exists', () => {
    expect(defaultOf('schedule')).toBe('0 6 * * *');
    expect(defaultOf('schedule_time_zone')).toBe('Etc/UTC');
    expect(() => new Intl.DateTimeFormat('en', { timeZone: String(defaultOf('schedule_time_zone')) })).not.toThrow();
    expect(resource('google_cloud_scheduler_job', 'daily')).toMatchObject({
      schedule: expression('var.schedule'),
      time_zone: expression('var.schedule_time_zone'),
      paused: expression('var.paused'),
    });
  });

  test('requests yesterday and today in a form that the program parses', () => {
    const message = String(defaultOf('schedule_message'));
    expect(message).toBe('{"from":"yesterday","to":"today"}');
    expect(message.length).toBeLessThanOrEqual(MAX_REQUEST_BYTES);
    const askedAt = new Date('2025-12-23T06:00:00Z');
    expect(
      parseRequestData(Buffer.from(message), { timeZone: 'UTC', askedAt, now: askedAt, maxDates: 31 }, { bareDate: true }),
    ).toEqual({ from: '2025-12-22', to: '2025-12-23', shape: 'range' });
    expect(at(resource('google_cloud_scheduler_job', 'daily'), 'pubsub_target', 'data')).toBe(
      expression('base64encode(var.schedule_message)'),
    );
  });

  test('accepts exactly the time zones of the program', () => {
    const pattern = new RegExp(String(infra.locals.time_zone_pattern).replace('(?i)', ''), 'i');
    const aliases = [
      'UTC',
      'GMT',
      'Etc/UTC',
      'Etc/GMT+5',
      'EST5EDT',
      'PST8PDT',
      'W-SU',
      'NZ-CHAT',
      'GB-Eire',
      'US/Eastern',
      'europe/berlin',
    ];
    for (const zone of [...Intl.supportedValuesOf('timeZone'), ...aliases])
      expect([zone, isTimeZone(zone), pattern.test(zone)]).toEqual([zone, true, true]);
    for (const zone of ['', '+01:00', 'UTC+1', 'GMT+1', 'Berlin', 'Europe/', 'Europe Berlin', 'CET+1'])
      expect([zone, isTimeZone(zone), pattern.test(zone)]).toEqual([zone, false, false]);
  });

  test('is tried again', () => {
    expect(at(resource('google_cloud_scheduler_job', 'daily'), 'retry_config', 'retry_count')).toBeGreaterThan(0);
  });
});

describe('functions', () => {
  const service = () => only(resource('google_cloudfunctions2_function', 'export').service_config);
  const functions = () => infra.locals.functions as Record<string, Body>;

  test('exportKpi is internal, one request an instance, five instances', () => {
    expect(functions().pubsub).toMatchObject({ entry_point: 'exportKpi', ingress: 'ALLOW_INTERNAL_ONLY' });
    expect(functions().http).toMatchObject({ entry_point: 'exportKpiHttp', ingress: expression('var.http_ingress') });
    expect(service()).toMatchObject({
      available_memory: expression('var.function_memory'),
      min_instance_count: expression('var.function_min_instances'),
      max_instance_count: expression('var.function_max_instances'),
      max_instance_request_concurrency: 1,
      ingress_settings: expression('each.value.ingress'),
    });
    const defaults = ['function_memory', 'function_min_instances', 'function_max_instances', 'http_ingress', 'http_enabled'];
    expect(defaults.map(defaultOf)).toEqual(['512Mi', 0, 5, 'ALLOW_ALL', true]);
  });

  test('no call is cut off before the run ends by itself', () => {
    const validation = at(only(infra.variable.http_timeout_seconds), 'validation', 'condition');
    expect(validation).toContain('var.http_timeout_seconds >= 540');
    expect(defaultOf('http_timeout_seconds')).toBe(540);
    expect(functions().http).toMatchObject({ timeout: expression('var.http_timeout_seconds') });
  });

  test('callers from before http_enabled keep their access during the change', () => {
    expect(infra.moved.map(({ from, to }) => [from, to])).toEqual([
      [
        expression('google_cloud_run_v2_service_iam_member.caller'),
        expression('google_cloud_run_v2_service_iam_member.caller[0]'),
      ],
    ]);
  });

  test('both run on Node 24, out of the object whose name carries the hash of the package', () => {
    const build = only(resource('google_cloudfunctions2_function', 'export').build_config);
    expect(build.runtime).toBe('nodejs24');
    expect(at(build, 'source', 'storage_source', 'object')).toBe(expression('google_storage_bucket_object.package.name'));
    expect(resource('google_storage_bucket_object', 'package')).toMatchObject({
      name: expression('basename(var.package)'),
      source: expression('var.package'),
    });
  });

  test('both wait for the tables and for the grants that they run with', () => {
    const runner = resourcesOf(infra).filter(([, body]) =>
      [body.member, body.user_by_email].some((member) => String(member).includes('account["runner"]')),
    );
    const awaited = ['google_bigquery_table.published', 'google_bigquery_table.release', ...runner.map(([address]) => address)];
    expect(resource('google_cloudfunctions2_function', 'export').depends_on).toEqual(
      expect.arrayContaining(awaited.map(expression)),
    );
  });

  test('each resource waits for the APIs, directly or through another', () => {
    for (const [type, name] of [
      ['google_bigquery_table', 'first_tests'],
      ['google_project_iam_member', 'bi_query_runner'],
      ['google_project_iam_member', 'status_reader'],
      ['google_kms_crypto_key_iam_member', 'agent'],
      ['google_billing_budget', 'project'],
    ] as const)
      expect([name, resource(type, name).depends_on]).toEqual([name, [expression('google_project_service.required')]]);
  });

  test('the printed address is the one that answers', () => {
    const address = `${expression('google_cloudfunctions2_function.export["http"].service_config[0].uri')}${EXPORT_PATH}`;
    expect(only(infra.output.http_url).value).toBe(expression(`var.http_enabled ? "${address}" : null`));
  });

  test('every name in the environment is a setting that the program reads', () => {
    const names = Object.keys(infra.locals.settings as Body);
    expect(names.filter((name) => !(name in Settings.shape)).sort()).toEqual(['LOG_EXECUTION_ID', 'NODE_ENV']);
    expect(names).toEqual(expect.arrayContaining(['KPI_WAREHOUSE', 'KPI_LOCATION', 'KPI_SOURCE_USERS', 'KPI_DEAD_LETTER_TOPIC']));
    expect(service().environment_variables).toBe(expression('local.environment'));
  });

  test('every setting is set, or left out on purpose', () => {
    const names = Object.keys(infra.locals.settings as Body);
    const leftOut = Object.keys(Settings.shape).filter((name) => !names.includes(name));
    // an emulator's; a secret, which has a place of its own; the tables are named one by one
    expect(leftOut.sort()).toEqual(['KPI_BIGQUERY_ENDPOINT', 'KPI_DIGEST_WEBHOOK', 'KPI_SOURCE']);
  });

  test.each(['defaults', 'everything'])('the program starts with the environment that tests/%s.tftest.hcl expects', (file) => {
    const text = readFileSync(join(infraFolder, 'tests', `${file}.tftest.hcl`), 'utf8');
    const [, map] = /environment_variables == tomap\(\{([^}]*)\}/.exec(text) ?? [];
    const env = Object.fromEntries([...String(map).matchAll(/^ *(\w+) += "(.*)"$/gm)].map(([, name, value]) => [name, value]));
    expect(Object.keys(env).length).toBeGreaterThan(9);
    expect(parseConfig({ ...env, K_SERVICE: 'kpi-export' })).toMatchObject({
      warehouse: { engine: 'bigquery', project: 'example-project', source: { users: 'example-project.app.users' } },
      timeZone: env.KPI_TIME_ZONE,
      deadLetterTopic: 'projects/example-project/topics/kpi-export-dead-letter',
    });
  });

  test.each([
    ['release_min_people', 'KPI_RELEASE_MIN_PEOPLE', 999_999_999],
    ['source_max_age_hours', 'KPI_SOURCE_MAX_AGE_HOURS', 8760],
  ])('the upper bound of %s is the one of %s', (variable, name, most) => {
    const read = (value: number) => Settings.shape[name as 'KPI_RELEASE_MIN_PEOPLE'].safeParse(String(value)).success;
    expect([read(most), read(most + 1)]).toEqual([true, false]);
    expect(at(only(infra.variable[variable]), 'validation', 'condition')).toContain(`var.${variable} <= ${most}`);
  });

  test('a missing package is refused before anything is created', () => {
    const condition = at(resource('google_storage_bucket_object', 'package'), 'lifecycle', 'precondition', 'condition');
    expect(condition).toBe(expression('fileexists(var.package)'));
  });

  test('an answer shows no stack, and log entries can be told apart by execution', () => {
    expect(infra.locals.settings).toMatchObject({ NODE_ENV: 'production', LOG_EXECUTION_ID: 'true' });
  });

  test('a log level that hides what alerts read is refused', () => {
    expect(defaultOf('log_level')).toBe('info');
    expect(at(only(infra.variable.log_level), 'validation', 'condition')).toBe(
      expression('contains(["debug", "info"], var.log_level)'),
    );
  });
});

describe('identity', () => {
  const allowed = new Set([
    'READER', // of a dataset
    'WRITER', // of a dataset
    'roles/analyticshub.subscriber',
    'roles/artifactregistry.writer',
    'roles/bigquery.dataViewer',
    'roles/bigquery.jobUser',
    'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    'roles/logging.logWriter',
    'roles/monitoring.viewer',
    'roles/pubsub.publisher',
    'roles/pubsub.subscriber',
    'roles/run.invoker',
    'roles/secretmanager.secretAccessor',
    'roles/storage.objectViewer',
  ]);
  const grants = () => resourcesOf(infra).filter(([, body]) => 'role' in body);

  test('roles are few, and none is primitive', () => {
    expect(grants().length).toBeGreaterThan(15);
    for (const [address, body] of grants()) {
      expect([address, allowed.has(String(body.role))]).toEqual([address, true]);
      expect([address, /roles\/(owner|editor|viewer)$|Admin$/i.test(String(body.role))]).toEqual([address, false]);
    }
  });

  test('of the project as a whole, only jobs, build logs, metrics and the sources of functions', () => {
    const onProject = Object.entries(infra.resource.google_project_iam_member ?? {}).map(([, bodies]) => only(bodies));
    expect(onProject.map(({ role }) => role).sort()).toEqual([
      'roles/bigquery.jobUser',
      'roles/bigquery.jobUser',
      'roles/logging.logWriter',
      'roles/monitoring.viewer',
      'roles/storage.objectViewer',
    ]);
    const sources = onProject.find(({ role }) => role === 'roles/storage.objectViewer') as Body;
    expect(at(sources, 'condition', 'expression')).toContain('resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")');
  });

  test('nothing is granted to the public: lists of members are checked by a pattern that leaves it out', () => {
    const settings = infra.text.replaceAll(/^\s*#.*$/gm, '');
    expect(settings).not.toMatch(/allUsers|allAuthenticatedUsers|specialGroup|special_group/);
    const pattern = new RegExp(String(infra.locals.member_pattern));
    for (const member of [
      'allUsers',
      'allAuthenticatedUsers',
      'user:',
      'someone@example.com',
      'projectViewer:p',
      'principalSet://goog/public:all',
    ])
      expect([member, pattern.test(member)]).toEqual([member, false]);
    for (const member of ['user:a@example.com', 'serviceAccount:a@p.iam.gserviceaccount.com', 'domain:example.com'])
      expect([member, pattern.test(member)]).toEqual([member, true]);
    const lists = grants().flatMap(([, { for_each }]) =>
      [...String(for_each).matchAll(/toset\(var\.(\w+)\)/g)].map(([, name]) => name),
    );
    expect(lists.sort()).toEqual([
      'bi_query_runners',
      'bi_readers',
      'dead_letter_readers',
      'http_invokers',
      'publishers',
      'release_readers',
      'status_readers',
    ]);
    for (const name of lists) {
      const [first] = only(infra.variable[String(name)]).validation as Body[];
      expect([name, first?.condition]).toEqual([
        name,
        expression(`alltrue([for member in var.${name} : can(regex(local.member_pattern, member))])`),
      ]);
    }
  });

  test('a key has one user, an account of Google, and what it encrypts waits for that', () => {
    const agent = resource('google_kms_crypto_key_iam_member', 'agent');
    expect(agent).toMatchObject({ role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter', member: expression('each.value') });
    const encrypted = resourcesOf(infra).filter(([, body]) =>
      JSON.stringify({ ...body, for_each: '' }).includes('var.kms_keys.'),
    );
    expect(encrypted.map(([address]) => address).sort()).toEqual([
      'google_bigquery_dataset.metrics',
      'google_bigquery_dataset.release',
      'google_pubsub_topic.dead_letter',
      'google_pubsub_topic.export',
      'google_storage_bucket.source',
    ]);
    for (const [address, { depends_on }] of encrypted)
      expect([address, depends_on]).toEqual([
        address,
        expect.arrayContaining([expression('google_kms_crypto_key_iam_member.agent')]),
      ]);
  });

  test('no table is made anew because its key is another than that of its dataset', () => {
    for (const name of ['published', 'annotations', 'release', 'first_tests'])
      expect([name, at(resource('google_bigquery_table', name), 'lifecycle', 'ignore_changes')]).toEqual([
        name,
        [expression('encryption_configuration')],
      ]);
  });

  test('no list of grants is owned, no key is made, no authorized view is touched', () => {
    const types = Object.keys(infra.resource);
    expect(
      types.filter((type) => /_iam_(policy|binding)$|service_account_key$|^google_bigquery_dataset_iam_/.test(type)),
    ).toEqual([]);
    for (const [name, bodies] of Object.entries(infra.resource.google_bigquery_dataset ?? {}))
      expect([name, 'access' in only(bodies)]).toEqual([name, false]);
  });

  test('a grant is recreated together with its resource', () => {
    const ours =
      /google_(bigquery_analytics_hub_listing|bigquery_dataset|bigquery_table|pubsub_\w+|cloudfunctions2_function|storage_bucket|artifact_registry_repository)\.\w+/;
    const on = ({ listing_id, dataset_id, table_id, topic, subscription, name, bucket, repository }: Body) =>
      [listing_id, table_id, dataset_id, topic, subscription, name, bucket, repository].find((object) =>
        ours.test(String(object)),
      );
    const judged = grants().flatMap(([address, body]) => {
      const object = on(body);
      if (object === undefined) return [];
      const [named] = ours.exec(String(object)) ?? [];
      const triggers = 'lifecycle' in body ? (at(body, 'lifecycle', 'replace_triggered_by') as string[]) : [];
      const isMadeAgain = /\.id\}$/.test(String(object)) || triggers.some((id) => id.includes(`${named}`) && /\.id\}$/.test(id));
      return [[address, isMadeAgain]];
    });
    expect(judged.length).toBeGreaterThan(14);
    expect(judged.filter(([, isMadeAgain]) => !isMadeAgain)).toEqual([]);
  });

  test('the object refers to its bucket by id, so that it is replaced with it', () => {
    expect(resource('google_storage_bucket_object', 'package').bucket).toBe(expression('google_storage_bucket.source.id'));
  });

  test('the runner reads the source and its secret, writes the published tables and parks, and no more', () => {
    const runner = grants().filter(([, body]) =>
      [body.member, body.user_by_email].some((member) => String(member).includes('account["runner"]')),
    );
    expect(runner.map(([address, { role }]) => `${address} ${role}`).sort()).toEqual([
      'google_bigquery_dataset_access.runner WRITER',
      'google_bigquery_dataset_access.runner_release WRITER',
      'google_bigquery_table_iam_member.runner_first_tests roles/bigquery.dataViewer',
      'google_bigquery_table_iam_member.runner_source roles/bigquery.dataViewer',
      'google_project_iam_member.runner_jobs roles/bigquery.jobUser',
      'google_pubsub_topic_iam_member.runner_parks roles/pubsub.publisher',
      'google_secret_manager_secret_iam_member.runner_digest_webhook roles/secretmanager.secretAccessor',
    ]);
    expect(resource('google_pubsub_topic_iam_member', 'runner_parks').topic).toBe(
      expression('google_pubsub_topic.dead_letter.name'),
    );
  });

  test('readers of the release are named in one grant, on kpi_release', () => {
    const named = resourcesOf(infra).filter(([, body]) => JSON.stringify(body).includes('var.release_readers'));
    expect(named.map(([address]) => address)).toEqual(['google_bigquery_dataset_access.release_reader']);
    expect(named[0]?.[1]).toMatchObject({
      role: 'READER',
      dataset_id: expression('google_bigquery_dataset.release[0].dataset_id'),
    });
    expect(resource('google_bigquery_dataset', 'release').dataset_id).toBe('kpi_release');
    expect(defaultOf('release_enabled')).toBe(false);
  });

  test('subscribers of the listing are named in one grant, on a listing of kpi_release whose exports are restricted', () => {
    const named = resourcesOf(infra).filter(([, body]) => JSON.stringify(body).includes('.subscribers'));
    expect(named.map(([address]) => address)).toEqual(['google_bigquery_analytics_hub_listing_iam_member.release_subscriber']);
    expect(named[0]?.[1].role).toBe('roles/analyticshub.subscriber');
    const listing = resource('google_bigquery_analytics_hub_listing', 'release');
    expect(at(listing, 'bigquery_dataset', 'dataset')).toContain('google_bigquery_dataset.release[0].dataset_id');
    expect(at(listing, 'restricted_export_config', 'enabled')).toBe(true);
    expect(defaultOf('release_listing')).toBeNull();
  });
});

describe('alerts', () => {
  const messages = () => infra.locals.log_messages as Record<string, string>;

  test('look for messages that the program logs, by the same names', () => {
    expect(Object.keys(messages()).length).toBeGreaterThan(0);
    expect(logMessages).toMatchObject(messages());
  });

  test('every counter filters on one of these messages, in the log of the functions', () => {
    const metrics = infra.locals.log_metrics as Record<string, Body>;
    const wanted = Object.keys(messages()).map((name) => expression(`local.log_messages.${name}`));
    for (const [name, { message }] of Object.entries(metrics))
      expect([name, wanted.includes(String(message))]).toEqual([name, true]);
    expect(new Set(Object.values(metrics).map(({ message }) => message))).toEqual(new Set(wanted));
    const { filter } = resource('google_logging_metric', 'log');
    expect(filter).toContain(String.raw`"jsonPayload.message=\"${expression('each.value.message')}\""`);
    expect(filter).toContain(String.raw`"resource.type=\"cloud_run_revision\""`);
    expect(filter).toContain(`"resource.labels.service_name=(${expression('local.services')})"`);
  });

  test('a metric that has no value yet neither stops a deployment nor silences an alert', () => {
    const condition = only(
      at(resource('google_monitoring_alert_policy', 'alert'), 'conditions', 'condition_prometheus_query_language'),
    );
    expect(condition).toMatchObject({ disable_metric_validation: true, query: expression('each.value.query') });
    expect(infra.locals.alerts).toMatch(/no_export = \{[^}]*\}\[26h\]\)\) or vector\(0\)\) < 0\.5/);
  });

  test('alerts on log entries, which arrive up to 10 minutes late, cover at least 30 minutes', () => {
    const windows = [...String(infra.locals.alerts).matchAll(/local\.counters\.\w+\}\[(?:(\d+)h|\$\{local\.late_log\})\]/g)];
    expect(windows).toHaveLength(String(infra.locals.alerts).split('local.counters.').length - 1);
    expect(windows.map(([, hours]) => hours)).toEqual(['26', undefined, undefined, undefined]);
    expect(infra.locals.late_log).toBe('30m');
    const condition = only(
      at(resource('google_monitoring_alert_policy', 'alert'), 'conditions', 'condition_prometheus_query_language'),
    );
    expect([seconds(condition.evaluation_interval), seconds(condition.duration)]).toEqual([300, 0]);
  });

  test('each is explained in docs/alerts.md, under its own name', () => {
    const names = [...String(infra.locals.alerts).matchAll(/name\s+= "([^"]+)"/g)].map(([, name]) => name);
    expect(names.length).toBe(6);
    const page = readFileSync(join(infraFolder, '../docs/alerts.md'), 'utf8');
    expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(expect.arrayContaining(names));
  });
});

test('every variable has a type and a description, every output a description', () => {
  for (const [name, bodies] of Object.entries(infra.variable)) {
    const { type, description } = only(bodies);
    expect([name, typeof type, String(description).length > 20]).toEqual([name, 'string', true]);
  }
  for (const [name, bodies] of Object.entries(infra.output))
    expect([name, typeof only(bodies).description]).toEqual([name, 'string']);
});

test('terraform.tfvars.example names variables that exist, and all that are required', () => {
  const example = readFileSync(join(infraFolder, 'terraform.tfvars.example'), 'utf8');
  const names = [...example.matchAll(/^#?\s?([a-z_]+)\s+=/gm)].map(([, name]) => name);
  expect(names.filter((name) => !(String(name) in infra.variable))).toEqual([]);
  const required = Object.entries(infra.variable).filter(([, bodies]) => !('default' in only(bodies)));
  expect(names).toEqual(expect.arrayContaining(required.map(([name]) => name).filter((name) => name !== 'package')));
});
