/** In place of the setup that builds the command line, where no test needs it. */
module.exports = () => {};
