const { rmSync } = require('node:fs');

module.exports = () => rmSync(process.env.BROWSER_TEST_FOLDER, { recursive: true, force: true });
