const { join } = require('node:path');
const config = require('../../jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...config,
  rootDir: join(__dirname, '../..'),
  testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/browser/setup.cjs',
  globalTeardown: '<rootDir>/test/browser/teardown.cjs',
  testTimeout: 300_000,
};
