const { join } = require('node:path');
const config = require('../../jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...config,
  rootDir: join(__dirname, '../..'),
  globalSetup: '<rootDir>/test/integration/start.cjs',
  globalTeardown: '<rootDir>/test/integration/stop.cjs',
  testMatch: ['<rootDir>/test/integration/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 3, // one more than what the emulators keep busy: many tests wait
  testTimeout: 600_000, // what a test waits for is short; only a machine that is very slow comes near
};
