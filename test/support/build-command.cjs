const { execFileSync } = require('node:child_process');
const { join } = require('node:path');

/** Builds the command line if a source is newer, once for all tests: `kpi` does so itself. */
module.exports = () => execFileSync(process.execPath, [join(__dirname, '../../bin/kpi.mjs'), '--version']);
