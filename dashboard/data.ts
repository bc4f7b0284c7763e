import type { CalendarDate } from '../shared/metrics/calendar';
import type { Grain } from '../shared/metrics/grain';
import type { Annotation } from '../shared/metrics/tables/annotations';
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
  /** Days always, though there may be none; weeks and months where a report has them. */
  grains: { day: GrainFigures } & Partial<Record<Grain, GrainFigures>>;
}

/** Figures of days, of weeks, or of months. */
export interface GrainFigures {
  metrics: Metric[];
  /** Oldest first. A period that no report has is not among them. */
  periods: Period[];
  /** Oldest first; none of days, which have no retention. */
  cohorts: Cohort[];
  /** Not in a release. */
  usual?: UsualFigures;
}

export type Figures =
  | {
      kind: 'reports';
      /** The newest complete report, and when it was made, ISO 8601; null where there is none. */
      newest: { date: CalendarDate; createdAt: string } | null;
      /** Dates since the oldest report that have no whole and final one, as `kpi gaps` finds them. */
      gaps: CalendarDate[];
      /** Those with a day that the page shows; oldest first. */
      annotations: Annotation[];
    }
  | {
      kind: 'release';
      /** What is released; of weeks and months, `days` holds the first days. */
      grain: Grain;
      /** At least so many people stand behind a figure that is shown. */
      minPeople: number;
      /** What the figures are rounded to. */
      roundTo: number;
      /** Of the settings file; null: none is stated. */
      title: string | null;
      /** Names of figures that are hidden in all periods, and so are not among the metrics. */
      hidden: string[];
      /** metrics.csv, as the package for researchers has it; empty where nothing is released. */
      csv: string;
    };

/** A column of a table, as its definition describes it. */
export interface Metric {
  name: string;
  table: string;
  label: string;
  unit: Unit;
  definition: string;
  /** It grows for periods after the one that it is of: only figures of the same age compare. */
  grows: boolean;
}

/** What the newest report of a day, a week or a month says of it. */
export interface Period {
  /** Its first day. */
  date: CalendarDate;
  /** Date of that report. */
  report: CalendarDate;
  /** The report was made before the period was over. */
  provisional: boolean;
  /** The period's accounts may still take their first test in a later report. */
  growing: boolean;
  /** In the order of metrics; null: the divisor was 0, the report lacks the table, or, in a release, hidden. */
  values: (number | null)[];
  /** What grows, as each report had it that was made after its date was over; by age. */
  grown: AtAge[];
}

/** Figures of a period as they stood at the end of the one that is `age` periods later. */
export interface AtAge {
  age: number;
  /** In the order of the metrics that grow. */
  values: (number | null)[];
}

/**
 * What was usual in the periods of a grain, and what they were like, by the rules of docs/usual-ranges.md. Lists are in the order of the
 * periods. Years of it are embedded, so it is kept short.
 */
export interface UsualFigures {
  /** What each period was like: the number of a pattern, and what its # stand for, with spaces between. */
  sentences: string[];
  patterns: string[];
  /** Of the figures that are judged, by name. */
  figures: Record<string, UsualFigure>;
  /** Why figures are not judged: `there are no tests`. */
  reasons: string[];
}

export interface UsualFigure {
  /** The usual ranges. Where there is too little for one, low is -1 less the number of the reason, and high 0. */
  low: number[];
  high: number[];
  /** By place, figures that are judged and lie outside. */
  outside: Record<number, Outside>;
  /** By place, the number of the reason of figures that have a range and are not judged. */
  notJudged: Record<number, number>;
}

/** 1: above the usual range; 2: so far above that it is noticed; negative: below. */
export type Outside = -2 | -1 | 1 | 2;

/** The people whose first test lies in one week or month, and how many of them are active in it and later. */
export interface Cohort {
  /** First day of that week or month. */
  date: CalendarDate;
  users: number;
  /** How many of them are active so many periods later, from 0 on, as far as reports have it. */
  retained: number[];
}
