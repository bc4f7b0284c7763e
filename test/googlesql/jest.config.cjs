const { join } = require('node:path');
const config = require('../../jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...config,
  rootDir: join(__dirname, '../..'),
  testMatch: ['<rootDir>/test/googlesql/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
};
