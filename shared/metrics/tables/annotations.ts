import * as z from 'zod';
import { Day, Flag, Text } from './columns';

/** An event on some days: a release, an outage, a campaign. Written by people, and checked by `kpi annotate`. */
export const Annotation = z.strictObject({
  date: Day.describe('First day that the annotation is about'),
  until: Day.nullable().meta({ bigquery: 'DATE' }).describe('Last day, included; NULL: date is the only one'),
  text: Text.describe('What happened, in 1 to 200 characters'),
  exclude: Flag.describe('Whether these days are to be left out of comparisons'),
});
export type Annotation = z.infer<typeof Annotation>;
