import { parseAnnotations, toCell } from '../../../shared/operate/annotations';

const HEAD = 'date,until,text,exclude';
const parse = (text: string) => parseAnnotations(new TextEncoder().encode(text));
const lines = (...rows: string[]) => parse(`${[HEAD, ...rows].join('\n')}\n`);

const release = { date: '2025-12-01', until: null, text: 'Version 2', exclude: false };

describe('what is accepted', () => {
  test.each<[string, string]>([
    ['a line', `${HEAD}\n2025-12-01,,Version 2,\n`],
    ['without a break at the end', `${HEAD}\n2025-12-01,,Version 2,`],
    ['breaks of Windows', `${HEAD}\r\n2025-12-01,,Version 2,\r\n`],
    ['a byte order mark', `\ufeff${HEAD}\n2025-12-01,,Version 2,\n`],
    ['columns in another order', 'exclude,text,until,date\nfalse,Version 2,,2025-12-01\n'],
    ['spaces around cells, and empty lines', `\ndate, until, text, exclude\n\n2025-12-01, , Version 2 , FALSE\n\n`],
    ['quoted cells', '"date","until","text","exclude"\n"2025-12-01","","Version 2","false"\n'],
  ])('%s', (_, text) => {
    expect(parse(text)).toEqual({ annotations: [release] });
  });

  test('days, commas and quotes, and days to be left out', () => {
    expect(lines('2025-12-20,2025-12-22,"Outage, ""no"" tests 🙂",True', '2025-12-20,2025-12-20,Ä,true')).toEqual({
      annotations: [
        { date: '2025-12-20', until: '2025-12-22', text: 'Outage, "no" tests 🙂', exclude: true },
        { date: '2025-12-20', until: '2025-12-20', text: 'Ä', exclude: true },
      ],
    });
  });

  test('columns alone: no annotations', () => {
    expect(parse(HEAD)).toEqual({ annotations: [] });
  });

  test('accepts 200 characters of any size and 10,000 annotations', () => {
    expect(lines(`2025-12-01,,${'🙂'.repeat(200)},`)).toMatchObject({ annotations: [{ exclude: false }] });
    expect(lines(...Array.from({ length: 10_000 }, () => '2025-12-01,,Version 2,'))).toMatchObject({
      annotations: { length: 10_000 },
    });
  });
});

const COLUMNS = 'expected the columns date, until, text, exclude, separated by commas';
const DATE = 'expected a calendar date as YYYY-MM-DD';
const QUOTES = 'expected double quotes around a whole cell, and each one within doubled ("")';

describe('what is refused, by line and column', () => {
  test.each<[string, string, string[]]>([
    ['nothing', '', [`line 1: ${COLUMNS}`]],
    ['semicolons', 'date;until;text;exclude\n', [`line 1: ${COLUMNS}`]],
    [
      'an unknown and a missing column',
      'date,until,note,exclude\n',
      [`line 1, column 3: is unknown; ${COLUMNS}`, `line 1, column text: is missing; ${COLUMNS}`],
    ],
    ['a column twice', `${HEAD},date\n`, ['line 1, column 5: date is there twice; expected it once']],
    ['a quote that never ends', `${HEAD}\n2025-12-01,,"Version 2,\n`, [`line 2: ${QUOTES}`]],
    ['a quote within a cell', `${HEAD}\n2025-12-01,,Version "2",\n`, [`line 2: ${QUOTES}`]],
    ['text after a quote', `${HEAD}\n2025-12-01,,"Version" 2,\n`, [`line 2: ${QUOTES}`]],
  ])('%s', (_, text, faults) => {
    expect(parse(text)).toEqual({ faults });
  });

  test.each<[string, string, string[]]>([
    ['no date', ',,x,', [`line 2, column date: ${DATE}`]],
    ['a date that never was', '2025-02-30,,x,', [`line 2, column date: ${DATE}`]],
    ['a date of another form', '01.12.2025,,x,', [`line 2, column date: ${DATE}`]],
    ['an end of another form', '2025-12-01,12/2/2025,x,', [`line 2, column until: ${DATE}, or nothing`]],
    ['an end before the beginning', '2025-12-02,2025-12-01,x,', ['line 2, column until: expected no day before that of date']],
    ['no text', '2025-12-01,, ,', ['line 2, column text: expected 1 to 200 characters']],
    ['a text of 201 characters', `2025-12-01,,${'x'.repeat(201)},`, ['line 2, column text: expected 1 to 200 characters']],
    [
      'a control character',
      '2025-12-01,,a\u001b[31mb,',
      ['line 2, column text: expected no line break and no other control character'],
    ],
    [
      'a mark of direction',
      '2025-12-01,,a\u202eb,',
      ['line 2, column text: expected no line break and no other control character'],
    ],
    ['yes', '2025-12-01,,x,yes', ['line 2, column exclude: expected true, false or nothing']],
    ['a text with a comma', '2025-12-01,,a, b,', ['line 2: expected 4 cells, found 5; quote a text with commas: "a, b"']],
    ['too few cells', '2025-12-01,,x', ['line 2: expected 4 cells, found 3; quote a text with commas: "a, b"']],
  ])('%s', (_, row, faults) => {
    expect(lines(row)).toEqual({ faults });
    expect(faults.join()).not.toContain(row);
  });

  test('all faults, each with its line, also after cells of several lines', () => {
    expect(lines('2025-12-01,,ok,', '', '2025-12-02,,"two\nlines",', 'x,x,,x')).toEqual({
      faults: [
        'line 4, column text: expected no line break and no other control character',
        `line 6, column date: ${DATE}`,
        `line 6, column until: ${DATE}, or nothing`,
        'line 6, column text: expected 1 to 200 characters',
        'line 6, column exclude: expected true, false or nothing',
      ],
    });
  });

  test('too many', () => {
    expect(lines(...Array.from({ length: 10_001 }, () => '2025-12-01,,x,'))).toEqual({
      faults: ['line 10002: expected at most 10,000 annotations'],
    });
  });

  test('text that is not UTF-8', () => {
    expect(parseAnnotations(Buffer.from(`${HEAD}\n2025-12-01,,\xe4,\n`, 'latin1'))).toEqual({
      faults: ['expected text in UTF-8'],
    });
  });
});

test.each(['Version 2', '=1+1', '-20 % traffic', '@all', "'quoted'", "'=1", '+1'])(
  'the cell of %j is no formula, and is read as the same text',
  (text) => {
    const cell = toCell(text);
    expect(cell).not.toMatch(/^[=+\-@]/);
    expect(lines(`2025-12-01,,${cell},`)).toEqual({ annotations: [{ ...release, text }] });
  },
);
