const root = require('../../jest.config.cjs');

/** Tests against emulators: `npm run test:integration`. */
/** @type {import('jest').Config} */
module.exports = {
  ...root,
  rootDir: '../..',
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/integration/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
