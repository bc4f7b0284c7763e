import type { ReportTable } from '../../shared/tables';
import type { MetricName } from '../metrics';

/** What the page shows, and where. A metric that the data lacks is left out, with its panel if nothing remains. */
export interface Card {
  metric: MetricName;
  title: string;
}

export interface Panel {
  title: string;
  /**
   * lines: each series over time; stack: parts of a whole, day by day; within: the second series is a part of the first, drawn
   * inside it.
   */
  form: 'lines' | 'stack' | 'within';
  series: { metric: MetricName; title: string }[];
  /** Shown beside the series, not drawn: what a stack adds up to. */
  total?: { metric: MetricName; title: string };
  /** Top of the scale, where it is known. */
  top?: number;
  /** Shades of one colour, for series that are steps of the same thing. */
  steps?: true;
  /** Of twelve columns, where there is room. */
  columns: 3 | 4 | 5 | 6 | 8;
}

export interface Section {
  table: ReportTable;
  title: string;
  panels: Panel[];
}

/** Where a rise is good news, and where it is bad. A metric that isn't here is shown without judgement. */
export const goodDirection: Partial<Record<MetricName, 'up' | 'down'>> = {
  all_tests: 'up',
  active_users: 'up',
  adjusted_success_rate: 'up',
  total_errors: 'down',
  failure_rate: 'down',
  accounts_created: 'up',
  conversion_rate: 'up',
};

export const cards: Card[] = [
  { metric: 'active_users', title: 'Active users' },
  { metric: 'all_tests', title: 'Tests' },
  { metric: 'adjusted_success_rate', title: 'Session success' },
  { metric: 'failure_rate', title: 'Failure rate' },
  { metric: 'accounts_created', title: 'New accounts' },
  { metric: 'conversion_rate', title: 'Conversion' },
];

export const sections: Section[] = [
  {
    table: 'daily_engagement',
    title: 'Engagement',
    panels: [
      {
        title: 'Tests',
        form: 'lines',
        series: [
          { metric: 'all_tests', title: 'All' },
          { metric: 'successful_tests', title: 'Successful' },
        ],
        columns: 6,
      },
      {
        title: 'People',
        form: 'lines',
        series: [
          { metric: 'active_users', title: 'Active' },
          { metric: 'successful_test_users', title: 'With a success' },
        ],
        columns: 6,
      },
      {
        title: 'Active share of all who ever tested',
        form: 'lines',
        series: [{ metric: 'active_percentage', title: 'Active' }],
        columns: 6,
      },
      {
        title: 'Successful tests per active user',
        form: 'lines',
        series: [{ metric: 'avg_tests_per_active_user', title: 'Average' }],
        columns: 6,
      },
    ],
  },
  {
    table: 'daily_advanced_metrics',
    title: 'Session success',
    panels: [
      {
        title: 'Sessions that succeed, by the try that did it',
        form: 'stack',
        series: [
          { metric: 'first_try_success_rate', title: 'First' },
          { metric: 'second_try_success_rate', title: 'Second' },
          { metric: 'third_plus_try_success_rate', title: 'Third or later' },
        ],
        total: { metric: 'adjusted_success_rate', title: 'In all' },
        top: 100,
        steps: true,
        columns: 8,
      },
      {
        title: 'Sessions',
        form: 'lines',
        series: [
          { metric: 'total_sessions', title: 'All' },
          { metric: 'successful_sessions', title: 'Successful' },
        ],
        columns: 4,
      },
    ],
  },
  {
    table: 'daily_errors',
    title: 'Errors',
    panels: [
      {
        title: 'Failed tests by kind',
        form: 'stack',
        series: [
          { metric: 'test_lines_not_found', title: 'Lines not found' },
          { metric: 'camera_too_far', title: 'Camera too far' },
          { metric: 'camera_too_close', title: 'Camera too close' },
          { metric: 'analysis_error', title: 'Analysis' },
          { metric: 'test_not_found', title: 'Test not found' },
          { metric: 'no_period_history', title: 'No history' },
          { metric: 'other_errors', title: 'Other' },
        ],
        total: { metric: 'total_errors', title: 'In all' },
        columns: 6,
      },
      {
        title: 'Share of tests that fail',
        form: 'lines',
        series: [{ metric: 'failure_rate', title: 'Failed' }],
        columns: 3,
      },
      {
        title: 'How unevenly failures fall',
        form: 'lines',
        series: [{ metric: 'error_gini_coefficient', title: 'Gini' }],
        top: 1,
        columns: 3,
      },
    ],
  },
  {
    table: 'daily_funnel',
    title: 'Funnel',
    panels: [
      {
        title: 'New accounts, and those that have tested',
        form: 'within',
        series: [
          { metric: 'accounts_created', title: 'Created' },
          { metric: 'accounts_with_tests', title: 'Have tested' },
        ],
        columns: 5,
      },
      {
        title: 'Conversion',
        form: 'lines',
        series: [{ metric: 'conversion_rate', title: 'Have tested' }],
        top: 100,
        columns: 4,
      },
      {
        title: 'To date',
        form: 'lines',
        series: [
          { metric: 'total_users_to_date', title: 'Accounts' },
          { metric: 'total_active_users_to_date', title: 'Ever tested' },
        ],
        columns: 3,
      },
    ],
  },
];
