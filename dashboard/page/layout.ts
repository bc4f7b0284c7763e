import { eachKind, errorKinds } from '../../shared/metrics/error-kinds';
import type { MetricName } from '../metrics';
import type { Parts } from './history';
import type { TableName } from './state';

/** A chart of the page. A metric that the data lacks is left out; if it is the panel's first, the panel is left out. */
export interface Panel {
  /** If left out, the name of the only metric is the title. */
  title?: string;
  /**
   * lines: each series over time. stack: parts of a whole for each period. within: the second series is a part of the first, drawn inside it.
   */
  form: 'lines' | 'stack' | 'within';
  series: MetricName[];
  /** The sum of a stack: shown beside the series, not drawn. */
  total?: MetricName;
  /** Number of days that the bold line averages. Without it, and for weeks and months, there is only the line of the periods. */
  smooth?: number;
  /** Always shows days, because the figures look back over days. */
  ofDays?: true;
  /** Metrics with the same scale, so that panels can be compared. */
  sameScale?: MetricName[];
  /** Top of the scale, if known. */
  top?: number;
  /** Uses shades of one colour, for series that are steps of the same thing. */
  steps?: true;
  /** Width in twelfths, if there is room. */
  columns: 3 | 4 | 6;
}

export interface Section {
  name: string;
  title: string;
  panels: Panel[];
  kinds?: Kinds;
  /** With the table of cohorts. */
  retention?: true;
}

/** A ranking of kinds in the period, with a small chart of each kind. */
export interface Kinds {
  title: string;
  total: MetricName;
  metrics: MetricName[];
}

/** The small charts of kinds, with a common scale. */
export function panelsOf({ metrics }: Kinds): Panel[] {
  return metrics.map((metric) => ({ form: 'lines', series: [metric], smooth: 7, sameScale: metrics, columns: 3 }));
}

/** Whether a rise or a fall is good. Changes of other metrics are shown without judgement. */
export const goodDirection: Partial<Record<MetricName, 'up' | 'down'>> = {
  all_tests: 'up',
  active_users: 'up',
  adjusted_success_rate: 'up',
  total_errors: 'down',
  ...eachKind(() => 'down' as const),
  other_errors: 'down',
  failure_rate: 'down',
  accounts_created: 'up',
  conversion_rate: 'up',
};

/** Rates shown with their parts: `14 of 25 accounts`. Over several days the parts are added up. */
export const fractions: Partial<Record<MetricName, Parts & { things: string }>> = {
  adjusted_success_rate: { part: 'successful_sessions', whole: 'total_sessions', things: 'sessions' },
  failure_rate: { part: 'total_errors', whole: 'all_tests', things: 'tests' },
  conversion_rate: { part: 'accounts_with_tests', whole: 'accounts_created', things: 'accounts' },
  stickiness: { part: 'active_users', whole: 'active_users_28d', things: 'people' },
};

export const cards: MetricName[] = [
  'active_users',
  'all_tests',
  'adjusted_success_rate',
  'failure_rate',
  'accounts_created',
  'conversion_rate',
];

/** The cards and the first section are the first page of a print. */
export const sections: Section[] = [
  {
    name: 'overview',
    title: 'Overview',
    panels: [
      { title: 'Tests', form: 'lines', series: ['all_tests', 'successful_tests'], smooth: 7, columns: 6 },
      { title: 'People', form: 'lines', series: ['active_users', 'successful_test_users'], smooth: 7, columns: 6 },
      {
        title: 'Sessions that succeed, by the try that did it',
        form: 'stack',
        series: ['first_try_success_rate', 'second_try_success_rate', 'third_plus_try_success_rate'],
        total: 'adjusted_success_rate',
        top: 100,
        steps: true,
        columns: 6,
      },
      {
        title: 'New accounts, and those that have tested',
        form: 'within',
        series: ['accounts_created', 'accounts_with_tests'],
        columns: 6,
      },
    ],
  },
  {
    name: 'audience',
    title: 'Audience',
    panels: [
      {
        title: 'People over 1, 7 and 28 days',
        form: 'lines',
        series: ['active_users_28d', 'active_users_7d', 'active_users'],
        ofDays: true,
        steps: true,
        columns: 6,
      },
      {
        title: 'New, returning and reactivated people',
        form: 'stack',
        series: ['returning_users', 'new_users', 'reactivated_users'],
        total: 'active_users',
        steps: true,
        columns: 6,
      },
      { form: 'lines', series: ['stickiness'], smooth: 7, ofDays: true, columns: 6 },
      { form: 'lines', series: ['lapsed_users'], columns: 6 },
    ],
    retention: true,
  },
  {
    name: 'engagement',
    title: 'Engagement',
    panels: [
      { form: 'lines', series: ['active_percentage'], smooth: 7, columns: 4 },
      { form: 'lines', series: ['avg_tests_per_active_user'], smooth: 7, columns: 4 },
      { title: 'Sessions', form: 'lines', series: ['total_sessions', 'successful_sessions'], smooth: 7, columns: 4 },
    ],
  },
  {
    name: 'errors',
    title: 'Errors',
    panels: [
      { form: 'lines', series: ['failure_rate'], smooth: 7, columns: 6 },
      { form: 'lines', series: ['error_gini_coefficient'], smooth: 7, top: 1, columns: 6 },
    ],
    kinds: {
      title: 'Failed tests by kind',
      total: 'total_errors',
      metrics: [...errorKinds, 'other_errors'],
    },
  },
  {
    name: 'funnel',
    title: 'Funnel',
    panels: [
      { form: 'lines', series: ['conversion_rate'], smooth: 28, top: 100, columns: 6 },
      { title: 'To date', form: 'lines', series: ['total_users_to_date', 'total_active_users_to_date'], columns: 6 },
    ],
  },
];

/** Titles of the tables. */
export const tableTitles: Record<TableName, string> = {
  engagement: 'Engagement',
  advanced_metrics: 'Session success',
  errors: 'Errors',
  funnel: 'Funnel',
  audience: 'Audience',
};
