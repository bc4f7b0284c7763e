import type { CalendarDate } from '../shared/metrics/calendar';
import type { Grain } from '../shared/metrics/grain';
import type { Unit } from '../shared/metrics/tables/columns';

/** What the page is given: all that it shows, and nothing that it doesn't. Embedded into it as JSON. */
export interface DashboardData {
  /** Exact figures for the company, or what is released to partners. */
  of: Figures;
  /** Of the built-in demo data. */
  isDemo: boolean;
  /** Report time zone. */
  timeZone: string;
  /** When the warehouse was read, ISO 8601. */
  readAt: string;
  /** The day that the page opens with; null: the newest day that is over. */
  date: CalendarDate | null;
  /** Version of the program. */
  version: string;
  metrics: Metric[];
  /** Oldest first. A day that no report has is not among them. */
  days: Day[];
}

export type Figures =
  | {
      kind: 'reports';
      /** The newest complete report, and when it was made, ISO 8601; null where there is none. */
      newest: { date: CalendarDate; createdAt: string } | null;
      /** Dates since the oldest report that have no whole and final one, as `kpi gaps` finds them. */
      gaps: CalendarDate[];
    }
  | {
      kind: 'release';
      /** What is released; of weeks and months, `days` holds the first days. */
      grain: Grain;
      /** At least so many people stand behind a figure that is shown. */
      minPeople: number;
      /** What the figures are rounded to. */
      roundTo: number;
    };

/** A column of a table, as its definition describes it. */
export interface Metric {
  name: string;
  table: string;
  label: string;
  unit: Unit;
  definition: string;
  /** It grows for days after the day that it is of: only figures of the same age compare. */
  grows: boolean;
}

/** What the newest report of a day says of it. */
export interface Day {
  date: CalendarDate;
  /** Date of that report. */
  report: CalendarDate;
  /** The report was made before the day was over. */
  provisional: boolean;
  /** The day's accounts may still take their first test in a later report. */
  growing: boolean;
  /** In the order of metrics; null: the divisor was 0, or, in a release, hidden. */
  values: (number | null)[];
  /** What grows, as each report had it that was made after its date was over; by age. */
  grown: AtAge[];
}

/** Figures of a day as they stood at the end of the day that is `age` days later. */
export interface AtAge {
  age: number;
  /** In the order of the metrics that grow. */
  values: (number | null)[];
}
