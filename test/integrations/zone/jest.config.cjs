/** Our own configuration, for tests that load zone.js: it changes what all of a process has, so they have one of their own. */
module.exports = {
  ...require('../../../jest.config.js'),
  rootDir: '../../..',
  testMatch: ['<rootDir>/test/integrations/zone/*.jest.ts'],
};
