import { GoogleAuth } from 'google-auth-library';
import * as z from 'zod';
import { Failure, type FailureCode } from '../platform/failure';
import { type GoogleCredentials, signIn } from '../platform/google-credentials';
import { within } from '../platform/within';

const METRIC = 'pubsub.googleapis.com/subscription/num_undelivered_messages';

/** The metric is sampled each minute and visible up to two minutes later (https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-pubsub). */
const WINDOW_MS = 600_000;

const CALL_MS = 30_000;

/** How many messages waited in a subscription at a moment of the last ten minutes, including those on loan. */
export interface Backlog {
  waiting: number;
  asOf: Date;
}

/** The part of a google-auth-library client that is used. */
interface RequestingCredentials extends GoogleCredentials {
  request(options: { url: string; signal: AbortSignal; responseType: 'json' }): Promise<{ data: unknown }>;
}

export interface MonitoringOptions {
  now: Date;
  endpoint?: string;
  credentials?: RequestingCredentials;
  callMs?: number;
}

/** The points are ordered newest first. */
const Answer = z.object({
  timeSeries: z
    .array(
      z.object({
        points: z.array(
          z.object({
            interval: z.object({ endTime: z.iso.datetime({ offset: true }) }),
            value: z.object({ int64Value: z.string().regex(/^\d{1,15}$/) }),
          }),
        ),
      }),
    )
    .optional(),
});

/**
 * Asks Cloud Monitoring how many messages wait in a subscription. Unlike a pull, this lends no messages. Null if there is no figure: the
 * subscription is new or doesn't exist. `subscription` is a name, or projects/PROJECT/subscriptions/NAME.
 */
export async function readBacklog(
  { project, subscription }: { project: string; subscription: string },
  { now, endpoint = 'https://monitoring.googleapis.com', credentials = signedInUser(), callMs = CALL_MS }: MonitoringOptions,
): Promise<Backlog | null> {
  const [, namedProject = project, name = subscription] = /^projects\/([^/]+)\/subscriptions\/(.+)$/.exec(subscription) ?? [];
  if (!/^[\w.~+%-]+$/.test(name)) throw new Failure('BAD_REQUEST', 'expected the name of a subscription');
  const url = new URL(`v3/projects/${encodeURIComponent(namedProject)}/timeSeries`, `${endpoint}/`);
  url.searchParams.set('filter', `metric.type="${METRIC}" AND resource.labels.subscription_id="${name}"`);
  url.searchParams.set('interval.startTime', new Date(now.getTime() - WINDOW_MS).toISOString());
  url.searchParams.set('interval.endTime', now.toISOString());

  const ended = new AbortController();
  const ask = async () => {
    await signIn(credentials);
    const { data } = await credentials.request({ url: url.href, signal: ended.signal, responseType: 'json' });
    return data;
  };
  const data = await within(ask(), { ms: callMs }, 'Cloud Monitoring', 'counting letters')
    .catch((thrown) => {
      throw toMonitoringFailure(thrown, namedProject);
    })
    .finally(() => ended.abort());
  const answer = Answer.safeParse(data);
  if (!answer.success) throw new Failure('UNAVAILABLE', 'Cloud Monitoring answered with something that is no time series');
  const point = answer.data.timeSeries?.[0]?.points[0];
  return point === undefined ? null : { waiting: Number(point.value.int64Value), asOf: new Date(point.interval.endTime) };
}

function signedInUser(): RequestingCredentials {
  return new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/monitoring.read'] });
}

const statusCodes: Record<number, FailureCode> = {
  400: 'BAD_REQUEST',
  401: 'ACCESS_DENIED',
  403: 'ACCESS_DENIED',
  404: 'NOT_FOUND',
  429: 'BUSY',
};

function toMonitoringFailure(cause: unknown, project: string): Failure {
  if (cause instanceof Failure) return cause;
  const status = (cause as { response?: { status?: number } } | null)?.response?.status;
  const code = (status !== undefined && statusCodes[status]) || 'UNAVAILABLE';
  if (code === 'ACCESS_DENIED')
    return new Failure(code, `the account may not ask Cloud Monitoring; grant it roles/monitoring.viewer in ${project}`, {
      cause,
    });
  const http = status === undefined ? '' : ` (HTTP ${status})`;
  return new Failure(code, `Cloud Monitoring refused or failed while counting letters${http}`, { cause });
}
