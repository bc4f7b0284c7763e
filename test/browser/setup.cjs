const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const buildCommand = require('../support/build-command.cjs');

/** A folder for the warehouses that several files of a run read. */
module.exports = async (...given) => {
  await buildCommand(...given);
  process.env.BROWSER_TEST_FOLDER = mkdtempSync(join(tmpdir(), 'kpi-browser-shared-'));
};
