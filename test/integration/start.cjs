const buildCommand = require('../support/build-command.cjs');
const { startEmulators } = require('./emulators');

/** Before all tests. */
module.exports = async () => {
  buildCommand();
  await startEmulators();
};
