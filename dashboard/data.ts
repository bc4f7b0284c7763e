import type { CalendarDate } from '../shared/metrics/calendar';
import type { Grain } from '../shared/metrics/grain';
import type { Annotation } from '../shared/metrics/tables/annotations';
import type { Unit } from '../shared/metrics/tables/columns';

/** The data of the page, embedded as JSON. It has nothing that the page doesn't show. */
export interface DashboardData {
  /** Exact figures for internal use, or released figures for partners. */
  of: Figures;
  /** Whether it is demo data. */
  isDemo: boolean;
  /** Report time zone. */
  timeZone: string;
  /** When the warehouse was read, ISO 8601. */
  readAt: string;
  /** The day that the page opens with; null: the newest finished day. */
  date: CalendarDate | null;
  /** Version of the program. */
  version: string;
  /** Days always, possibly empty; weeks and months if a report has them. */
  grains: { day: GrainFigures } & Partial<Record<Grain, GrainFigures>>;
}

/** Figures of days, of weeks, or of months. */
export interface GrainFigures {
  metrics: Metric[];
  /** Oldest first. Leaves out periods without a report. */
  periods: Period[];
  /** Oldest first; empty for days, which have no retention. */
  cohorts: Cohort[];
  /** Not in a release. */
  usual?: UsualFigures;
}

export type Figures =
  | {
      kind: 'reports';
      /** The newest complete report, and when it was made (ISO 8601); null if there is none. */
      newest: { date: CalendarDate; createdAt: string } | null;
      /** Dates since the oldest report without a whole and final report, as found by `kpi gaps`. */
      gaps: CalendarDate[];
      /** Annotations with a day that the page shows, oldest first. */
      annotations: Annotation[];
    }
  | {
      kind: 'release';
      /** Grain of the release. */
      grain: Grain;
      /** Least number of people behind a shown figure. */
      minPeople: number;
      /** Counts are rounded to multiples of this. */
      roundTo: number;
      /** Title from the settings file; null if it has none. */
      title: string | null;
      /** Names of figures that are hidden in all periods, so left out of the metrics. */
      hidden: string[];
      /** metrics.csv of the package for researchers; empty if nothing is released. */
      csv: string;
    };

/** A column of a table, from its definition. */
export interface Metric {
  name: string;
  table: string;
  label: string;
  unit: Unit;
  definition: string;
  /** Whether it still grows in later periods. Then only figures of the same age can be compared. */
  grows: boolean;
}

/** A day, week or month from its newest report. */
export interface Period {
  /** Its first day. */
  date: CalendarDate;
  /** Date of the report. */
  report: CalendarDate;
  /** Whether the report was made before the period was over. */
  provisional: boolean;
  /** Whether accounts of the period may still take their first test in a later report. */
  growing: boolean;
  /** In the order of metrics; null if the divisor is 0, the report lacks the table, or the value is hidden in a release. */
  values: (number | null)[];
  /** Growing figures by age, from the final reports. */
  grown: AtAge[];
}

/** Figures of a period at the end of the period that is `age` periods later. */
export interface AtAge {
  age: number;
  /** In the order of the growing metrics. */
  values: (number | null)[];
}

/**
 * Usual ranges and sentences of a grain's periods, by the rules of docs/usual-ranges.md. Lists are in the order of the periods. The format is
 * compact, because years of data are embedded.
 */
export interface UsualFigures {
  /** For each period the number of a pattern, then the values of its #, separated by spaces. */
  sentences: string[];
  patterns: string[];
  /** The judged figures, by name. */
  figures: Record<string, UsualFigure>;
  /** Reasons why figures are not judged: `there are no tests`. */
  reasons: string[];
}

export interface UsualFigure {
  /** The usual ranges. Without a range, low is -1 minus the number of the reason, and high is 0. */
  low: number[];
  high: number[];
  /** By place: judged figures outside their range. */
  outside: Record<number, Outside>;
  /** By place: for figures with a range that are not judged, the number of the reason. */
  notJudged: Record<number, number>;
}

/** 1: above the usual range; 2: far enough above to be noticed; negative: below. */
export type Outside = -2 | -1 | 1 | 2;

/** The people with a first test in one week or month, and how many of them are active then and later. */
export interface Cohort {
  /** First day of that week or month. */
  date: CalendarDate;
  users: number;
  /** Active people by number of periods later, from 0 on, as far as reports have them. */
  retained: number[];
}
