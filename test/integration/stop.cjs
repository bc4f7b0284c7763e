const { stopEmulators } = require('./emulators');

/** After all tests. */
module.exports = stopEmulators;
