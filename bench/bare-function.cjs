// What a cold start is compared with: the framework, and a function that does nothing.
const { cloudEvent } = require('@google-cloud/functions-framework');

cloudEvent('exportKpi', () => {});
