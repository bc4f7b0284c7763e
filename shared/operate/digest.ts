import { type CalendarDate, localDate } from '../metrics/calendar';
import type { JudgedFigure, Judgement, Reason } from '../metrics/checks/usual-range';
import { errorKinds } from '../metrics/error-kinds';
import { endsPeriod, type Grain, grains, namePeriod, periodEnd } from '../metrics/grain';
import { nameOf } from '../metrics/names';
import { formatUsual, formatValue } from '../metrics/sentence';
import { formatStretch } from '../metrics/stretches';
import type { Annotation } from '../metrics/tables/annotations';
import { printable } from '../platform/printable';
import type { ReadReport } from './judged';

/** One or more periods in words. All output formats (digest-text.ts, digest-html.ts, …) have the same content. */
export interface Digest {
  /** `KPI digest of Dec 23, 2025`; a test message says so. */
  title: string;
  sections: DigestSection[];
  /** Annotations of these days, not escaped. The last line counts those left out. */
  notes: string[];
  /** The reports that it was made from, and where they are. */
  origin: string;
}

/** One period of a digest. */
export interface DigestSection {
  sentence: string;
  /** The figures that every digest shows. */
  figures: DigestFigure[];
  /** Kinds of error outside their usual range, the furthest first. */
  kinds: DigestFigure[];
}

export interface DigestFigure {
  name: string;
  value: string;
  usual: string;
  /** `usual`, `high`, `a little low`, or why it is not judged. */
  mark: string;
  isNoticed: boolean;
}

export interface DigestOptions {
  timeZone: string;
  /** Where the reports are, in words for readers. */
  place: string;
  /** Marks the digest as a test message. */
  isTest?: boolean;
}

/** Most annotations, and kinds of error per period, in a digest. A text of three periods stays below 40 lines. */
const MAX_NOTES = 3;
const MAX_KINDS = 3;

/** The limit of an annotation. */
const NOTE_CHARACTERS = 200;

/** Grains of the periods that end on a date: the day, and the week or month if the date is its last day. */
export function grainsOf(date: CalendarDate): Grain[] {
  return grains.filter((grain) => endsPeriod(date, grain));
}

/** The digest of periods. Without periods, it says that there is no report. */
export function deriveDigest(reports: readonly ReadReport[], { timeZone, place, isTest = false }: DigestOptions): Digest {
  const title = `KPI digest${titleOf(reports)}`;
  const origins = reports.map(({ report: { date, madeAt } }) => `Report of ${date}, made ${minuteOf(madeAt)} UTC`);
  return {
    title: isTest ? `Test message: ${title}` : title,
    sections: reports.map(sectionOf),
    notes: notesOf(reports.flatMap(({ annotations }) => annotations)),
    origin: `${[...new Set(origins), reports.length === 0 ? 'There is no report yet' : `Days of ${timeZone}`, `From ${place}`].join('. ')}.`,
  };
}

/** The digest for programs, with the unchanged judgements. */
export function digestJson(reports: readonly ReadReport[], { timeZone, place }: DigestOptions): object {
  return {
    periods: reports.map(({ grain, start, sentence, judgements, report, annotations }) => ({
      grain,
      start,
      end: periodEnd(start, grain),
      sentence,
      report,
      figures: judgements.map((judgement) => ({ ...judgement, name: nameOf(judgement.figure) })),
      annotations,
    })),
    timeZone,
    place,
  };
}

const kinds: readonly JudgedFigure[] = [...errorKinds, 'other_errors'];

function sectionOf({ judgements, sentence }: ReadReport): DigestSection {
  const isKind = ({ figure }: Judgement) => kinds.includes(figure);
  const noticed = judgements.filter((one) => isKind(one) && (one.verdict === 'high' || one.verdict === 'low'));
  const byDistance = noticed.sort((one, other) => Math.abs(other.distance ?? 0) - Math.abs(one.distance ?? 0));
  return {
    sentence,
    figures: judgements.filter((one) => !isKind(one)).map(figureOf),
    kinds: byDistance.slice(0, MAX_KINDS).map(figureOf),
  };
}

function figureOf(judgement: Judgement): DigestFigure {
  const { figure, value, low, verdict } = judgement;
  return {
    name: nameOf(figure),
    value: value === null ? 'none' : formatValue(judgement),
    usual: low === null ? 'not known' : formatUsual(judgement),
    mark: markOf(judgement),
    isNoticed: verdict === 'high' || verdict === 'low',
  };
}

const reasons: Record<Reason, string> = {
  'no report': 'no report',
  'not over': 'not over yet',
  'no value': 'nothing to judge',
  excluded: 'exceptional',
  'too new': 'too new to judge',
  'too few': 'too few to judge',
};

function markOf({ value, low, high, verdict, reason }: Judgement): string {
  if (reason !== null) return reasons[reason];
  if (verdict !== 'usual') return verdict;
  if (Number(value) > Number(high)) return 'a little high';
  return Number(value) < Number(low) ? 'a little low' : 'usual';
}

function notesOf(annotations: readonly Annotation[]): string[] {
  const all = annotations.map(({ date, until, text }) => {
    return `${formatStretch({ first: date, last: until ?? date })}: ${printable(text, NOTE_CHARACTERS)}`;
  });
  const notes = [...new Set(all)].sort();
  const left = notes.length - MAX_NOTES;
  return left <= 0 ? notes : [...notes.slice(0, MAX_NOTES), `and ${left} more`];
}

/** ` of Nov 30, 2025, with its week and month`, after the name. */
function titleOf([first, ...others]: readonly ReadReport[]): string {
  if (first === undefined) return '';
  const year = first.grain === 'month' ? '' : `, ${periodEnd(first.start, first.grain).slice(0, 4)}`;
  const longer = others.map(({ grain }) => grain).join(' and ');
  return ` of ${namePeriod(first.start, first.grain)}${year}${longer === '' ? '' : `, with its ${longer}`}`;
}

function minuteOf(instant: Date): string {
  return `${localDate(instant, 'UTC')} ${instant.toISOString().slice(11, 16)}`;
}
