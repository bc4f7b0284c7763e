import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePackage } from '../../cli/write-package';
import { parseConfig } from '../../shared/platform/config';
import { inTemporaryFolder } from '../support/temporary-folder';

const fill = async (folder: string) => writeFileSync(join(folder, 'a.txt'), 'a');

function target(folder: string, signal = new AbortController().signal) {
  const config = parseConfig({}, { warehouse: join(folder, 'kpi.duckdb') });
  return { folder: join(folder, 'package'), zip: true, config, signal };
}

test('a stopped or failed command leaves no files', () =>
  inTemporaryFolder(async (folder) => {
    const controller = new AbortController();
    const stopped = writePackage(target(folder, controller.signal), async (place) => {
      await fill(place);
      controller.abort();
    });
    await expect(stopped).rejects.toThrow();
    const failed = writePackage(target(folder), async (place) => {
      await fill(place);
      throw new RangeError('of the program');
    });
    await expect(failed).rejects.toThrow(new RangeError('of the program'));
    expect(readdirSync(folder)).toEqual([]);
  }));

test('leftovers of ended processes are removed', () =>
  inTemporaryFolder(async (folder) => {
    const left = join(folder, 'package.new-999999999-0123abcd');
    mkdirSync(left);
    writeFileSync(join(left, 'a.txt'), 'half');
    await writePackage(target(folder), fill);
    expect([existsSync(left), readdirSync(folder).sort()]).toEqual([false, ['package', 'package.zip']]);
  }));

test('a package that appears meanwhile stays, and the command is refused', () =>
  inTemporaryFolder(async (folder) => {
    const place = join(folder, 'package');
    const writing = writePackage({ ...target(folder), zip: false }, async (unfinished) => {
      await fill(unfinished);
      mkdirSync(place);
      writeFileSync(join(place, 'b.txt'), 'b');
    });
    await expect(writing).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('is not empty') });
    expect(readdirSync(folder)).toEqual(['package']);
    expect(readFileSync(join(place, 'b.txt'), 'utf8')).toBe('b');
  }));

test('a path below a file is refused with a clear message', () =>
  inTemporaryFolder(async (folder) => {
    writeFileSync(join(folder, 'file'), '');
    const below = { ...target(folder), folder: join(folder, 'file', 'package') };
    await expect(writePackage(below, fill)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/^--package: .*file\/package can't be written: a part of the path is a file/),
    });
  }));
